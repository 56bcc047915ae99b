"""The pytest plugin: fixtures for tests of one's own programs against real Connectors.

`enmeshed_network`, `sender` and `recipient`, `related_connectors` and `connector_factory` are described where they
stand. Options, each with an ini key of the same meaning: `--enmeshed-data-dir` (`enmeshed_data_dir`), `--enmeshed-keep`
(`enmeshed_keep`), `--enmeshed-log` (`enmeshed_log`), `--enmeshed-profile` (`enmeshed_profile`).

All processes of pytest-xdist share one network, which stops when the last of them has ended. If a profile or
the `ENMESHED_NB_*` variables name Connectors of your own, `sender` and `recipient` are these; tests that need more are
skipped.
"""

from collections.abc import Callable, Generator, Iterator, Sequence
from contextlib import suppress
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

import enmeshed_nb  # it imports its names when they are used
from enmeshed_nb import testing

if TYPE_CHECKING:
    from enmeshed_nb import Connector, Journal
    from enmeshed_nb.testing import NetworkForTests, Pair

_LOG_LINES = 20
"""How many lines of a Connector's log are shown of a test that failed, unless it is said otherwise."""
_WORKER_FOLDER = "enmeshed"
_JOURNALS = pytest.StashKey[list["Journal"]]()
_NETWORK = pytest.StashKey["NetworkForTests"]()


def pytest_addoption(parser: pytest.Parser) -> None:
    """Add the options and the ini keys."""
    group = parser.getgroup("enmeshed", "a local enmeshed network (enmeshed-nb)")
    group.addoption(
        "--enmeshed-data-dir", metavar="DIR", help="the network's folder; a new one for each run without it"
    )
    group.addoption("--enmeshed-keep", action="store_true", default=None, help="let the network run on afterwards")
    group.addoption(
        "--enmeshed-log", type=int, metavar="N", help=f"lines of the logs shown of a failed test ({_LOG_LINES})"
    )
    group.addoption("--enmeshed-profile", metavar="NAME", help="use your own Connectors: those of this profile")
    parser.addini("enmeshed_data_dir", "the network's folder, relative to the rootdir")
    parser.addini("enmeshed_keep", "let the network run on afterwards; needs a folder", type="bool", default=False)
    parser.addini("enmeshed_log", "lines of the logs shown of a failed test", default=str(_LOG_LINES))
    parser.addini("enmeshed_profile", "use your own Connectors: those of this profile", default="")


def pytest_configure(config: pytest.Config) -> None:
    """Refuse options that contradict each other."""
    if _keeps(config) and not _data_dir(config):
        raise pytest.UsageError("--enmeshed-keep needs a folder that stays: --enmeshed-data-dir DIR")
    _log_lines(config)
    if profile := _profile(config):
        from enmeshed_nb.own_connectors import SettingsError, from_environment  # noqa: PLC0415 - seldom needed

        try:
            from_environment(profile)
        except SettingsError as error:
            raise pytest.UsageError(f"--enmeshed-profile: {error}") from None


def _profile(config: pytest.Config) -> str | None:
    return config.getoption("--enmeshed-profile") or str(config.getini("enmeshed_profile")) or None


def _data_dir(config: pytest.Config) -> Path | None:
    if given := config.getoption("--enmeshed-data-dir"):
        return config.invocation_params.dir / str(given)
    given = config.getini("enmeshed_data_dir")
    return config.rootpath / str(given) if given else None


def _keeps(config: pytest.Config) -> bool:
    return bool(config.getoption("--enmeshed-keep") or config.getini("enmeshed_keep"))


def _own_connectors(config: pytest.Config) -> "Pair | None":
    return testing.own_connectors(_profile(config))


def _log_lines(config: pytest.Config) -> int:
    given = config.getoption("--enmeshed-log")
    try:
        return int(config.getini("enmeshed_log")) if given is None else int(given)
    except ValueError:
        raise pytest.UsageError(f"enmeshed_log must be a number, not {config.getini('enmeshed_log')!r}") from None


@pytest.fixture(scope="session")
def _enmeshed_session(
    request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory
) -> "Iterator[NetworkForTests]":
    """Give the session's network; all processes of pytest-xdist have the same."""
    config = request.config
    if pair := _own_connectors(config):
        for connector in pair:
            connector.close()
        pytest.skip("needs a local network, and a profile or the ENMESHED_NB_* variables name Connectors of your own")
    is_worker = hasattr(config, "workerinput")
    own = tmp_path_factory.getbasetemp().parent if is_worker else tmp_path_factory.getbasetemp()
    chosen = _data_dir(config)
    with testing.NetworkForTests(chosen or own / _WORKER_FOLDER, keep=_keeps(config)) as network:
        config.stash[_NETWORK] = network
        yield network
    if not is_worker and chosen is None:
        network.stop()


