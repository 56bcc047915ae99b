"""By which names the Backbone may be called, and whose pages may change something: what keeps other sites out."""

import socket
import stat
from pathlib import Path

import httpx
import psutil
import pytest

from enmeshed_nb.localnet import NetworkError
from enmeshed_nb.localnet.settings import Settings, Wanted
from tests.backbone.world import ADMIN_KEY, World, ok, refused
from tests.conftest import enmeshed_nb, until

FORBIDDEN = "error.platform.forbidden"
OWN = ["localhost", "localhost:8090", "LocalHost:1", "127.0.0.1", "127.0.0.1:8090", "127.1.2.3", "[::1]", "[::1]:8090"]
OTHERS = ["evil.example", "evil.example:8090", "localhost.evil.example", "127.0.0.1.evil.example", "192.168.0.1", ""]
ODD = ["[::1", "::1", "localhost:x", "user@localhost", "localhost evil", "[::2]", "0.0.0.0", "2130706433"]


@pytest.mark.parametrize("host", OWN)
def test_it_answers_to_the_names_of_this_machine(world: World, host: str) -> None:
    assert ok(world.anyone.get("/Version", headers={"host": host})) == {"majorVersion": "7"}


@pytest.mark.parametrize("host", [*OTHERS, *ODD])
def test_it_does_not_answer_to_others(world: World, host: str) -> None:
    error = refused(world.anyone.get("/Version", headers={"host": host}), FORBIDDEN, 403)
    assert f"'{host}'" in error["message"]
    answer = world.admin.get("/api/v1/xsrf", headers={"host": host, "x-api-key": ADMIN_KEY})
    refused(answer, FORBIDDEN, 403)


def test_names_can_be_allowed(tmp_path: Path) -> None:
    world = World(tmp_path, hostname="backbone.example", allowed_hosts=["Other.example", "fd00::1"])
    for host in ("backbone.example", "backbone.example:8090", "other.EXAMPLE", "[fd00::1]:80", "localhost"):
        ok(world.anyone.get("/Version", headers={"host": host}))
    refused(world.anyone.get("/Version", headers={"host": "third.example"}), FORBIDDEN, 403)
    world.close()


@pytest.mark.parametrize("origin", ["https://evil.example", "null", "", "http://localhost:8091", "localhost:8090"])
def test_pages_of_others_change_nothing(world: World, origin: str) -> None:
    headers = {"host": "localhost:8090", "origin": origin}
    for method in ("POST", "PUT", "PATCH", "DELETE"):
        refused(world.anyone.call(method, "/Challenges", {}, headers=headers), FORBIDDEN, 403)
    refused(world.http.post("/connect/token", headers=headers), FORBIDDEN, 403)
    assert world.rows("select * from challenges") == []
    ok(world.anyone.get("/Version", headers=headers))


@pytest.mark.parametrize("origin", ["http://localhost:8090", "https://localhost:8090", "http://LOCALHOST:8090"])
def test_its_own_pages_may(world: World, origin: str) -> None:
    ok(world.anyone.post("/Challenges", {}, headers={"host": "localhost:8090", "origin": origin}), 201)


def config(tmp_path: Path, backbone: str) -> Path:
    path = tmp_path / "config.json"
    path.write_text(f'{{"connectors": {{"a": {{}}}}, "backbone": {backbone}}}')
    return path


def test_the_names_of_a_network_are_those_of_the_last_time_unless_told(tmp_path: Path) -> None:
    wanted = Wanted.from_config(config(tmp_path, '{"allowedHosts": ["backbone.example", "fd00::1"]}'))
    settings = Settings.new().adopting(wanted)
    assert settings.backbone_hosts == ["backbone.example", "fd00::1"]
    again = Wanted.from_config(config(tmp_path, "{}"))
    assert settings.adopting(again).backbone_hosts == settings.backbone_hosts
    none = Wanted.from_config(config(tmp_path, '{"allowedHosts": []}'))
    assert settings.adopting(none).backbone_hosts == []


@pytest.mark.parametrize("hosts", ['"a"', "[1]", '["a:80"]', '["http://a"]', '["*"]', '["[::1]"]', '["a b"]'])
def test_what_is_no_name_of_a_host_is_refused(tmp_path: Path, hosts: str) -> None:
    with pytest.raises(NetworkError, match=r"backbone\.allowedHosts"):
        Wanted.from_config(config(tmp_path, f'{{"allowedHosts": {hosts}}}'))


def started(start_process, *arguments, **variables) -> tuple[psutil.Process, str, str]:
    """Start `enmeshed-nb backbone` with its admin API; return its process and both URLs."""
    process, lines = start_process("backbone", "--port", "0", "--admin-port", "0", *arguments, **variables)
    until(lambda: [line for line in lines if line.startswith("Connectors need")], what="it is up")
    urls = {line.split(": ")[0]: line.split(": ")[1].split()[0] for line in lines if ": " in line}
    return psutil.Process(process.pid), urls["Backbone"], urls["Admin API"]


def answers(url: str, **headers: str) -> int:
    return httpx.get(url, headers=headers).status_code


def test_the_command_allows_names_and_has_its_key_from_the_environment(folder, start_process) -> None:
    allowed = ("--data-dir", folder, "--allowed-host", "backbone.example", "--allowed-host", socket.gethostname())
    process, url, admin = started(start_process, *allowed, ENMESHED_NB_ADMIN_API_KEY="secret-of-environment")
    assert "secret-of-environment" not in " ".join(process.cmdline())
    assert answers(f"{url}/health", host="backbone.example:1") == 200
    assert answers(f"{url}/health", host="evil.example") == 403
    assert answers(f"{admin}/api/v1/xsrf", **{"x-api-key": "secret-of-environment"}) == 200
    assert answers(f"{admin}/api/v1/xsrf", **{"x-api-key": "guess"}) == 401
    assert enmeshed_nb("backbone", "--allowed-host", "a:1", "--data-dir", folder).returncode == 2


def test_the_command_has_its_key_from_a_file(folder, start_process, tmp_path) -> None:
    key = tmp_path / "key"
    key.write_text("secret-of-file\n")
    key.chmod(stat.S_IRUSR)
    _, _, admin = started(start_process, "--data-dir", folder, "--admin-api-key-file", key)
    assert answers(f"{admin}/api/v1/xsrf", **{"x-api-key": "secret-of-file"}) == 200


def test_the_command_says_what_is_wrong_with_its_key(folder, tmp_path) -> None:
    (tmp_path / "empty").write_text("\n")

    def said(*arguments: str | Path, code: int = 2) -> str:
        done = enmeshed_nb("backbone", "--data-dir", folder, *arguments)
        assert done.returncode == code, done.stderr
        return done.stderr

    assert "ENMESHED_NB_ADMIN_API_KEY" in said("--admin-port", "0")
    assert "ENMESHED_NB_ADMIN_API_KEY" in said("--admin-port", "0", "--admin-api-key-file", tmp_path / "empty")
    assert "goes together with --admin-port" in said("--admin-api-key-file", tmp_path / "empty")
    assert "exclude" in said("--admin-port", "0", "--admin-api-key", "x", "--admin-api-key-file", tmp_path / "empty")
    assert "cannot be read" in said("--admin-port", "0", "--admin-api-key-file", tmp_path / "missing", code=1)


def test_the_old_option_still_works_and_warns(folder) -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = str(taken.getsockname()[1])  # so that it ends at once
        done = enmeshed_nb("backbone", "--data-dir", folder, "--admin-port", port, "--admin-api-key", "x")
    assert done.returncode == 1
    assert "--admin-api-key is deprecated" in done.stderr
