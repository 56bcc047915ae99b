"""The Connector host: the Node process with all Connectors of a network, spoken to by JSON lines.

`connector_host/main.js` tells what is said. Node obeys one command after the other and answers each of them once, so
the answers come in the order of the commands.
"""

import asyncio
import contextlib
import json
import logging
import signal
import subprocess
from asyncio import StreamReader
from collections import deque
from collections.abc import AsyncIterator, Callable, Mapping, Sequence
from contextlib import asynccontextmanager
from datetime import UTC, datetime
from typing import IO, Any, Self

from enmeshed_nb.localnet import logs
from enmeshed_nb.localnet.errors import NetworkError, PortTakenError
from enmeshed_nb.localnet.settings import Durability, Failure, Folder

START_TIMEOUT = 60.0
"""Seconds that a Connector may take to start."""
STOP_TIMEOUT = 20.0
"""Seconds that a Connector may take to stop."""
END_TIMEOUT = 10.0
"""Seconds that Node may take to stop all Connectors and end."""

_LONGEST_LINE = 16 * 1024 * 1024  # bytes
_REACH_BACKBONE = "Check that the Backbone of its configuration (transportLibrary.baseUrl) runs."
_CURES = {
    "backboneIncompatible": "Use a Backbone of a version that it needs (transportLibrary.baseUrl).",
    "backboneUnreachable": _REACH_BACKBONE,
    "damagedStore": "Put a sound copy of the file back, or begin anew: {reset}.",
    "error.transport.request.unknown": _REACH_BACKBONE,  # the same, when the Connector has no Identity yet
    "invalidConfiguration": "Correct its configuration (--config FILE).",
    "portInUse": "Stop the program that uses it, or choose another port (0: any that is free).",
}
"""What to do, by the `code` of Node's answer `failed`; other codes tell no more than the log."""

log = logging.getLogger("network")


