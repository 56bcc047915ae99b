"""The Backbone alone: served while a `with` lasts, one of a folder at a time."""

from pathlib import Path

import httpx
import pytest

from enmeshed_nb.localnet import NetworkError, relay
from enmeshed_nb.localnet.ports import bind
from enmeshed_nb.localnet.settings import Folder, FolderInUseError

CLIENTS = {"test": "test"}


@pytest.fixture
def network_folder(tmp_path: Path) -> Folder:
    folder = Folder(tmp_path / "network")
    folder.make()
    return folder


def test_it_is_served_until_its_end(network_folder):
    with relay.serve(network_folder, 0, CLIENTS, admin_port=0, admin_api_key="secret") as backbone:
        assert httpx.get(f"{backbone.url}/health").json() == {"status": "Healthy"}
        assert httpx.get(f"{backbone.admin_url}/api/v1/xsrf", headers={"x-api-key": "secret"}).status_code == 200
        url = backbone.url
    with pytest.raises(httpx.ConnectError):
        httpx.get(f"{url}/health")


def test_one_folder_is_served_once_and_without_an_admin_api_unless_it_is_asked_for(network_folder):
    with relay.serve(network_folder, 0, CLIENTS) as backbone:
        assert (backbone.admin, backbone.admin_url) == (None, "")
        with pytest.raises(FolderInUseError), relay.serve(network_folder, 0, CLIENTS):
            pass


def test_a_taken_port_leaves_nothing_behind(network_folder):
    with bind(0, "a test") as taken:
        port = taken.getsockname()[1]
        for ports in ({"port": port}, {"port": 0, "admin_port": port}):
            with (
                pytest.raises(NetworkError, match=f"Port {port} for the Backbone"),
                relay.serve(network_folder, clients=CLIENTS, **ports),
            ):
                pass
    with relay.serve(network_folder, port, CLIENTS) as backbone:
        assert httpx.get(f"{backbone.url}/health").status_code == 200
