"""Networks to try things on that need not be started for that."""

import shutil
from pathlib import Path

import pytest

from enmeshed_nb.localnet import stop
from enmeshed_nb.localnet.settings import Folder, Settings
from tests.conftest import up


@pytest.fixture(scope="session")
def stopped(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A network that ran and was stopped."""
    path = tmp_path_factory.mktemp("stopped") / "network"
    up(path)
    stop(path)
    return path


@pytest.fixture
def copy(stopped: Path, folder: Path) -> Folder:
    """A network of one's own that ran and was stopped; if the test starts it, it is stopped in the end."""
    shutil.copytree(stopped, folder)
    return Folder(folder)


def addresses(folder: Folder) -> dict[str, str]:
    """Return the address of each Connector, as the settings know it."""
    return {name: connector.address for name, connector in Settings.load(folder.settings).connectors.items()}
