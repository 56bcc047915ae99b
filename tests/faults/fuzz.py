"""`python -m tests.faults fuzz`: calls that nobody meant, to Connectors and to the Backbone.

Two generators take turns. Schemathesis calls each operation of both OpenAPI documents, with values that fit and with
values that do not, logged in all the time. The other one takes calls that would do something (those of
`tests/host/test_callers.py`, decisions, queries) and spoils them in a few places. The same seed makes the same calls.
"""

import argparse
import json
import random
import tempfile
import time
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import ExitStack, suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import httpx
import psutil

from enmeshed_nb.localnet import LocalNetwork
from tests.backbone.world import Device, new_identity
from tests.faults.backbone import BackboneProcess
from tests.host.api import Api
from tests.host.test_callers import JUNK, made_world, places, with_junk

HANG = 60.0
"""Seconds after which a call hangs."""
BATCH = 20
"""Calls of an operation in a row."""
OF_THE_BACKBONE = "error.platform."
"""What the Backbone refuses is a 500 of a Connector, with the Backbone's code: so it is with a real one."""
ENDLESS = ("GET /api/v1/sse",)
"""Operations whose answer goes on as long as somebody reads it."""
MEMORY = 1.2
"""How much more memory the network may have in the end."""
ODD = [
    *JUNK.values(),
    *("-1", "0", "1e400", "9" * 400, "0.1", '"\\ud800"', '"\\u0000"', '"' + "x" * 100_000 + '"', '"__proto__"'),
    *('{"__proto__": {"a": 1}}', '{"constructor": null, "toString": 1, "@type": "Request"}', '{"@type": "GivenName"}'),
    *('{"length": 4294967295}', '{"then": "x"}', '[[], {}, null, "", 0]', "[" * 400 + "]" * 400),
    *(
        '"2099-02-31T25:00:00Z"',
        '"0000-00-00"',
        '"did:e:localhost:dids:0000000000000000000000"',
        '"REQ12345678901234567"',
    ),
]
FILTERS = (
    *("id", "peer", "status", "createdAt", "content.items.@type", "source.reference", "response.content.result"),
    *("content.@type", "content.value.@type", "content.tags", "participant", "attachments", "tags", "ownershipToken"),
    *("passwordProtection", "passwordProtection.password", "passwordProtection.passwordLocationIndicator", "isOwn"),
    *("__proto__", "constructor.name", "$where", "a.b.c.d.e", "", "[]", "length", "reference", "language"),
)
VALUES = (
    *(
        "",
        "!",
        "x",
        "!x",
        ">1",
        "<",
        ">=2020-01-01",
        "^",
        "$x",
        "~",
        "~(",
        "~[",
        "~(a+)+$",
        "^\\",
        "true",
        "0",
        "1e999",
    ),
    *("\x00", "ü" * 50, "REQ" + "A" * 17, "+", "{}", "[object Object]", "$gt", "2099-01-01T00:00:00Z", "null", "%"),
)
LISTS = (
    *("/Attributes", "/Attributes/Own/Identity", "/Attributes/Own/Shared/{peer}", "/Attributes/Peer/{peer}", "/Files"),
    *("/Files/Own", "/Files/Peer", "/Messages", "/Relationships", "/RelationshipTemplates", "/Requests/Incoming"),
    *("/Requests/Outgoing", "/Tokens/Own", "/Tokens/Peer", "/IdentityMetadata", "/Announcements"),
)


@dataclass
class Report:
    """What came of all calls.

    Attributes:
        calls: how many there were.
        statuses: how often each status was answered.
        found: the findings with how often they were made, and the first call that did.
    """

    calls: int = 0
    statuses: Counter[int] = field(default_factory=Counter)
    found: dict[str, tuple[int, str]] = field(default_factory=dict)

    def find(self, what: str, call: str) -> None:
        """Note a finding."""
        times, first = self.found.get(what, (0, call))
        self.found[what] = (times + 1, first)

    def note(self, name: str, call: str, send: Callable[[], tuple[int, str]]) -> int:
        """Make a call, judge its answer and return the status; 0 if there is none."""
        self.calls += 1
        began = time.monotonic()
        try:
            status, text = send()
        except Exception as error:
            kind = "hangs" if time.monotonic() - began >= HANG else f"no answer ({type(error).__name__})"
            self.find(f"{kind}: {name}", call)
            return 0
        self.statuses[status] += 1
        if status >= 500:
            try:
                code = json.loads(text)["error"]["code"]
            except (ValueError, TypeError, KeyError):
                code = f"no error: {text[:100]}"
            if name.startswith("Backbone") or not code.startswith(OF_THE_BACKBONE):
                self.find(f"{status} {code}: {name}", call)
        return status

    def __str__(self) -> str:
        lines = [f"{what}  ({times} times)\n    {call[:1000]}" for what, (times, call) in sorted(self.found.items())]
        statuses = ", ".join(f"{count} times {status}" for status, count in sorted(self.statuses.items()))
        return "\n".join([*lines, f"{self.calls} calls: {statuses}; {len(self.found)} findings"])


