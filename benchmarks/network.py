"""A local network as its users start it, and the guide's round trip on it, by plain httpx."""

import json
import os
import subprocess
import sys
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import Any, TypeVar

import httpx
import psutil

from enmeshed_nb.clock import REAL_TIME

COMMAND = Path(sys.executable).with_name("enmeshed-nb")
REQUEST = {"items": [{"@type": "AuthenticationRequestItem", "title": "Who is there?", "mustBeAccepted": True}]}
ACCEPTED = {"items": [{"accept": True}]}
STAGES = (
    "validate",
    "create",
    "send",
    "wait for Open",
    "sync of the Recipient",
    "find",
    "CanAccept",
    "accept",
    "wait for Completed",
    "sync of the Sender",
    "wait for Completed there",
)
"""The stages of a round trip, in their order."""
UNRECEIVED = 20
"""How many Messages the Backbone keeps for one Recipient at most."""
PAUSE = 0.001
"""Seconds between two looks of who polls by plain httpx."""

T = TypeVar("T")


class Network:
    """A local network in a folder; `up` starts it.

    Args:
        folder: where its data are, or will be.
        names: of its Connectors.
    """

    def __init__(self, folder: Path, names: Sequence[str] = ("sender", "recipient")) -> None:
        self.folder, self._names = folder, names
        self.state: dict[str, Any] = {}

    def up(self) -> float:
        """Start it by the command line; return the seconds that this took."""
        begun = time.perf_counter()
        said = self._command("up", "--json", "--connectors", ",".join(self._names))
        took = time.perf_counter() - begun
        self.state = json.loads(said)
        return took

    def down(self) -> float:
        """Stop it by the command line; return the seconds that this took."""
        begun = time.perf_counter()
        self._command("down")
        return time.perf_counter() - begun

    def memory(self) -> float:
        """Return the resident memory of its processes, in MB."""
        supervisor = psutil.Process(self.state["pid"])
        return sum(each.memory_info().rss for each in (supervisor, *supervisor.children(recursive=True))) / 1e6

    def size(self) -> float:
        """Return the size of its folder, in MB."""
        return sum(path.stat().st_size for path in self.folder.rglob("*") if path.is_file()) / 1e6

    def _command(self, *words: str) -> str:
        command = [str(COMMAND), *words, "--data-dir", str(self.folder)]
        finished = subprocess.run(command, check=True, stdout=subprocess.PIPE, text=True, env=environment())
        return finished.stdout


def environment(**more: str) -> dict[str, str]:
    """Return the environment of a process that shall not find Connectors of one's own."""
    return {name: value for name, value in os.environ.items() if not name.startswith("ENMESHED_NB_")} | more


class Plain:
    """A Connector, called by plain httpx."""

    def __init__(self, connector: Mapping[str, str]) -> None:
        self.address = connector["address"]
        url, key = f"{connector['url']}/api/core/v1", connector["apiKey"]
        self.http = httpx.Client(base_url=url, headers={"X-API-KEY": key}, timeout=60, trust_env=False)

    def get(self, path: str, **query: str) -> Any:
        """Return what the API answers."""
        return self._result(self.http.get(path, params=query or None))

    def post(self, path: str, body: Any = None) -> Any:
        """Return what the API answers."""
        return self._result(self.http.post(path, json=body) if body else self.http.post(path))

    def put(self, path: str, body: Any = None) -> Any:
        """Return what the API answers."""
        return self._result(self.http.put(path, json=body) if body else self.http.put(path))

    @staticmethod
    def _result(response: httpx.Response) -> Any:
        response.raise_for_status()
        return response.json()["result"] if response.content else None


def until(look: Callable[[], T]) -> T:
    """Look each millisecond until there is something; return it."""
    while not (found := look()):
        REAL_TIME.sleep(PAUSE)
    return found


def become(connector: Plain, side: str, request_id: str, status: str) -> bool:
    """Wait until a Request has a status."""
    return until(lambda: bool(connector.get(f"/Requests/{side}/{request_id}")["status"] == status))


@contextmanager
def connected(network: Network) -> Iterator[list[Plain]]:
    """Give the Connectors of a network that runs, and close the connections in the end."""
    with ExitStack() as stack:
        connectors = [Plain(each) for each in network.state["connectors"]]
        for each in connectors:
            stack.enter_context(each.http)
        yield connectors


def befriend(one: Plain, others: Sequence[Plain]) -> None:
    """Establish a Relationship of one Connector with each of some others, unless it has some already."""
    if one.get("/Relationships"):
        return
    content = {"@type": "ArbitraryRelationshipTemplateContent", "value": {}}
    template = one.post("/RelationshipTemplates/Own", {"expiresAt": "2099-01-01T00:00:00Z", "content": content})
    content = {"@type": "ArbitraryRelationshipCreationContent", "value": {}}
    for other in others:
        loaded = other.post("/RelationshipTemplates/Peer", {"reference": template["reference"]["truncated"]})
        created = other.post("/Relationships", {"templateId": loaded["id"], "creationContent": content})
        one.post("/Account/Sync")
        one.put(f"/Relationships/{created['id']}/Accept")
        other.post("/Account/Sync")


def trip(sender: Plain, recipient: Plain) -> Iterator[object]:
    """Make the guide's round trip by plain httpx; yield after each of the stages."""
    asked = {"content": REQUEST, "peer": recipient.address}
    yield sender.post("/Requests/Outgoing/Validate", asked)
    request = sender.post("/Requests/Outgoing", asked)
    yield None
    message = sender.post("/Messages", {"recipients": [recipient.address], "content": request["content"]})
    yield None
    yield become(sender, "Outgoing", request["id"], "Open")
    yield recipient.post("/Account/Sync")
    of_message = {"source.reference": message["id"], "status": "ManualDecisionRequired"}
    (incoming,) = until(lambda: recipient.get("/Requests/Incoming", **of_message))
    path = f"/Requests/Incoming/{incoming['id']}"
    yield None
    yield recipient.put(f"{path}/CanAccept", ACCEPTED)
    yield recipient.put(f"{path}/Accept", ACCEPTED)
    yield become(recipient, "Incoming", incoming["id"], "Completed")
    yield sender.post("/Account/Sync")
    yield become(sender, "Outgoing", request["id"], "Completed")


def fill(sender: Plain, recipient: Plain, requests: int) -> None:
    """Have so many Requests more asked, accepted and completed, many of them at once."""
    while requests > 0:
        ids = []
        for _ in range(min(UNRECEIVED, requests)):
            created = sender.post("/Requests/Outgoing", {"content": REQUEST, "peer": recipient.address})
            sender.post("/Messages", {"recipients": [recipient.address], "content": created["content"]})
            ids.append(created["id"])
        recipient.post("/Account/Sync")
        for each in ids:
            become(recipient, "Incoming", each, "ManualDecisionRequired")
            recipient.put(f"/Requests/Incoming/{each}/Accept", ACCEPTED)
        for each in ids:
            become(recipient, "Incoming", each, "Completed")
        sender.post("/Account/Sync")
        for each in ids:
            become(sender, "Outgoing", each, "Completed")
        requests -= len(ids)
