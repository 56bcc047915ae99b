"""Relationships that are not Active yet, or not any more; on a network of their own."""

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta
from pathlib import Path
from threading import Barrier

import pytest

from enmeshed_nb.connector import Connector
from enmeshed_nb.content import ArbitraryRelationshipCreationContent, ArbitraryRelationshipTemplateContent
from enmeshed_nb.guide import (
    Journal,
    RelationshipError,
    active_relationship,
    end_relationship,
    establish_relationship,
)
from enmeshed_nb.localnet import LocalNetwork


@pytest.fixture
def strangers(folder: Path) -> Iterator[tuple[Connector, Connector]]:
    """Two Connectors without a Relationship."""
    with LocalNetwork.open(folder, connectors={"ada": {}, "bo": {}}) as network:
        ada, bo = (
            Connector(state.url, state.api_key, name=state.name)
            for state in (network.state.connector("ada"), network.state.connector("bo"))
        )
        with ada, bo:
            yield ada, bo


def test_a_relationship_is_begun_finished_and_not_used_once_it_is_over(strangers: tuple[Connector, Connector]) -> None:
    ada, bo = strangers
    address = bo.account.identity_info().address
    with pytest.raises(RelationshipError, match=r"ada has no Relationship with did:e:\S+\.\nEstablish one first"):
        active_relationship(ada, address)
    with pytest.raises(RelationshipError, match=r"are the same Identity did:e:\S+\.\nUse two Connectors\."):
        establish_relationship(ada, ada)

    template = ada.relationship_templates.create_own(
        ArbitraryRelationshipTemplateContent(value={}), datetime.now(UTC) + timedelta(hours=1)
    )
    loaded = bo.relationship_templates.load_peer(template.reference)
    pending = bo.relationships.create(loaded.id, ArbitraryRelationshipCreationContent(value={}))
    ada.account.sync()
    with pytest.raises(RelationshipError, match=r"is Pending\.\nAccept it"):
        active_relationship(ada, address)

    finished = establish_relationship(bo, ada)  # the other way round than it was begun
    assert (finished.id, finished.status) == (pending.id, "Active")
    assert active_relationship(ada, address).id == pending.id
    assert len(bo.relationships.list()) == 1

    bo.relationships.terminate(pending.id)
    with pytest.raises(RelationshipError, match=r"is Terminated\.\nTake it up again"):
        establish_relationship(ada, bo)
    ada.account.sync()
    with pytest.raises(RelationshipError, match="is Terminated"):
        active_relationship(ada, address)

    ada.relationships.reactivate(pending.id)
    bo.account.sync()
    bo.relationships.accept_reactivation(pending.id)
    ada.account.sync()
    assert active_relationship(ada, address).id == pending.id

    with Journal(ada, bo) as journal:
        assert establish_relationship(ada, bo).id == pending.id
    assert {each.method for each in journal.exchanges} == {"GET"}  # there is nothing to do


def test_a_relationship_is_ended_in_whatever_state_it_is(strangers: tuple[Connector, Connector]) -> None:
    ada, bo = strangers

    def begin(templator: Connector, initiator: Connector) -> str:
        template = templator.relationship_templates.create_own(
            ArbitraryRelationshipTemplateContent(value={}), datetime.now(UTC) + timedelta(hours=1)
        )
        loaded = initiator.relationship_templates.load_peer(template.reference)
        return initiator.relationships.create(loaded.id, ArbitraryRelationshipCreationContent(value={})).id

    def ended() -> bool:
        end_relationship(ada, bo)
        over = {"Rejected", "Revoked"}
        return all(each.status in over for connector in strangers for each in connector.relationships.list())

    assert ended()  # there is none
    begin(ada, bo)
    assert ended()  # Pending, rejected by ada
    begin(bo, ada)
    assert ended()  # Pending, revoked by ada
    accepted = begin(ada, bo)
    ada.account.sync()
    ada.relationships.accept(accepted)
    assert establish_relationship(bo, ada).id == accepted  # bo had not heard of that yet
    assert ended()  # Active
    relationship = establish_relationship(ada, bo)
    bo.relationships.terminate(relationship.id)
    assert ended()  # Terminated
    relationship = establish_relationship(ada, bo)
    ada.relationships.terminate(relationship.id)
    ada.relationships.decompose(relationship.id)
    assert ended()  # decomposed by one side
    relationship = establish_relationship(ada, bo)
    bo.relationships.terminate(relationship.id)
    bo.relationships.decompose(relationship.id)
    ada.account.sync()
    with pytest.raises(RelationshipError, match=r"is DeletionProposed\.\nThe peer deleted it\. Delete it here, too"):
        active_relationship(ada, bo.account.identity_info().address)
    assert ended()  # decomposed by the other side
    assert establish_relationship(ada, bo).status == "Active"
    templates = ada.relationship_templates.list_own()
    assert 1 in [each.max_number_of_allocations for each in templates]  # nobody else can use it


def test_all_who_establish_one_at_the_same_time_get_the_same(strangers: tuple[Connector, Connector]) -> None:
    ada, bo = strangers
    for _ in range(3):
        together = Barrier(4)

        def establish(sides: tuple[Connector, Connector], together: Barrier = together) -> tuple[str, str]:
            together.wait()
            made = establish_relationship(*sides)
            return made.id, made.status

        with ThreadPoolExecutor(4) as pool:
            made = set(pool.map(establish, [(ada, bo), (bo, ada)] * 2))
        (found,) = made
        assert found == (active_relationship(ada, bo.account.identity_info().address).id, "Active")
        end_relationship(ada, bo)
