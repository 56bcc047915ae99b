"""What readers do in an exercise, and what its check then says."""

from collections.abc import Callable, Iterator
from contextlib import closing
from types import SimpleNamespace
from typing import Any

import pytest

from enmeshed_nb import Network, accept_all, ask, connect, send_request, wait_for_request
from enmeshed_nb.connector import Connector, LocalRequest
from enmeshed_nb.content import Request
from enmeshed_nb.guide.exercises import Finding, is_done, task_of
from enmeshed_nb.localnet import LocalNetwork


@pytest.fixture(scope="session")
def joined(network: LocalNetwork) -> Iterator[Network]:
    """The session's network as a notebook has it."""
    with closing(connect(network.state.data_dir)) as opened:
        yield opened


class Reader:
    """Somebody who does an exercise, from now on."""

    def __init__(self, network: Network) -> None:
        self.network, self.sender, self.recipient = network, network.sender, network.recipient
        self.peer = network.address("recipient")
        self.sides = network.sides(since=network.now())

    def ask(self, request: Request, answer: Callable[..., Any] = accept_all) -> LocalRequest:
        return ask(self.sender, self.recipient, request, answer)

    def draft(self, request: Request) -> LocalRequest:
        return self.sender.requests.outgoing.create(request, self.peer)

    def send(self, request: Request) -> LocalRequest:
        return send_request(self.sender, request, self.peer)

    def fetch(self, request: Request) -> LocalRequest:
        return wait_for_request(self.recipient, self.send(request).source.reference)

    def decide(self, request: Request, answer: Callable[..., Any] = accept_all) -> LocalRequest:
        """The Recipient accepts, and the Sender does not hear of it."""
        incoming = self.fetch(request)
        return self.recipient.requests.incoming.accept(incoming.id, answer(incoming))

    def solve(self, exercise_id: str) -> None:
        names = {"network": self.network, "sender": self.sender, "recipient": self.recipient}
        exec(compile(task_of(exercise_id).solution, exercise_id, "exec"), names)

    def findings(self, exercise_id: str) -> SimpleNamespace:
        """What the check says: all of it as one text, what is not there, and whether the exercise is done."""
        found: tuple[Finding, ...] = task_of(exercise_id).findings(self.sides)
        return SimpleNamespace(
            all=found,
            open=[each for each in found if each.state != "there"],
            is_done=is_done(found),
        )


@pytest.fixture
def reader(joined: Network, sender: Connector) -> Reader:
    """A reader who begins now, on the session's network."""
    return Reader(joined)


def check_ways(reader: Reader, exercise_id: str, way: Callable[[Reader], object] | None, said: str, hint: str) -> None:
    """Do an exercise in a wrong way: the check names first what is wrong or missing, and with the hint that fits."""
    if way:
        way(reader)
    found = reader.findings(exercise_id)
    assert not found.is_done
    first = found.open[0]
    assert said in first.what, found.all
    assert hint in first.hint, found.all


def check_solution(reader: Reader, exercise_id: str) -> None:
    """Run the solution twice: the check finds everything, after each."""
    for _ in range(2):
        reader.solve(exercise_id)
        found = reader.findings(exercise_id)
        assert found.is_done, found.all
        assert len(found.all) > 1
