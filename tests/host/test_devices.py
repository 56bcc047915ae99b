"""Several devices of one Identity, each with the real Runtime, on the network's Backbone."""

import json
import os

from tests.host.test_node import run_with_node


def test_devices_of_one_identity(network):
    backbone = network.state.backbone
    transport = {
        "baseUrl": backbone.url,
        "platformClientId": backbone.client_id,
        "platformClientSecret": backbone.client_secret,
    }
    run_with_node("devices.test.js", 6, environment=os.environ | {"BACKBONE": json.dumps(transport)})
