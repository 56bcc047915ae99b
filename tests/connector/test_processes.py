"""Connectors in processes that fork."""

import asyncio
import os
import threading
from collections.abc import Callable
from typing import Any

import pytest

from enmeshed_nb.connector import AsyncConnector, ConnectionFailed, Connector
from enmeshed_nb.localnet import LocalNetwork

pytestmark = [
    pytest.mark.skipif(not hasattr(os, "fork"), reason="nothing forks here"),
    pytest.mark.filterwarnings("ignore:This process .* is multi-threaded:DeprecationWarning"),
]


def in_a_child(work: Callable[[], str]) -> str:
    """Return what *work* returns in a forked process."""
    reading, writing = os.pipe()
    child = os.fork()
    if not child:  # no test goes on in here
        try:
            said = work()
        except BaseException as error:
            said = repr(error)
        os.write(writing, said.encode())
        os._exit(0)
    os.close(writing)
    with os.fdopen(reading, "rb") as pipe:
        said = pipe.read().decode()
    os.waitpid(child, 0)
    return said


def test_a_child_has_connections_of_its_own(sender: Connector) -> None:
    address = sender.account.identity_info().address  # a connection is open, and idle
    before = sender._http.shared.client

    def work() -> str:
        assert sender._http.shared.client is not before
        return sender.account.identity_info().address

    assert in_a_child(work) == address
    for _ in range(3):  # both use it, in turn
        assert sender.with_options(timeout=30).account.identity_info().address == address
        assert in_a_child(work) == address
    assert sender._http.shared.client is before


def test_a_lock_that_a_thread_held_does_not_hold_up_a_child(sender: Connector) -> None:
    held, leave = threading.Event(), threading.Event()

    def hold() -> None:
        with sender._http.shared.lock:
            held.set()
            leave.wait(60)

    thread = threading.Thread(target=hold)
    thread.start()
    held.wait(60)
    exchanges: list[Any] = []

    def work() -> str:
        stop = sender.observe(exchanges.append)
        sender.account.identity_info()
        stop()
        return str(len(exchanges))

    try:
        assert in_a_child(work) == "1"
    finally:
        leave.set()
        thread.join()


def test_what_was_closed_stays_closed_in_a_child(sender: Connector) -> None:
    closed = Connector(sender.url, "any", name="closed")
    closed.close()

    def work() -> str:
        with pytest.raises(ConnectionFailed, match="was closed"):
            closed.account.identity_info()
        return "refused"

    assert in_a_child(work) == "refused"


def test_a_connector_of_an_event_loop_can_be_used_in_a_childs_own(network: LocalNetwork) -> None:
    state = network.state.connector("sender")
    connector = AsyncConnector(state.url, state.api_key)

    async def address() -> str:
        return (await connector.account.identity_info()).address

    async def in_both() -> tuple[str, str]:
        async with connector:
            own = await address()
            return own, await asyncio.to_thread(in_a_child, lambda: asyncio.run(address()))

    own, childs = asyncio.run(in_both())
    assert own == childs
