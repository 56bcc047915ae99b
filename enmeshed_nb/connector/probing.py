"""What stands where a Connector should be: asked without its API, and without showing the key."""

import socket
import ssl
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

import httpx

if TYPE_CHECKING:
    from enmeshed_nb.connector._sync.client import Connector

_TIMEOUT = 5.0  # seconds


@dataclass(frozen=True)
class Certificate:
    """What the certificate of a server says.

    Attributes:
        subject: whom it is for.
        issuer: who made it; the same as `subject` if it is signed by itself.
        names: the host names and addresses that it is for.
        until: when it expires, in UTC.
    """

    subject: str
    issuer: str
    names: tuple[str, ...]
    until: datetime

    def __str__(self) -> str:
        by = "itself" if self.issuer == self.subject else self.issuer
        ended = "expired" if self.until < datetime.now(UTC) else "valid until"
        names = f" for {', '.join(self.names)}" if self.names else ""
        return f"{self.subject}{names}, issued by {by}, {ended} {self.until:%Y-%m-%d %H:%M} UTC"


def certificate_of(connector: "Connector") -> Certificate | None:
    """Return the certificate that is shown where a Connector is, whoever shows it; None if that cannot be told.

    Without the package `cryptography` (extra `network`) it cannot be read.
    """
    http = connector._http
    try:
        with (
            httpx.Client(verify=_trusting(), trust_env=False, proxy=http.proxy, timeout=_TIMEOUT) as client,
            client.stream("HEAD", f"{http.url}/health") as answer,
        ):
            shown = answer.extensions["network_stream"].get_extra_info("ssl_object").getpeercert(True)
    except (httpx.HTTPError, OSError, ValueError):
        return None
    try:
        return _read(shown)
    except (ImportError, ValueError):
        return None


def _read(der: bytes) -> Certificate:
    from cryptography import x509  # noqa: PLC0415  (not in each installation)

    found = x509.load_der_x509_certificate(der)
    try:
        names = found.extensions.get_extension_for_class(x509.SubjectAlternativeName).value
        texts = (*names.get_values_for_type(x509.DNSName), *map(str, names.get_values_for_type(x509.IPAddress)))
    except x509.ExtensionNotFound:
        texts = ()
    subject, issuer = found.subject.rfc4514_string(), found.issuer.rfc4514_string()
    return Certificate(subject, issuer, texts, found.not_valid_after_utc)


def speaks_tls(connector: "Connector") -> bool:
    """Tell whether what is at a Connector's host and port, called without a proxy, expects an encrypted connection."""
    if connector._http.proxy:
        return False
    parts = urlsplit(connector.url)
    try:
        with (
            socket.create_connection((parts.hostname or "", parts.port or 80), _TIMEOUT) as plain,
            _trusting().wrap_socket(plain, server_hostname=parts.hostname),
        ):
            return True
    except (OSError, ValueError):
        return False


def _trusting() -> ssl.SSLContext:
    """Return what trusts everybody: to look at a certificate, never to send anything secret."""
    context = ssl.create_default_context()
    context.check_hostname = False
    context.verify_mode = ssl.CERT_NONE
    return context
