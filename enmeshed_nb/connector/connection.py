"""How one gets to a Connector: its URL, what authenticates there, TLS, a proxy, headers of one's own."""

import os
import ssl
from collections.abc import Mapping
from dataclasses import dataclass, field
from importlib.util import find_spec
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import httpx

from enmeshed_nb.connector.authentication import ApiKey, Authentication, header_name
from enmeshed_nb.connector.errors import InvalidInput
from enmeshed_nb.connector.exchange import API

_OURS = {
    "accept", "connection", "content-length", "content-type", "host", "te", "traceparent", "transfer-encoding",
    "upgrade", "x-correlation-id",
}  # fmt: skip
_PROXIES = ("http", "https", "socks5", "socks5h")


@dataclass(frozen=True)
class Tls:
    """Certificates for https.

    Args:
        ca_file: a PEM file with certificates of authorities that are trusted beside the usual ones.
        certificate: a PEM file with the client's certificate (and those between it and an authority's).
        key: a PEM file with its key, if it is not in the same file.
        password: of the key, if it has one (never shown).
    """

    ca_file: Path | str | None = None
    certificate: Path | str | None = None
    key: Path | str | None = None
    password: str | None = field(default=None, repr=False)

    def context(self, *, trust_env: bool = True) -> ssl.SSLContext:
        """Return what the files say as Python takes it.

        Args:
            trust_env: whether SSL_CERT_FILE and SSL_CERT_DIR count.

        Raises:
            InvalidInput: a file is missing or holds something else; says which, and what to do.
        """
        context = httpx.create_ssl_context(trust_env=trust_env)
        if self.ca_file:
            try:
                context.load_verify_locations(cafile=_there(self.ca_file, "CA file"))
            except ssl.SSLError:
                raise InvalidInput(
                    f"The CA file {self.ca_file} holds no certificate.",
                    "Give a PEM file: -----BEGIN CERTIFICATE----- must stand in it.",
                ) from None
        if self.key and not self.certificate:
            raise InvalidInput("A client key without a certificate is of no use.", "Name the certificate, too.")
        if self.certificate:
            self._load_certificate(context)
        return context

    def _load_certificate(self, context: ssl.SSLContext) -> None:
        certificate = _there(self.certificate, "client certificate")
        key = _there(self.key, "client key") if self.key else None
        asked = []

        def password() -> str:  # OpenSSL would else ask in the terminal
            asked.append(True)
            return self.password or ""

        try:
            context.load_cert_chain(certificate, key, password)
        except ssl.SSLError as error:
            if asked:
                wrong = "has another password" if self.password else "is encrypted"
                raise InvalidInput(f"The client key {key or certificate} {wrong}.", "Give its password.") from None
            if "MISMATCH" in str(error.reason):
                raise InvalidInput(
                    f"The client key {key or certificate} is not that of the certificate {certificate}.",
                    "Name the two that were made together.",
                ) from None
            if not key:
                raise InvalidInput(
                    f"The client certificate {certificate} cannot be used, or has no key with it.",
                    "Name the key's file, too; both are PEM files.",
                ) from None
            raise InvalidInput(
                f"The client certificate {certificate} or its key {key} cannot be read.", "Both must be PEM files."
            ) from None


def _there(given: Path | str | None, what: str) -> str:
    path = os.path.expanduser(given or "")  # noqa: PTH111 - for ssl, as a text
    try:
        Path(path).read_bytes()
    except (OSError, ValueError) as error:
        said = error.strerror if isinstance(error, OSError) else error
        raise InvalidInput(f"The {what} {path} cannot be read: {said}.", "Check the path.") from None
    return path


@dataclass(frozen=True)
class Connection:
    """How one gets to a Connector.

    Args:
        url: where it is.
        auth: what authenticates there.
        tls: certificates for https.
        proxy: the URL of a proxy, which may have a user and a password (never shown).
        headers: headers of one's own for each call.

    Raises:
        InvalidInput: one of them cannot be meant.
    """

    url: str
    auth: Authentication
    tls: Tls | None = None
    proxy: str | None = field(default=None, repr=False)
    headers: Mapping[str, str] | None = field(default=None, repr=False)

    def __post_init__(self) -> None:
        parts = urlsplit(self.url)
        if parts.scheme not in ("http", "https") or not parts.hostname:
            raise InvalidInput(
                f"{self.url!r} is not the URL of a Connector.", "Use e.g. https://connector.example.com."
            )
        if not isinstance(self.auth, Authentication):
            raise InvalidInput(
                f"auth={self.auth!r} is no way to authenticate.", "Use ApiKey, BearerToken or ClientCredentials."
            )
        if self.proxy is not None:
            _check_proxy(self.proxy)
        for name, value in (self.headers or {}).items():
            if header_name(name).lower() in _OURS | {self.auth.header.lower()}:
                raise InvalidInput(f"The header {name} is needed for something else.", "Take it out of headers=….")
            if not isinstance(value, str) or not value.isascii() or not value.isprintable():
                raise InvalidInput(f"The header {name} has a value that cannot be sent.", "Use printable ASCII.")
        if self.tls:
            self.tls.context()

    @classmethod
    def of(
        cls,
        url: str,
        api_key: str | None,
        *,
        api_key_header: str,
        auth: Authentication | None,
        tls: Tls | None,
        proxy: str | None,
        headers: Mapping[str, str] | None,
    ) -> "Connection":
        """Return the connection that the arguments of a `Connector` mean.

        Raises:
            InvalidInput: one of them cannot be meant, or key and *auth* are both given, or neither.
        """
        if (api_key is None) == (auth is None):
            raise InvalidInput(
                "Either an API key or auth=… is needed.", "Connector(url, key) or Connector(url, auth=…)."
            )
        known = auth if api_key is None else ApiKey(api_key, api_key_header)
        assert known is not None
        return cls(url.strip().rstrip("/").removesuffix(API), known, tls, proxy, headers and dict(headers))

    @property
    def name(self) -> str:
        """Host and port."""
        return urlsplit(self.url).netloc.rpartition("@")[2]

    def arguments(self) -> dict[str, Any]:
        """Return the arguments of httpx's client, but for what authenticates."""
        trust_env = urlsplit(self.url).hostname not in ("127.0.0.1", "::1", "localhost")
        found = {"base_url": self.url, "trust_env": trust_env, "headers": self.headers, "proxy": self.proxy}
        return found | ({"verify": self.tls.context(trust_env=trust_env)} if self.tls else {})

    @property
    def shown_proxy(self) -> str:
        """The proxy, without user and password; empty without one."""
        if not self.proxy:
            return ""
        parts = urlsplit(self.proxy)
        return f"{parts.scheme}://{parts.netloc.rpartition('@')[2]}"


def _check_proxy(url: str) -> None:
    parts = urlsplit(url)
    shown = f"{parts.scheme}://{parts.netloc.rpartition('@')[2]}"
    try:
        whole = parts.scheme in _PROXIES and parts.hostname and (parts.port or True)
    except ValueError:  # the port is none
        whole = False
    if not whole:
        raise InvalidInput(f"{shown!r} is not the URL of a proxy.", "Use e.g. http://proxy.example.com:3128.")
    if parts.scheme.startswith("socks") and not find_spec("socksio"):
        raise InvalidInput(f"{shown} needs a package that is not installed.", 'Run: pip install "httpx[socks]"')
