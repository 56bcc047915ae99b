"""Between any two steps of the guide everything may be killed: the next start goes on where it was."""

import itertools
import os
import random
import signal
from datetime import UTC, datetime, timedelta

import psutil
import pytest

from enmeshed_nb.content import (
    ArbitraryRelationshipCreationContent,
    ArbitraryRelationshipTemplateContent,
    AuthenticationRequestItem,
    Request,
)
from enmeshed_nb.guide import accept_all, establish_relationship, reject_all, wait_for_request, wait_for_status
from tests.conftest import connectors_of, enmeshed_nb, is_gone, until, up

VICTIMS = {
    "connector host": lambda supervisor: [supervisor.children()[0]],
    "supervisor": lambda supervisor: [supervisor],
    "everything": lambda supervisor: [supervisor, *supervisor.children()],
}


class Crashing:
    """A network that is killed and started again before each step: another part of it each time, by turns."""

    def __init__(self, folder, *parts):
        parts = parts or tuple(VICTIMS)
        self.folder, self.victims = folder, itertools.cycle(random.sample(parts, len(parts)))
        self.state = up(folder)
        self.connectors = {}

    def close(self):
        for connector in self.connectors.values():
            connector.close()

    def restart(self):
        supervisor = psutil.Process(self.state["pid"])
        processes = [supervisor, *supervisor.children()]
        part = next(self.victims)
        print(f"Killed: {part}")
        for victim in VICTIMS[part](supervisor):
            os.kill(victim.pid, signal.SIGKILL)
        until(lambda: all(is_gone(process.pid) for process in processes), 10, "the whole network ends")
        before, self.state = self.state, up(self.folder)
        assert self.state["connectors"] == before["connectors"]

    @property
    def parties(self):
        self.restart()
        self.close()
        self.connectors = connectors_of(self.state)
        return self.connectors["sender"], self.connectors["recipient"]


@pytest.mark.timeout(400)
def test_the_guide_goes_on_after_a_kill_between_any_two_steps(folder):
    network = Crashing(folder)
    in_an_hour = datetime.now(UTC) + timedelta(hours=1)

    sender, recipient = network.parties
    content = ArbitraryRelationshipTemplateContent(value={})
    template = sender.relationship_templates.create_own(content, expires_at=in_an_hour)

    sender, recipient = network.parties
    loaded = recipient.relationship_templates.load_peer(template.reference)

    sender, recipient = network.parties
    pending = recipient.relationships.create(loaded.id, ArbitraryRelationshipCreationContent(value={}))

    sender, recipient = network.parties
    sender.account.sync()

    sender, recipient = network.parties
    assert sender.relationships.accept(pending.id).status == "Active"

    sender, recipient = network.parties
    recipient.account.sync()

    sender, recipient = network.parties
    peer = recipient.account.identity_info().address
    request = Request(items=[AuthenticationRequestItem(title="Still there?", must_be_accepted=True)])
    drafts = [sender.requests.outgoing.create(request, peer) for _ in range(2)]

    sender, recipient = network.parties
    messages = [sender.messages.send(peer, draft.content) for draft in drafts]

    sender, recipient = network.parties
    for draft in drafts:
        wait_for_status(sender.requests.outgoing, draft.id, "Open")
    recipient.account.sync()

    sender, recipient = network.parties
    incoming = [wait_for_request(recipient, message.id) for message in messages]
    assert [each.status for each in incoming] == ["ManualDecisionRequired"] * 2
    recipient.requests.incoming.accept(incoming[0].id, accept_all(incoming[0]))

    sender, recipient = network.parties
    wait_for_status(recipient.requests.incoming, incoming[0].id, "Completed")
    recipient.requests.incoming.reject(incoming[1].id, reject_all(incoming[1]))

    sender, recipient = network.parties
    wait_for_status(recipient.requests.incoming, incoming[1].id, "Completed")
    sender.account.sync()

    sender, recipient = network.parties
    completed = [
        wait_for_status(sender.requests.outgoing, draft.id, "Completed", sync=sender, timeout=60) for draft in drafts
    ]
    assert [each.response.content.result for each in completed] == ["Accepted", "Rejected"]
    assert len(recipient.messages.list(is_own=True)) == 2, "each Response was sent once"
    network.close()


def test_a_restart_without_a_kill_changes_nothing_and_sends_nothing(folder):
    state = up(folder)
    connectors = connectors_of(state)
    sender, recipient = connectors["sender"], connectors["recipient"]
    establish_relationship(sender, recipient)
    peer = recipient.account.identity_info().address
    request = Request(items=[AuthenticationRequestItem(title="Once?", must_be_accepted=True)])
    draft, open_one, done = (sender.requests.outgoing.create(request, peer) for _ in range(3))
    sender.messages.send(peer, open_one.content)
    incoming = wait_for_request(recipient, sender.messages.send(peer, done.content).id)
    recipient.requests.incoming.accept(incoming.id, accept_all(incoming))
    wait_for_status(sender.requests.outgoing, done.id, "Completed", sync=sender)

    def everything():
        return [
            (
                each.requests.outgoing.list(),
                each.requests.incoming.list(),
                each.messages.list(),
                each.relationships.list(),
            )
            for each in (sender, recipient)
        ]

    before = everything()
    assert enmeshed_nb("down", "--data-dir", folder).returncode == 0
    assert up(folder)["connectors"] == state["connectors"]
    assert everything() == before
    assert sender.requests.outgoing.get(draft.id).status == "Draft"
    sender.close()
    recipient.close()