class Documented:
    """Calls by an OpenAPI document.

    Args:
        name: whose document it is.
        document: the document.
        url: where to call.
        login: returns the headers of a caller who is known; with True those of a new one.
    """

    def __init__(self, name: str, document: Any, url: str, login: Callable[[bool], dict[str, str]]) -> None:
        import schemathesis

        self._name, self._url, self._login = name, url, login
        document.pop("security", None)  # else it makes keys up, and each waits for its refusal
        document.get("components", {}).pop("securitySchemes", None)
        schema = schemathesis.openapi.from_dict(document)
        operations = [found.ok() for found in schema.get_all_operations()]
        self.operations = [each for each in operations if each.label not in ENDLESS]

    def call(self, operation: Any, mode: Any, seed: int, report: Report) -> None:
        """Make some calls of an operation."""
        import hypothesis

        @hypothesis.seed(seed)
        @hypothesis.settings(
            max_examples=BATCH,
            database=None,
            deadline=None,
            phases=[hypothesis.Phase.generate],
            suppress_health_check=list(hypothesis.HealthCheck),
        )
        @hypothesis.given(operation.as_strategy(generation_mode=mode))
        def run(case: Any) -> None:
            def send() -> tuple[int, str]:
                answer = case.call(base_url=self._url, headers=self._login(False), timeout=HANG)
                return answer.status_code, answer.text

            status = report.note(f"{self._name} {operation.label}", case.as_curl_command(), send)
            if status == 401:  # a password was changed, an Identity removed: the next calls shall count
                self._login(True)

        with suppress(hypothesis.errors.Unsatisfiable):  # there is nothing that does not fit
            run()


class Spoiled:
    """Calls of a Connector that would do something, spoiled."""

    def __init__(self, caller: Api, peer: Api) -> None:
        world = made_world(caller, peer)
        self._caller, self._peer = caller, peer
        # An Identity that ends, and a Relationship that is over, would leave little to try.
        self._bodies = {
            line: body
            for line, body in world.bodies.items()
            if "IdentityDeletionProcess" not in line and "/Relationships/{" not in line
        }
        self._ids = world.ids

    def call(self, dice: random.Random, report: Report) -> None:
        """Make one call."""
        kind = dice.choice([self._query, self._body, self._body, self._decision])
        method, path, text, headers = kind(dice)
        url = httpx.URL(path) if method == "GET" else path

        def send() -> tuple[int, str]:
            if text is None:
                answer = self._caller.call(method, str(url))
            else:
                answer = self._caller.send_text(method, path, text, headers)
            return answer.status_code, answer.text

        report.note(f"Connector {method} {path.partition('?')[0]}", f"{method} {path} {(text or '')[:800]}", send)

    def _query(self, dice: random.Random) -> tuple[str, str, str | None, dict[str, str] | None]:
        path = dice.choice(LISTS).format(peer=dice.choice([self._peer.address, "x"]))
        pairs = [(dice.choice(FILTERS), dice.choice(VALUES)) for _ in range(dice.randint(1, 4))]
        return "GET", f"{path}?{httpx.QueryParams(pairs)}", None, None

    def _body(self, dice: random.Random) -> tuple[str, str, str | None, dict[str, str] | None]:
        line = dice.choice(list(self._bodies))
        method, path = line.format(**self._ids).split()
        text = self._spoil(self._bodies[line], dice)
        kinds = ["application/json"] * 8 + ["application/json; charset=utf-16", "application/x-www-form-urlencoded"]
        return method, path, text, {"content-type": dice.choice([*kinds, "text/plain"])}

    def _decision(self, dice: random.Random) -> tuple[str, str, str | None, dict[str, str] | None]:
        action = dice.choice(["CanAccept", "CanReject", "Accept", "Reject"])
        request = dice.choice([self._ids["request"], "REQ12345678901234567"])
        body = {"items": [self._item(dice, 0) for _ in range(dice.randint(0, 3))]}
        text = self._spoil(body, dice)
        return "PUT", f"/Requests/Incoming/{request}/{action}", text, {"content-type": "application/json"}

    def _item(self, dice: random.Random, depth: int) -> Any:
        if depth < 3 and dice.random() < 0.2:
            return {"items": [self._item(dice, depth + 1) for _ in range(dice.randint(0, 3))]}
        answer: dict[str, Any] = {"accept": dice.choice([True, False, None, "true"])}
        for key in ("existingAttributeId", "newAttribute", "attribute", "attributeId", "response", "code", "message"):
            if dice.random() < 0.2:
                answer[key] = dice.choice([1, "x", None, {"@type": "IdentityAttribute"}, [], self._ids["attribute"]])
        return answer

    @staticmethod
    def _spoil(body: Any, dice: random.Random) -> str:
        text = json.dumps(body)
        for _ in range(dice.choice([0, 1, 1, 2, 3])):
            try:
                whole = json.loads(text)
                text = with_junk(whole, dice.choice(list(places(whole))), dice.choice(ODD))
            except (ValueError, RecursionError):
                break  # it is junk already, all of it
        if dice.random() < 0.05:
            text = text[: dice.randint(0, len(text))]
        return text.encode(errors="replace").decode()


