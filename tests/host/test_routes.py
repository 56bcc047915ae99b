"""Host, client and documentation are about the same API: `routes.txt` says which."""

import json
import re
import subprocess
from pathlib import Path
from typing import NamedTuple

import pytest

from enmeshed_nb.connector import ENDPOINTS
from enmeshed_nb.localnet import node

PRINT = """
const { ROUTES, DEBUG_ROUTES } = await import(process.argv[1]);
const rows = [...ROUTES, ...DEBUG_ROUTES].map((row) => [row.method, row.path, row.status, row.scopes, row.accepts]);
console.log(JSON.stringify(rows));
"""
OF_THE_ROOT = {"/health", "/Monitoring/Version", "/Monitoring/Requests", "/Monitoring/Support"}


class Route(NamedTuple):
    method: str
    path: str
    status: int
    scopes: tuple[str, ...]
    accepts: tuple[str, ...]


def documented() -> list[Route]:
    lines = Path(__file__).with_name("routes.txt").read_text(encoding="utf-8").splitlines()
    rows = [line.split() for line in lines if not line.startswith("#")]
    return [
        Route(method, path, int(status), tuple(scopes.split("|")), tuple(accepts.split(",")))
        for method, path, status, scopes, accepts in rows
    ]


def of_host() -> list[Route]:
    command = [node.node_command(), "--input-type=module", "-e", PRINT, (node.HOST / "routes.js").as_uri()]
    printed = subprocess.run(command, capture_output=True, text=True, timeout=60, check=True).stdout
    return [
        Route(
            method.upper(),
            re.sub(r":\w+", "{}", path),
            status,
            tuple(scopes),
            tuple(each.split("/")[1] for each in accepts or ["*/any"]),
        )
        for method, path, status, scopes, accepts in json.loads(printed)
    ]


@pytest.fixture(scope="module")
def documentation() -> list[Route]:
    return documented()


def test_the_host_has_each_documented_route_and_no_other(documentation):
    assert len(documentation) == len({(route.method, route.path) for route in documentation}) == 85
    assert sorted(of_host()) == sorted(documentation)


def test_the_client_has_a_method_for_each_documented_route_and_no_other(documentation):
    with_prefix = [route for route in ENDPOINTS.values() if route.base == "/api/core/v1"]
    known = {(route.method, re.sub(r"\{\w+\}", "{}", route.path)) for route in with_prefix}
    assert known == {(route.method, route.path) for route in documentation}
    assert {route.path for route in ENDPOINTS.values() if not route.base} == OF_THE_ROOT


@pytest.mark.parametrize("route", documented(), ids=lambda route: f"{route.method} {route.path}")
def test_the_client_calls_each_route_by_one_method_or_by_one_for_each_form_of_the_answer(route):
    names = [
        name
        for name, known in ENDPOINTS.items()
        if (known.method, re.sub(r"\{\w+\}", "{}", known.path)) == (route.method, route.path)
    ]
    forms = 2 if "png" in route.accepts or route.path.endswith("Download") else 1
    assert len(names) == forms, names


def test_what_stands_first_in_the_table_wins(documentation):
    """A path with a value comes after the paths that it would match as well."""
    routes = of_host()
    for index, route in enumerate(routes):
        pattern = re.escape(route.path).replace(r"\{\}", "[^/]+") + "$"
        hidden = [
            later.path
            for later in routes[index + 1 :]
            if later.method == route.method and "{}" not in later.path and re.match(pattern, later.path)
        ]
        assert not hidden, route
