"""Much at once: many Connectors on one network, many Requests that wait, many calls side by side.

Nobody helps: after what was asked and accepted, both sides only synchronise, as every Connector does.
"""

import tempfile
import time
from collections import Counter
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack, contextmanager
from pathlib import Path

from enmeshed_nb.clock import until
from enmeshed_nb.connector import Connector
from enmeshed_nb.content import AuthenticationRequestItem, Request
from enmeshed_nb.guide import accept_all, establish_relationship
from enmeshed_nb.localnet import LocalNetwork

MOST_UNFETCHED = 20
"""Messages of one peer that the Backbone keeps for somebody who does not fetch them; more are refused."""
PATIENCE = 60.0
"""Seconds without any progress after which what is not Completed counts as stuck."""
CALLERS = 16
"""Calls under way at once, but where more are asked for."""
QUESTION = Request(items=[AuthenticationRequestItem(title="Is it you?", must_be_accepted=True)])


@contextmanager
def connected(number: int) -> Iterator[tuple[Connector, list[Connector]]]:
    """Give a Connector and its peers on a network of their own, with Relationships between it and each of them."""
    names = ["sender", *(f"peer-{index}" for index in range(1, number))]
    with ExitStack() as stack:
        folder = Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="enmeshed-nb-load-")))
        begun = time.monotonic()
        network = stack.enter_context(LocalNetwork.open(folder / "network", connectors={name: {} for name in names}))
        print(f"{number} Connectors are up after {time.monotonic() - begun:.0f} s", flush=True)
        sender, *peers = (
            stack.enter_context(Connector(each.url, each.api_key, name=each.name, timeout=300))
            for each in network.state.connectors
        )
        for peer in peers:  # one after the other: each is decided at the sender
            establish_relationship(sender, peer)
        yield sender, peers


def ask(sender: Connector, peer: Connector, times: int = 1) -> None:
    """Send Requests to a peer, which fetches them."""
    address = peer.account.identity_info().address
    for index in range(1, times + 1):
        sender.messages.send(address, sender.requests.outgoing.create(QUESTION, address).content)
        if index % MOST_UNFETCHED == 0:
            peer.account.sync()
    peer.account.sync()


def accept_everything(peer: Connector, times: int) -> None:
    """Accept all Requests that a peer was sent, one after the other."""

    def waiting() -> list[str]:
        found = peer.requests.incoming.list(status="ManualDecisionRequired")
        return [each.id for each in found] if len(found) == times else []

    ids = until(waiting, PATIENCE)
    assert ids, f"{peer.name} did not get its {times} Requests"
    for request_id in ids:
        peer.requests.incoming.accept(request_id, accept_all(peer.requests.incoming.get(request_id)))


def statuses(connector: Connector) -> Counter[str]:
    """Return how many of the Requests that a Connector has sent or received have which status."""
    requests = (connector.requests.outgoing, connector.requests.incoming)
    return Counter(each.status for side in requests for each in side.list())


def stuck(connectors: list[Connector], wanted: int) -> int:
    """Synchronise until all Requests are Completed on both sides; return how many do not get there."""
    most, since = -1, time.monotonic()
    while time.monotonic() - since < PATIENCE:
        for connector in connectors:
            connector.account.sync()
        done = sum(statuses(connector)["Completed"] for connector in connectors)
        if done == wanted:
            return 0
        if done > most:
            most, since = done, time.monotonic()
    print({connector.name: dict(found) for connector in connectors if (found := statuses(connector))}, flush=True)
    return wanted - most


def all_asked_at_once(number: int) -> int:
    """Ask all peers of a Connector at once, let them accept at once; return how many Requests are stuck."""
    with connected(number) as (sender, peers), ThreadPoolExecutor(CALLERS) as pool:
        list(pool.map(lambda peer: ask(sender, peer), peers))
        list(pool.map(lambda peer: accept_everything(peer, 1), peers))
        return stuck([sender, *peers], 2 * len(peers))


def many_outstanding(number: int) -> int:
    """Let Requests pile up at one peer, which accepts them in a row; return how many are stuck."""
    with connected(2) as (sender, (peer,)):
        ask(sender, peer, number)
        accept_everything(peer, number)
        return stuck([peer, sender], 2 * number)


def parallel_calls(number: int) -> int:
    """Let as many calls be under way at once, of which each stores something; return how many were lost."""
    with connected(2) as (sender, (peer,)), ThreadPoolExecutor(number) as pool:
        address = peer.account.identity_info().address
        made = list(pool.map(lambda _: sender.requests.outgoing.create(QUESTION, address).id, range(number)))
        there = {each.id for each in sender.requests.outgoing.list()}
        return len(set(made) ^ there) + (number - len(set(made)))


def load(connectors: int, requests: int, calls: int) -> int:
    """Run all of it and print what is stuck or lost; return 1 if there is any."""
    failed = 0
    for what, run, number in (
        ("Connectors, all asked at once", all_asked_at_once, connectors),
        ("outstanding Requests, accepted in a row", many_outstanding, requests),
        ("calls at once", parallel_calls, calls),
    ):
        if number:
            begun = time.monotonic()
            missing = run(number)
            print(f"{number} {what}: {missing} stuck or lost, {time.monotonic() - begun:.0f} s", flush=True)
            failed += bool(missing)
    return min(failed, 1)