@pytest.fixture
def enmeshed_network(_enmeshed_session: "NetworkForTests") -> "Iterator[NetworkForTests]":
    """The local network of this run: an `enmeshed_nb.testing.NetworkForTests`.

    It is started again if it was killed. Faults that a test has injected end with it.
    """
    _enmeshed_session.repair()
    yield _enmeshed_session
    _enmeshed_session.faults.clear_own()


@pytest.fixture
def connector_factory(
    request: pytest.FixtureRequest, enmeshed_network: "NetworkForTests"
) -> "Iterator[Callable[..., Connector]]":
    """A function that starts Connectors with new Identities; they are removed after the test.

    `connector_factory(name="connector", config=None, related_to=())` returns an `enmeshed_nb.Connector`.

    Args of that function:
        name: how the client calls it in messages.
        config: keys of a Connector's configuration, e.g. `{"modules": {"sse": {"enabled": True}}}`.
        related_to: a Connector, or some, that it gets an Active Relationship with.
    """
    made: list[Connector] = []

    def make(
        name: str = "connector",
        config: dict[str, Any] | None = None,
        *,
        related_to: "Connector | Sequence[Connector]" = (),
    ) -> "Connector":
        made.append(connector := enmeshed_network.connector(name, config))
        for other in [related_to] if isinstance(related_to, enmeshed_nb.Connector) else related_to:
            enmeshed_network.relate(other, connector)
        _watch(request, connector)
        return connector

    yield make
    enmeshed_network.remove(*made)


@pytest.fixture
def _enmeshed_pair(request: pytest.FixtureRequest) -> "Iterator[Pair]":
    """Give the Connectors of `sender` and `recipient`: new ones, or those that the environment names."""
    if pair := _own_connectors(request.config):
        with pair.sender, pair.recipient:
            enmeshed_nb.establish_relationship(pair.recipient, pair.sender)
            _watch(request, *pair)
            yield pair
        return
    network: NetworkForTests = request.getfixturevalue("enmeshed_network")
    pair = network.related()
    _watch(request, *pair)
    yield pair
    network.remove(*pair)


@pytest.fixture
def sender(_enmeshed_pair: "Pair") -> "Connector":
    """A Connector with a new Identity and an Active Relationship to the one of `recipient`."""
    return _enmeshed_pair.sender


@pytest.fixture
def recipient(_enmeshed_pair: "Pair") -> "Connector":
    """A Connector with a new Identity and an Active Relationship to the one of `sender`."""
    return _enmeshed_pair.recipient


@pytest.fixture(scope="session")
def _enmeshed_related() -> "list[Pair]":
    """Keep the two Connectors that all tests of this process share: the last ones, if they had to be replaced."""
    return []


@pytest.fixture
def related_connectors(
    request: pytest.FixtureRequest, enmeshed_network: "NetworkForTests", _enmeshed_related: "list[Pair]"
) -> "Pair":
    """Two related Connectors (`.sender`, `.recipient`) that all tests of this process share: no start for each test.

    If a test has left them in a state in which they cannot be used, the next one has new ones.
    """
    if not _enmeshed_related or not enmeshed_network.are_related(_enmeshed_related[-1]):
        for old in _enmeshed_related:
            enmeshed_network.remove(*old)
        _enmeshed_related[:] = [enmeshed_network.related()]
    (pair,) = _enmeshed_related
    _watch(request, *pair)
    return pair


def _watch(request: pytest.FixtureRequest, *connectors: "Connector") -> None:
    """Record what a test does with Connectors, to be told if it fails."""
    journal = enmeshed_nb.Journal(*connectors)
    request.addfinalizer(journal.close)
    request.node.stash.setdefault(_JOURNALS, []).append(journal)


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport(item: pytest.Item) -> Generator[None, pytest.TestReport, pytest.TestReport]:
    """Show of a test that failed what happened at its Connectors, and what they have logged last."""
    report = yield
    journals = item.stash.get(_JOURNALS, [])
    if report.when == "call" and report.failed and journals:
        for journal in journals:
            report.sections.append((f"enmeshed: {' and '.join(journal.names)}", testing.told(journal)))
            _add_logs(report, item.config, journal)
    return report


def _add_logs(report: pytest.TestReport, config: pytest.Config, journal: "Journal") -> None:
    network = config.stash.get(_NETWORK, None)
    for connector in journal.connectors:
        with suppress(KeyError):  # one of your own: its log is elsewhere
            lines = network.last_log_lines(connector, _log_lines(config)) if network else ()
            if lines:
                report.sections.append((f"log of {connector.name}", "\n".join(lines)))
