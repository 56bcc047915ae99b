"""The guide in asyncio, on the real network."""

import asyncio
import inspect
import threading

import httpx
import pytest

from enmeshed_nb import AsyncConnector, AuthenticationRequestItem, Journal, Request, aio, guide, reject_all
from enmeshed_nb.clock import AsyncClock
from enmeshed_nb.connector import Connector, ValidationFailed
from enmeshed_nb.guide import WaitError, WaitTimeout

REQUEST = Request(items=[AuthenticationRequestItem(title="Is it you?", must_be_accepted=True)])


def both(network):
    return [
        AsyncConnector(state.url, state.api_key, name=state.name)
        for state in (network.state.connector("sender"), network.state.connector("recipient"))
    ]


def run(work):
    """Run a coroutine; nothing may be left of it."""

    async def alone():
        before = asyncio.all_tasks()
        try:
            return await work
        finally:
            assert asyncio.all_tasks() == before

    return asyncio.run(alone(), debug=True)


@pytest.mark.parametrize(
    "name",
    sorted(
        set(aio.__all__) - {"AsyncConnector", "AsyncEventListener", "from_connector"} | {"AsyncEventListener.wait_for"}
    ),
)
def test_each_function_has_the_signature_of_the_one_for_threads(name):
    def found(module, path):
        for part in path.split("."):
            module = getattr(module, part)
        return module

    one, other = found(aio, name), found(guide, name.removeprefix("Async"))
    assert inspect.iscoroutinefunction(one)
    assert not inspect.iscoroutinefunction(other)

    def shape(function):
        return [(each.name, each.kind) for each in inspect.signature(function).parameters.values()]

    assert shape(one) == shape(other)


def test_a_request_is_asked_decided_and_answered(network, sender):
    async def flow():
        one, other = both(network)
        async with one, other:
            with Journal(one, other) as journal:
                await aio.establish_relationship(one, other)
                answered = await aio.ask(one, other, REQUEST, reject_all)
                peer = (await other.account.identity_info()).address
                assert (await aio.active_relationship(one, peer)).status == "Active"
                assert journal.under_way == ()
            return answered, journal

    answered, journal = run(flow())
    assert (answered.status, answered.response.content.result) == ("Completed", "Rejected")
    assert sender.requests.outgoing.get(answered.id) == answered
    assert journal.names == ("sender", "recipient")
    assert {each.connector for each in journal.exchanges} == {"sender", "recipient"}
    assert next(each.status for each in journal.history(answered.id) if each.connector == "sender") == "Draft"
    assert journal.sent_at("sender", answered.source.reference) is not None
    assert journal.sent_at("sender", "MSG00000000000000000") is None


def test_many_are_asked_at_once(network, sender, recipient):
    async def flow():
        one, other = both(network)
        async with one, other:
            return await asyncio.gather(*(aio.ask(one, other, REQUEST) for _ in range(5)))

    answered = run(flow())
    assert len({each.id for each in answered}) == 5
    assert {each.response.content.result for each in answered} == {"Accepted"}


def test_an_invalid_request_is_not_created(network, sender):
    async def flow():
        one, other = both(network)
        async with one, other:
            before = len(await one.requests.outgoing.list())
            with pytest.raises(ValidationFailed, match="cannotShareRequestWithYourself"):
                await aio.send_request(one, REQUEST, (await one.account.identity_info()).address)
            assert len(await one.requests.outgoing.list()) == before

    run(flow())


def test_a_request_is_waited_for_by_its_own_id_too(sender, recipient):
    peer = recipient.account.identity_info().address
    sent = guide.send_request(sender, REQUEST, peer)
    by_request = guide.wait_for_request(recipient, sent.id)
    assert by_request == guide.wait_for_request(recipient, sent.source.reference)
    assert by_request.id == sent.id
    with pytest.raises(WaitTimeout, match=r"recipient to get Request REQ00000000000000000\. Last seen: no Request"):
        guide.wait_for_request(recipient, "REQ00000000000000000", timeout=0)


def test_a_wait_that_is_cancelled_leaves_nothing_behind(network):
    async def flow():
        (one, other), threads = both(network), threading.active_count()
        async with one, other:
            journal = Journal(one)
            begun = asyncio.Event()
            journal.observe(lambda: journal.under_way and begun.set())
            waiting = asyncio.create_task(
                aio.wait_for_status(one.requests.outgoing, "REQ00000000000000000", "Open", sync=one, timeout=600)
            )
            await begun.wait()  # in the middle of a call
            (under_way,) = journal.under_way
            assert under_way.wait.what == "Request REQ00000000000000000 to become Open"
            waiting.cancel()
            with pytest.raises(asyncio.CancelledError):
                await waiting
            assert journal.under_way == ()
            assert under_way.wait.is_over
            assert (await one.account.identity_info()).address  # it can be used as before
            assert journal.last().wait is None
        assert threading.active_count() == threads

    run(flow())


def test_a_wait_that_is_cancelled_between_two_looks_ends(network):
    async def flow():
        slept = asyncio.Event()

        async def sleep(_: float) -> None:
            slept.set()
            await asyncio.Event().wait()

        async def look() -> bool:
            return False

        task = asyncio.create_task(aio.wait_for(look, clock=AsyncClock(sleep=sleep)))
        await slept.wait()
        task.cancel()
        with pytest.raises(asyncio.CancelledError):
            await task

    run(flow())


def test_what_does_not_come_is_said_as_in_threads():
    async def flow():
        async def look() -> int:
            return 3

        with pytest.raises(WaitTimeout, match=r"^Waited 0 s for the moon\. Last seen: 3\.$") as late:
            await aio.wait_for(look, until=lambda seen: seen > 3, what="the moon", timeout=0)
        assert late.value.last == 3
        seen = await aio.wait_for(look, timeout=0)
        assert seen == 3

        class Done:
            async def get(self, request_id: str):
                return type("Request", (), {"status": "Completed"})

        with pytest.raises(WaitError, match="will not become Open any more"):
            await aio.wait_for_status(Done(), "REQ1", "Open")

    run(flow())


def test_events_are_waited_for():
    async def flow():
        async with aio.AsyncEventListener() as listener:
            waiting = asyncio.create_task(listener.wait_for("a", id=2))
            async with httpx.AsyncClient() as client:
                for number in (1, 2):
                    await client.post(listener.url, json={"trigger": "a", "data": {"id": number}})
            assert (await waiting).data == {"id": 2}
            with pytest.raises(WaitTimeout, match=r"the event b(.|\n)*: a"):
                await listener.wait_for("b", timeout=0)
            await listener.close()

    run(flow())


def test_nothing_is_awaited_that_a_program_with_threads_calls(sender):
    assert isinstance(sender, Connector)
    assert not any(inspect.iscoroutinefunction(getattr(guide, name)) for name in guide.__all__)
