"""The exercises of lesson 18, done in all ways, on a network of their own."""

from contextlib import closing

import pytest

from enmeshed_nb import connect, end_relationship, establish_relationship, wait_for
from enmeshed_nb.localnet import stop
from tests.guide.exercises.conftest import Reader, check_solution, check_ways


@pytest.fixture(scope="module")
def joined(tmp_path_factory):
    folder = tmp_path_factory.mktemp("tenant") / "network"
    with closing(connect(folder)) as opened:
        yield opened
    stop(folder)


class Landlord(Reader):
    """Somebody whose tenant has a new Relationship with the Sender, or one that is over."""

    def begin(self, active=True):
        self.tenant = self.network.add_connector("tenant")
        end_relationship(self.sender, self.tenant)
        if active:
            self.id = establish_relationship(self.sender, self.tenant).id
        self.sides = self.network.sides(since=self.sides.since)  # as a widget asks each time

    def begin_anew(self):
        """What was done so far no longer counts."""
        self.sides = self.network.sides(since=self.network.now())

    def hears(self, side, reason):
        wait_for(
            lambda: side.relationships.get(self.id).audit_log[-1].reason,
            until=lambda found: found == reason,
            sync_with=side,
        )


@pytest.fixture
def reader(joined):
    return Landlord(joined)


def strangers(reader):
    reader.begin(active=False)


def terminated(reader, by="sender"):
    reader.begin()
    reader.network.connectors[by].relationships.terminate(reader.id)


def unheard(reader):
    terminated(reader)
    reader.sender.relationships.decompose(reader.id)


def long_ago(reader):
    unheard(reader)
    reader.hears(reader.tenant, "Decomposition")
    reader.begin_anew()


def by_the_tenant(reader):
    terminated(reader, "tenant")
    reader.tenant.relationships.decompose(reader.id)


def reactivation(reader, by):
    terminated(reader, "tenant")
    reader.hears(reader.sender, "Termination")
    reader.network.connectors[by].relationships.reactivate(reader.id)
    other = reader.sender if by == "tenant" else reader.tenant
    reader.hears(other, "ReactivationRequested")


def refused(reader):
    reactivation(reader, "tenant")
    reader.sender.relationships.reject_reactivation(reader.id)
    reader.hears(reader.tenant, "RejectionOfReactivation")


def accepted_unheard(reader):
    reactivation(reader, "tenant")
    reader.sender.relationships.accept_reactivation(reader.id)


def once_more(reader):
    accepted_unheard(reader)
    reader.hears(reader.tenant, "AcceptanceOfReactivation")
    reader.tenant.relationships.terminate(reader.id)


WAYS = [
    ("18-a", None, "no Connector with the name “tenant”", "add_connector"),
    ("18-b", None, "no Connector with the name “tenant”", "add_connector"),
    ("18-a", strangers, "no Relationship with the Sender", "establish_relationship"),
    ("18-a", Landlord.begin, "is Active", "terminate"),
    ("18-a", terminated, "The Sender still has it", "decompose"),
    ("18-a", unheard, "does not know of it yet", "tenant.account.sync()"),
    ("18-a", long_ago, "before this exercise began", "end_relationship"),
    ("18-a", by_the_tenant, "no Relationship with the Sender", "establish_relationship"),
    ("18-b", strangers, "no Relationship with the Sender", "establish_relationship"),
    ("18-b", Landlord.begin, "Nobody has terminated it", "tenant.relationships.terminate"),
    ("18-b", lambda reader: (terminated(reader), reader.hears(reader.tenant, "Termination")), "The Sender has", "let"),
    ("18-b", lambda reader: terminated(reader, "tenant"), "Nobody has asked", "tenant.relationships.reactivate"),
    ("18-b", lambda reader: reactivation(reader, "sender"), "The Sender has asked", "let the tenant ask"),
    ("18-b", lambda reader: reactivation(reader, "tenant"), "has not accepted that", "accept_reactivation"),
    ("18-b", refused, "has not accepted that", "asks again"),
    ("18-b", accepted_unheard, "has not accepted that", "must synchronise, too"),
    ("18-b", once_more, "is Terminated now", "leave it so"),
]


@pytest.mark.parametrize(("exercise_id", "way", "said", "hint"), WAYS)
def test_what_is_not_done_yet_is_named(reader, exercise_id, way, said, hint):
    if way is None:
        reader.sides.connectors.pop("tenant", None)
    check_ways(reader, exercise_id, way, said, hint)


@pytest.mark.parametrize("exercise_id", ["18-a", "18-b"])
def test_the_solution_is_one(reader, exercise_id):
    check_solution(reader, exercise_id)
