"""A Connector's configuration is checked before anything is started."""

import json

import pytest

from enmeshed_nb import connect
from enmeshed_nb.connector import ApiError
from enmeshed_nb.localnet import LocalNetwork, NetworkError
from enmeshed_nb.localnet.configuration import check_configuration
from tests.conftest import enmeshed_nb, up

TARGET = {"url": "http://localhost:1/{{trigger}}"}


def bearer(**given):
    return {"infrastructure": {"httpServer": {"authentication": {"jwtBearer": given}}}}


def webhooks(**keys):
    return {"modules": {"webhooks": {"enabled": True, **keys}}}


@pytest.mark.parametrize(
    "config",
    [
        {},
        {"debug": True, "modules": {"coreHttpApi": {"enabled": True, "docs": {"enabled": True}}}},
        {"database": {"driver": "mongodb", "connectionString": "x", "dbName": "x"}, "logging": {"appenders": {}}},
        {"modules": {"messageBrokerPublisher": {"enabled": False, "brokers": []}}},
        bearer(issuerBaseURL="https://login.example/realms/one", audience="x"),
        bearer(),
        {"infrastructure": {"httpServer": {"cors": {"origin": "*"}, "helmetOptions": {}, "port": 8080}}},
        {"transportLibrary": {"datawalletEnabled": True, "platformTimeout": 1000}},
        {"modules": {"sync": {"enabled": True, "interval": 5}, "sse": {"enabled": False}}},
        webhooks(targets={"a": TARGET}, webhooks=[{"triggers": ["**"], "target": "a"}], skipTlsCheck=True),
        webhooks(webhooks=[{"triggers": ["transport.*"], "target": TARGET | {"headers": {"x": "y"}}}]),
    ],
)
def test_what_a_real_connector_can_be_configured_with(config):
    check_configuration("sender", config)


@pytest.mark.parametrize(
    ("config", "said"),
    [
        ({"infrastucture": {}}, "infrastucture: there is no such key"),
        ({"infrastructure": {"httpServer": {"prot": 1}}}, "infrastructure.httpServer.prot: there is no such key"),
        ({"infrastructure": {"httpServer": {"port": 70000}}}, "infrastructure.httpServer.port: "),
        ({"infrastructure": "x"}, "infrastructure: "),
        ({"debug": "true"}, "debug: "),
        ({"transportLibrary": {"baseUrl": "http://x"}}, "needs its platformClientId"),
        ({"transportLibrary": {"baseUrl": "x"}}, "transportLibrary.baseUrl: "),
        ({"modules": {"coreHttpApi": {"docs": {"enabled": True}}}}, "needs debug: true"),
        ({"modules": {"messageBrokerPublisher": {"enabled": True}}}, "no module 'messageBrokerPublisher'"),
        ({"modules": {"own": {"enabled": True, "location": "./own.js"}}}, "no module 'own'"),
        ({"modules": {"decider": {"enabled": False}}}, "modules.decider.enabled: "),
        ({"modules": {"decider": {"automationConfig": [{"requestConfig": {}}]}}}, "responseConfig: Field required"),
        ({"modules": {"sync": {"interval": 0}}}, "modules.sync.interval: "),
        (webhooks(webhooks=[{"triggers": ["**"], "target": "a"}]), "there is no target 'a' (targets: none)"),
        (webhooks(webhooks=[{"triggers": [], "target": TARGET}]), "modules.webhooks.webhooks.0.triggers: "),
        (webhooks(targets={"a": {"url": "localhost"}}), "modules.webhooks.targets.a.url: "),
        (webhooks(targets={"a": TARGET | {"authentication": {}}}), "targets.a.authentication: there is no such key"),
        (webhooks(webhooks=[{"triggers": ["**"], "target": {}}]), "webhooks.0.target.url: Field required"),
        (
            {"infrastructure": {"httpServer": {"authentication": {"oidc": {"issuer": "x"}}}}},
            "infrastructure.httpServer.authentication.oidc: a local Connector has no log-in by a browser",
        ),
        (bearer(issuerBaseURL="https://login.example/", audience="x"), "authentication.jwtBearer.issuerBaseURL: "),
        (bearer(issuerBaseURL="login.example", audience="x"), "authentication.jwtBearer.issuerBaseURL: "),
        (bearer(issuerBaseURL="https://login.example"), "authentication.jwtBearer.audience: Field required"),
        (bearer(issuerBaseUrl="https://login.example", audience="x"), "jwtBearer.issuerBaseUrl: there is no such key"),
    ],
)
def test_what_it_cannot_be_configured_with(config, said):
    with pytest.raises(NetworkError) as refused:
        check_configuration("sender", config)
    assert said in str(refused.value)
    assert "sender" in str(refused.value)


def test_a_faulty_configuration_starts_nothing_and_another_one_is_not_applied_silently(folder, tmp_path):
    file = tmp_path / "config.json"
    file.write_text(json.dumps({"connectors": {"sender": {"modules": {"sync": {"interval": -1}}}}}))
    refused = enmeshed_nb("up", "--data-dir", folder, "--config", file)
    assert (refused.returncode, "modules.sync.interval" in refused.stderr) == (1, True)
    assert not folder.exists()

    up(folder, "--connectors", "sender")
    file.write_text(json.dumps({"connectors": {"sender": {"debug": True}}}))
    joined = enmeshed_nb("up", "--data-dir", folder, "--config", file)
    assert joined.returncode == 0
    assert "'sender' runs with another configuration" in joined.stdout + joined.stderr


def test_a_connector_is_added_and_started_anew_with_another_configuration(folder):
    with LocalNetwork.open(folder):
        network = connect(folder)
        more = network.add_connector("more")
        address = more.account.identity_info().address
        with pytest.raises(ApiError) as unknown:
            more.identity_deletion_process.get()
        assert unknown.value.code == "error.connector.http.routeDoesNotExist"
        more = network.add_connector("more", {"debug": True})  # /IdentityDeletionProcess exists with `debug` only
        assert more.account.identity_info().address == address
        with pytest.raises(ApiError) as known:
            more.identity_deletion_process.get()
        assert known.value.code != unknown.value.code
        pid = up(folder)["pid"]
        assert network.add_connector("more", {"debug": True}).url == more.url
        assert network.add_connector("more").health().is_healthy  # no configuration: as it is
        assert network.sender.health().is_healthy
        assert up(folder)["pid"] == pid
        with pytest.raises(NetworkError, match="modules"):
            network.add_connector("more", {"modules": {"sync": {"interval": -1}}})
        assert more.health().is_healthy
        network.close()
