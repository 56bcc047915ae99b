"""The host's table of routes and the client's methods are about the same API."""

import json
import re
import subprocess

from enmeshed_nb.connector import ENDPOINTS
from enmeshed_nb.localnet import install

PRINT = """
const { ROUTES, DEBUG_ROUTES } = await import(process.argv[1]);
console.log(JSON.stringify([...ROUTES, ...DEBUG_ROUTES].map(({ method, path, status }) => [method, path, status])));
"""


def host_routes() -> list[tuple[str, str, int]]:
    command = [install.node_command(), "--input-type=module", "-e", PRINT, (install.HOST / "routes.js").as_uri()]
    printed = subprocess.run(command, capture_output=True, text=True, timeout=60, check=True).stdout
    return [(method.upper(), re.sub(r":\w+", "{}", path), status) for method, path, status in json.loads(printed)]


def test_the_client_has_a_method_for_each_route_of_the_host_and_no_other():
    of_client = {
        (route.method, re.sub(r"\{\w+\}", "{}", route.path))
        for route in ENDPOINTS.values()
        if route.base.endswith("v1")
    }
    of_host = [(method, path) for method, path, _ in host_routes()]
    assert len(of_host) == len(set(of_host)) == 85
    assert set(of_host) == of_client


def test_what_creates_something_answers_201():
    answers = {(method, path): status for method, path, status in host_routes()}
    created = {path for (method, path), status in answers.items() if status == 201}
    assert {"/Requests/Outgoing", "/Requests/Outgoing/Validate", "/Messages", "/Relationships"} <= created
    assert answers["POST", "/Account/Sync"] == 204
