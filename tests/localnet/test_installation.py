"""The installation of the Runtime: once, whoever else installs at the same time, and without litter."""

import shutil
import ssl
import subprocess
import threading
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from ipaddress import ip_address
from pathlib import Path

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat
from cryptography.x509.oid import NameOID

from enmeshed_nb.localnet import NetworkError, install, node
from tests.conftest import ROOT, closed_port


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
    monkeypatch.setattr(node, "HOST", host)
    monkeypatch.setattr(install, "_DONE", host / "node_modules" / ".installed-lock.json")
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))
    return clone


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
    with pytest.raises(NetworkError, match="connector_host is not writable") as error:
        install.install()
    assert "virtual environment" in error.value.cure


def test_the_progress_of_npm_is_told(clone):
    told: list[float] = []
    assert install.install(told.append)
    assert told == sorted(told)
    assert len(set(told)) > 20
    assert told[-1] > 0.4  # less than all if npm had some of it in its cache


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