def _memory(supervisor: int, backbone: int) -> dict[str, float]:
    """Return how many MB each process has."""
    (host,) = psutil.Process(supervisor).children()
    processes = {"supervisor": psutil.Process(supervisor), "Connectors": host, "Backbone": psutil.Process(backbone)}
    return {name: round(process.memory_info().rss / 1e6) for name, process in processes.items()}


def _batches(documents: list[Documented], spoiled: Spoiled, dice: random.Random, report: Report) -> Iterator[None]:
    """Make some calls before each yield, without end."""
    from schemathesis import GenerationMode

    while True:
        operations = [(each, operation) for each in documents for operation in each.operations]
        dice.shuffle(operations)
        for document, operation in operations:
            mode = dice.choice([GenerationMode.POSITIVE, GenerationMode.NEGATIVE])
            document.call(operation, mode, dice.getrandbits(32), report)
            for _ in range(BATCH):
                spoiled.call(dice, report)
            yield


def fuzz(options: argparse.Namespace) -> int:
    """Make so many calls of a new network and a new Backbone; print the findings, and return 1 if there are any."""
    report, dice = Report(), random.Random(options.seed)
    with tempfile.TemporaryDirectory(prefix="enmeshed-nb-fuzz-") as folder, ExitStack() as stack:
        connectors = {"caller": {"debug": True}, "peer": {}, "documented": {}}
        network = stack.enter_context(LocalNetwork.open(Path(folder) / "network", connectors=connectors))
        caller, peer, documented = network.state.connectors
        backbone = stack.enter_context(BackboneProcess(Path(folder) / "backbone"))
        http = stack.enter_context(httpx.Client(base_url=f"http://127.0.0.1:{backbone.port}", timeout=HANG))
        key = {"X-API-KEY": documented.api_key}
        documents = [
            Documented("Connector", _document(f"{caller.url}/docs/json"), documented.url, lambda _: key),
            Documented("Backbone", _document(f"{http.base_url}/openapi.json"), str(http.base_url), _Login(http)),
        ]
        spoiled = Spoiled(*(Api(each.url, each.api_key) for each in (caller, peer)))
        before: dict[str, float] = {}
        for _ in _batches(documents, spoiled, dice, report):
            if not before and report.calls >= options.calls // 10:
                before = _memory(network.state.pid, backbone.pid)  # when everything was used
            if report.calls >= options.calls:
                break
        for url in [f"{each.url}/health" for each in network.state.connectors] + [f"{http.base_url}/health"]:
            report.note(f"GET {url}", url, lambda url=url: _get(url))
        after = _memory(network.state.pid, backbone.pid)
    for name, memory in after.items():
        if memory > MEMORY * before[name]:
            report.find(f"memory grew: {name}", f"{before[name]} MB after a tenth of the calls, {memory} MB in the end")
    print(report)
    print(f"memory in MB: {before} after a tenth of the calls, {after} in the end")
    return min(len(report.found), 1)


def _get(url: str) -> tuple[int, str]:
    answer = httpx.get(url, timeout=HANG)
    return answer.status_code, answer.text


def _document(url: str) -> Any:
    return json.loads(_get(url)[1])


class _Login:
    """A device of the Backbone that stays logged in, whatever is done to it."""

    def __init__(self, http: httpx.Client) -> None:
        self._http = http
        self._device: Device | None = None

    def __call__(self, anew: bool) -> dict[str, str]:
        if anew or not self._device:
            self._device = new_identity(self._http)
        return {"Authorization": f"Bearer {self._device.token}"}