class ConnectorHost:
    """The running Node process; use `ConnectorHost.running()`.

    Args:
        folder: the network's folder.
        process: Node, as `node.start` returns it.
        commands: its stdin.
        events: its stdout.
        errors: its stderr.

    Attributes:
        ended: is done when Node has ended, and tells how.
        on_met: is told the id of a fault each time that it has met something.
    """

    on_met: Callable[[str], None] = staticmethod(lambda _: None)

    def __init__(
        self,
        folder: Folder,
        process: subprocess.Popen[bytes],
        commands: asyncio.WriteTransport,
        events: StreamReader,
        errors: StreamReader,
    ) -> None:
        self._folder, self._process, self._commands = folder, process, commands
        self._asked: deque[asyncio.Future[dict[str, Any]]] = deque()
        self._last_lines: deque[str] = deque(maxlen=12)
        self._readers = [
            asyncio.create_task(self._read_events(events)),
            asyncio.create_task(self._read_errors(errors)),
        ]
        self.ended: asyncio.Task[Failure] = asyncio.create_task(self._end())

    @classmethod
    @asynccontextmanager
    async def running(cls, folder: Folder, process: subprocess.Popen[bytes]) -> AsyncIterator[Self]:
        """Speak to the Connector host while the `async with` lasts, and end it then.

        At the end of its stdin Node stops by itself, after 10 s it is killed.

        Args:
            folder: the network's folder.
            process: Node, as `node.start` returns it.
        """
        assert process.stdin
        assert process.stdout
        assert process.stderr
        loop = asyncio.get_running_loop()
        commands, _ = await loop.connect_write_pipe(asyncio.BaseProtocol, process.stdin)
        host = cls(folder, process, commands, await _reader(process.stdout), await _reader(process.stderr))
        try:
            yield host
        finally:
            commands.close()
            done, _ = await asyncio.wait({host.ended}, timeout=END_TIMEOUT)
            if not done:
                process.kill()
                await host.ended

    async def start_connector(
        self, name: str, config: Mapping[str, Any], durability: Durability = "process"
    ) -> tuple[int, str]:
        """Start a Connector and return its port and the address of its Identity.

        Args:
            name: its name.
            config: its configuration.
            durability: what stored data survive: a kill, or a power failure, too.

        Raises:
            PortTakenError: its port is taken.
            NetworkError: it could not be started.
        """
        folder = self._folder.connectors / name
        folder.mkdir(exist_ok=True, mode=0o700)
        try:
            details = {"folder": str(folder), "durability": durability, "config": config}
            started = await self._command("start", name, START_TIMEOUT, **details)
        except NetworkError:
            with contextlib.suppress(OSError):
                folder.rmdir()  # only if it is empty: the Connector never lived
            raise
        return started["port"], started["address"]

    async def stop_connector(self, name: str) -> None:
        """Stop a Connector; its data stays.

        Raises:
            NetworkError: it could not be stopped, and may still run.
        """
        await self._command("stop", name, STOP_TIMEOUT)

    async def kill_connector(self, name: str) -> None:
        """Let a Connector be as after a `kill -9`; its data stays.

        Raises:
            NetworkError: Node has ended.
        """
        await self._command("kill", name, STOP_TIMEOUT)

    async def set_faults(self, faults: Sequence[Mapping[str, Any]]) -> None:
        """Let the Connectors fail by these faults, and by no others; what they met before has been told then.

        Raises:
            NetworkError: Node has ended.
        """
        await self._command("fail", "", STOP_TIMEOUT, faults=faults)

    async def move_clock(self, ahead: float) -> None:
        """Let the time of all Connectors be so many seconds ahead of the real one.

        Raises:
            NetworkError: Node has ended.
        """
        await self._command("move", "", STOP_TIMEOUT, ahead=ahead)

    async def _command(self, command: str, name: str, timeout: float, **details: Any) -> dict[str, Any]:
        """Say something about a Connector; return the answer that it was done.

        Raises:
            NetworkError: it was not done; says why, and what to do.
        """
        if self.ended.done():
            raise NetworkError(str(self.ended.result()))
        answer = self._say(command, name, details)
        try:
            event = await asyncio.wait_for(answer, timeout)
        except TimeoutError:
            problem, code = f"did not {command} within {timeout:.0f} s.", ""
        else:
            if event["event"] != "failed":
                return event
            problem, code = f"could not {command}: {event['message']}", event["code"]
        cure = f"{_CURES.get(code, '').format(reset=self._folder.command('reset'))} Its log: {self._folder.logs}"
        cure = cure.strip()
        kind = PortTakenError if code == "portInUse" else NetworkError
        raise kind(f"The Connector '{name}' {problem}", cure)

    def _say(self, command: str, name: str, details: Mapping[str, Any]) -> asyncio.Future[dict[str, Any]]:
        answer: asyncio.Future[dict[str, Any]] = asyncio.get_running_loop().create_future()
        self._asked.append(answer)
        self._commands.write(json.dumps({command: {"name": name, **details}}).encode() + b"\n")
        return answer

    async def _read_events(self, stdout: StreamReader) -> None:
        async for line in stdout:
            event: dict[str, Any] = json.loads(line)
            if event["event"] == "log":
                self._write_log(event)
                continue
            if event["event"] == "met":
                self.on_met(event["fault"])
                continue
            answer = self._asked.popleft()
            if not answer.done():
                answer.set_result(event)
            elif event["event"] == "started":  # too late: nobody knows that it runs
                self._say("stop", event["name"], {})

    def _write_log(self, event: Mapping[str, Any]) -> None:
        level = logging.getLevelNamesMapping().get(event["level"].upper(), logging.INFO)
        text = f"{event['logger']}: {event['message']}"
        logs.write(logs.writer(self._folder, event["name"] or "network"), level, text, moment=event["time"] / 1000)
        self._last_lines.append(f"{event['name'] or 'host'} {event['level']} {text}"[:500])

    async def _read_errors(self, stderr: StreamReader) -> None:
        async for line in stderr:
            text = line.decode(errors="replace").rstrip()
            log.error("node: %s", text)
            self._last_lines.append(text[:500])

    async def _end(self) -> Failure:
        """Wait until Node ends, end what still waits for an answer of it, and return how it ended."""
        code = await asyncio.to_thread(self._process.wait)
        await asyncio.wait(self._readers, timeout=1)
        how = f"was killed by signal {signal.Signals(-code).name}" if code < 0 else f"ended with exit code {code}"
        failure = Failure(
            at=datetime.now(UTC),
            problem=f"The process that runs the Connectors {how}.",
            last_lines=list(self._last_lines),
        )
        for answer in self._asked:
            if not answer.done():
                answer.set_exception(NetworkError(str(failure)))
        return failure


async def _reader(pipe: IO[bytes]) -> StreamReader:
    reader = StreamReader(_LONGEST_LINE)
    await asyncio.get_running_loop().connect_read_pipe(lambda: asyncio.StreamReaderProtocol(reader), pipe)
    return reader
