"""The logs of a network: read to their end, and followed while they are written, rotated and added."""

import logging
from pathlib import Path

import pytest

from enmeshed_nb.clock import Clock
from enmeshed_nb.localnet import NetworkError
from enmeshed_nb.localnet.logs import Reader, last_lines, write, writer
from enmeshed_nb.localnet.settings import Folder
from tests.conftest import until, up


def at(second: int, text: str) -> str:
    return f"2026-01-01T00:00:{second:02}.000Z INFO    {text}\n"


class Logs:
    def __init__(self, path: Path) -> None:
        self.folder = Folder(path)
        self.folder.make()

    def add(self, name: str, text: str) -> None:
        with self.folder.log(name).open("a", encoding="utf-8") as file:
            file.write(text)

    def rotate(self, name: str) -> None:
        path = self.folder.log(name)
        path.rename(f"{path}.1")


@pytest.fixture
def logs(tmp_path: Path) -> Logs:
    made = Logs(tmp_path)
    made.add("sender", at(1, "first") + at(4, "fourth"))
    made.add("recipient", at(2, "second") + "Traceback\n  its lines\n" + at(3, "third"))
    return made


def words(lines: list[tuple[str, str]]) -> list[tuple[str, str]]:
    return [(name, line.split()[-1]) for name, line in lines]


def test_all_logs_are_one_in_the_order_of_time_and_what_belongs_together_stays_together(logs):
    with Reader(logs.folder) as reader:
        assert words(reader.new_lines()) == [
            ("sender", "first"),
            ("recipient", "second"),
            ("recipient", "Traceback"),
            ("recipient", "lines"),
            ("recipient", "third"),
            ("sender", "fourth"),
        ]
        assert reader.new_lines() == []


def test_one_log_alone(logs):
    with Reader(logs.folder, "sender") as reader:
        assert words(reader.new_lines()) == [("sender", "first"), ("sender", "fourth")]
        logs.add("recipient", at(5, "of another log"))
        assert reader.new_lines() == []


def test_nothing_is_lost_or_told_twice_when_a_log_is_rotated(logs):
    with Reader(logs.folder, "sender") as reader:
        reader.new_lines()
        logs.add("sender", at(5, "before"))
        logs.rotate("sender")
        assert words(reader.new_lines()) == [("sender", "before")]  # there is no new file yet
        logs.add("sender", at(6, "after") + at(7, "longer than the old file was: " + "x" * 1000))
        assert [line[17:19] for _, line in reader.new_lines()] == ["06", "07"]
        assert reader.new_lines() == []


def test_a_line_is_told_when_it_is_whole(logs):
    with Reader(logs.folder, "sender") as reader:
        reader.new_lines()
        whole = at(5, "grün")
        head, tail = whole.encode()[:-4], whole.encode()[-4:]  # in the middle of a character
        for part, told in ((head, []), (tail, [("sender", "grün")])):
            with logs.folder.log("sender").open("ab") as file:
                file.write(part)
            assert words(reader.new_lines()) == told


def test_a_log_that_is_followed_goes_on_also_with_connectors_that_come_later(logs):
    pauses = []

    def sleep(seconds: float) -> None:
        pauses.append(seconds)
        logs.add("third", at(9, f"pause-{len(pauses)}"))

    with Reader(logs.folder) as reader:
        followed = reader.follow(Clock(sleep=sleep))
        told = words([next(followed) for _ in range(8)])
    assert told[-2:] == [("third", "pause-1"), ("third", "pause-2")]
    assert min(pauses) > 0


def test_an_unknown_log_is_refused_with_those_that_exist(logs, tmp_path):
    with pytest.raises(NetworkError, match=r"no log 'nobody' in .*, only: recipient, sender"):
        Reader(logs.folder, "nobody")
    with pytest.raises(NetworkError, match="none at all"):
        Reader(Folder(tmp_path / "nowhere"), "nobody")


def test_the_end_of_a_log(logs):
    assert last_lines(logs.folder, "sender", 1) == (at(4, "fourth").rstrip(),)
    assert last_lines(logs.folder, "nobody", 1) == ()


def test_the_command_follows_a_running_network(folder, start_process):
    up(folder, "--connectors", "sender")
    _, lines = start_process("logs", "-f", "--data-dir", folder)
    until(lambda: [line for line in lines if "The network is up." in line], 20, "what was there")
    up(folder, "--connectors", "later")
    until(lambda: [line for line in lines if line.startswith("later ")], 20, "a Connector's log that is new")


def test_a_line_has_the_time_at_which_it_was_said_and_a_full_log_is_replaced(tmp_path):
    folder = Folder(tmp_path)
    folder.make()
    log = writer(folder, "test of logs")
    try:
        write(log, logging.WARNING, "before", moment=1_790_000_000.0625)
        assert folder.log("test of logs").read_text() == "2026-09-21T14:13:20.062Z WARNING before\n"
        for number in range(12):
            write(log, logging.INFO, f"{number} " + "x" * 500_000, moment=1_790_000_001)
        old, new = (folder.logs / f"test of logs.log{end}" for end in (".1", ""))
        assert [line[33:36] for line in (old.read_text() + new.read_text()).splitlines()] == [
            "bef",
            *(f"{number} x"[:3] for number in range(12)),
        ]
        assert new.read_text().startswith("2026-09-21T14:13:21.000Z INFO    10 x")
    finally:
        for handler in log.handlers:
            handler.close()
