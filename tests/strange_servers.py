"""Servers that stand where a Connector should be: with a bad certificate, a login page, or a Connector behind them."""

import ipaddress
import json
import socket
import ssl
import threading
import urllib.error
import urllib.request
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID

HOST = "127.0.0.2"
"""Of this machine, and yet no name of it for the client: certificates and proxies of the environment count for it."""
Answer = tuple[int, dict[str, str], bytes]


class _Server(ThreadingHTTPServer):
    def handle_error(self, *_: object) -> None:
        """Say nothing: callers that end a connection are what is tested."""


@contextmanager
def answering(answer: Callable[[BaseHTTPRequestHandler], Answer], certificate: Path | None = None) -> Iterator[int]:
    """Serve what *answer* makes of each call, and give the port; by TLS with a certificate."""

    class Handler(BaseHTTPRequestHandler):
        def handle_one_request(self) -> None:
            for method in ("GET", "HEAD", "POST", "PUT", "DELETE", "CONNECT"):
                setattr(self, f"do_{method}", self._do)
            super().handle_one_request()

        def _do(self) -> None:
            status, headers, body = answer(self)
            self.send_response_only(status)
            for name, value in ({"Content-Length": str(len(body))} | headers).items():
                self.send_header(name, value)
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, *_: object) -> None:
            pass

    with _Server((HOST, 0), Handler) as server:
        if certificate:
            context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
            context.load_cert_chain(certificate)
            server.socket = context.wrap_socket(server.socket, server_side=True)
        thread = threading.Thread(target=server.serve_forever)
        thread.start()
        yield server.server_address[1]
        server.shutdown()
        thread.join()


def login_page(_: BaseHTTPRequestHandler) -> Answer:
    """Answer as a server that wants people to log in first."""
    page = "<html><head><title>Sign in &amp; go on</title></head><body>Who are you?</body></html>"
    return 200, {"Content-Type": "text/html"}, page.encode()


def asking_for_a_password(_: BaseHTTPRequestHandler) -> Answer:
    """Answer as a proxy that wants a user and a password."""
    return 407, {"Proxy-Authenticate": "Basic"}, b""


def before(url: str, changed: Callable[[str, Answer], Answer]) -> Callable[[BaseHTTPRequestHandler], Answer]:
    """Answer as the Connector at *url* does, but for what is changed of it, by path."""

    def answer(call: BaseHTTPRequestHandler) -> Answer:
        body = call.rfile.read(int(call.headers.get("Content-Length", 0)))
        headers = {name: call.headers[name] for name in ("X-API-KEY", "Content-Type") if name in call.headers}
        asked = urllib.request.Request(url + call.path, body or None, headers, method=call.command)
        try:
            with urllib.request.urlopen(asked) as found:
                got = found.status, dict(found.headers), found.read()
        except urllib.error.HTTPError as error:
            got = error.code, dict(error.headers), error.read()
        kept = {name: value for name, value in got[1].items() if name.lower() in ("content-type", "date")}
        return changed(call.path, (got[0], kept, got[2]))

    return answer


def of_version(version: str) -> Callable[[str, Answer], Answer]:
    """Change the version that a Connector says it has."""

    def changed(path: str, answer: Answer) -> Answer:
        if path != "/Monitoring/Version":
            return answer
        return 200, answer[1], json.dumps(json.loads(answer[2]) | {"version": version}).encode()

    return changed


@contextmanager
def silent() -> Iterator[int]:
    """Give a port that takes connections and says nothing."""
    with socket.create_server((HOST, 0)) as server:
        yield server.getsockname()[1]


@contextmanager
def closed_off() -> Iterator[int]:
    """Give a port that lets nobody connect, as behind a firewall: its queue is full."""
    with socket.create_server((HOST, 0), backlog=0) as server:
        waiting = []
        for _ in range(4):
            client = socket.socket()
            client.setblocking(False)
            client.connect_ex(server.getsockname())
            waiting.append(client)
        yield server.getsockname()[1]
        for client in waiting:
            client.close()


class Authority:
    """One who issues certificates, in a folder."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._key = ec.generate_private_key(ec.SECP256R1())
        self._certificate = self._sign("The Test Authority", self._key, days=30)
        self.file = folder / "authority.pem"
        self.file.write_bytes(self._certificate.public_bytes(serialization.Encoding.PEM))

    def issue(self, name: str, *, days: int = 30) -> Path:
        """Return a file with key and certificate for a name; it expires in *days* days, or has expired."""
        key = ec.generate_private_key(ec.SECP256R1())
        certificate = self._sign(name, key, days=days)
        private = key.private_bytes(
            serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
        )
        file = self._folder / f"{name}-{days}.pem"
        file.write_bytes(private + certificate.public_bytes(serialization.Encoding.PEM))
        return file

    def _sign(self, name: str, key: ec.EllipticCurvePrivateKey, days: int) -> x509.Certificate:
        now = datetime.now(UTC)
        subject = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, name)])
        is_authority = key is self._key
        builder = (
            x509.CertificateBuilder()
            .subject_name(subject)
            .issuer_name(subject if is_authority else self._certificate.subject)
            .public_key(key.public_key())
            .serial_number(x509.random_serial_number())
            .not_valid_before(now - timedelta(days=60))
            .not_valid_after(now + timedelta(days=days))
            .add_extension(x509.BasicConstraints(is_authority, None), critical=True)
        )
        if not is_authority:
            is_address = name.replace(".", "").isdigit()
            alternative = x509.IPAddress(ipaddress.ip_address(name)) if is_address else x509.DNSName(name)
            builder = builder.add_extension(x509.SubjectAlternativeName([alternative]), critical=False)
        return builder.sign(self._key, hashes.SHA256())
