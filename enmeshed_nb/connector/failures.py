"""Why there is no connection: what httpx and the operating system say, in words of people, with a cure."""

import re
import socket
import ssl
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Literal
from urllib.parse import urlsplit
from urllib.request import getproxies, proxy_bypass

import httpx

Reason = Literal[
    "dns",
    "refused",
    "connect-timeout",
    "answer-timeout",
    "proxy-unreachable",
    "proxy-refuses",
    "tls-expired",
    "tls-wrong-name",
    "tls-unknown-issuer",
    "tls",
    "https-for-http",
    "broken",
]
"""Why there is no connection, for programs."""

_EXPIRED, _NOT_YET_VALID, _WRONG_NAMES = 10, 9, (62, 64)
_UNKNOWN_ISSUERS = (18, 19, 20, 21)
"""OpenSSL's codes of what is wrong with a certificate."""
_NO_TLS = {"WRONG_VERSION_NUMBER", "RECORD_LAYER_FAILURE", "HTTP_REQUEST", "UNKNOWN_PROTOCOL", "PACKET_LENGTH_TOO_LONG"}


@dataclass(frozen=True)
class Failure:
    """Why there is no connection.

    Attributes:
        reason: for programs.
        problem: what is wrong.
        cure: what to do.
    """

    reason: Reason
    problem: str
    cure: str


def environment_proxy(url: str) -> str | None:
    """Return the proxy that the environment names for a URL (`HTTPS_PROXY`, `NO_PROXY`, …), None if it names none."""
    parts = urlsplit(url)
    if not parts.hostname or proxy_bypass(parts.hostname):
        return None
    found = getproxies()
    return found.get(parts.scheme) or found.get("all")


def why(error: httpx.HTTPError, url: str, proxy: str | None = None, what: str = "Connector") -> Failure:
    """Return why a call had no answer.

    Args:
        error: what httpx raised, but no timeout of an answer.
        url: what was called.
        proxy: the proxy through which it is called, None without one.
        what: what is there: a Connector, or the issuer of its tokens.
    """
    runs = f"Check that the {what} runs and that the URL and port are right."
    causes = list(_causes(error))
    if isinstance(error, httpx.ProxyError):
        return _proxy_refuses(url, proxy, str(error))
    if tls := next((each for each in causes if isinstance(each, ssl.SSLError)), None):
        return _tls(tls, url)
    unreachable = _unreachable(error, causes, runs)
    if unreachable and proxy:
        _, how, _ = unreachable
        return Failure(
            "proxy-unreachable",
            f"No connection to {url}: the proxy {shown(proxy)} {how}.",
            "Check that the proxy runs and how it is named (in the settings, or by HTTPS_PROXY, HTTP_PROXY); NO_PROXY "
            "names hosts that are called directly.",
        )
    if unreachable:
        reason, how, cure = unreachable
        return Failure(reason, f"No connection to {url}: {_host(url)} {how}.", cure)
    return Failure("broken", f"No connection to {url}: {error or type(error).__name__}.", runs)


def _unreachable(error: httpx.HTTPError, causes: list[BaseException], runs: str) -> tuple[Reason, str, str] | None:
    """Return how the host that was to be connected to cannot be reached, None if it can."""
    if any(isinstance(each, socket.gaierror) for each in causes):
        return (
            "dns",
            "is a name that is not known here",
            "Check how the host's name is written, and whether this machine's DNS (or VPN) knows it.",
        )
    if any(isinstance(each, ConnectionRefusedError) for each in causes):
        return "refused", "refuses the connection, so nothing listens at that port", runs
    if isinstance(error, httpx.ConnectTimeout):
        return (
            "connect-timeout",
            "does not answer in time",
            "Check host and port, and whether a firewall on the way lets this machine through.",
        )
    return None


def refused_by_proxy(url: str, proxy: str | None) -> Failure:
    """Return what a 407 means."""
    return _proxy_refuses(url, proxy, "407")


def _proxy_refuses(url: str, proxy: str | None, said: str) -> Failure:
    who = f"the proxy {shown(proxy)}" if proxy else "the proxy"
    if said.startswith("407"):
        problem = f"No connection to {url}: {who} wants a user and a password (407)."
        return Failure("proxy-refuses", problem, "Name them in the proxy's URL: http://user:password@host:port.")
    return Failure(
        "proxy-refuses",
        f"No connection to {url}: {who} does not lead there; it says: {said}.",
        "Check that the proxy may reach the host; NO_PROXY names hosts that are called directly.",
    )


def _tls(error: ssl.SSLError, url: str) -> Failure:
    host = urlsplit(url).hostname
    code = getattr(error, "verify_code", None)
    if code == _EXPIRED:
        return Failure(
            "tls-expired",
            f"The certificate of {url} has expired.",
            "Renew it where the encrypted connection ends: at the Connector, or at what stands before it.",
        )
    if code in _WRONG_NAMES:
        return Failure(
            "tls-wrong-name",
            f"The certificate of {url} is not for {host}.",
            "Use a URL with a name that the certificate has, or have one issued for this name.",
        )
    if code in _UNKNOWN_ISSUERS:
        return Failure(
            "tls-unknown-issuer",
            f"The certificate of {url} comes from an issuer whom this machine does not trust.",
            "If it is your own authority, name it: `ca_file` in the settings, Tls(ca_file=…) in a program. Else "
            "somebody may be reading along.",
        )
    if error.reason in _NO_TLS:
        return Failure("https-for-http", f"{url} speaks http and not https.", "Let the URL begin with http://.")
    said = getattr(error, "verify_message", "") or re.sub(r"\s*\(_ssl\.c:\d+\)", "", str(error))
    cure = "Check the clock of this machine." if code == _NOT_YET_VALID else "Check how that server is set up for TLS."
    return Failure("tls", f"No encrypted connection to {url}: {said}.", cure)


def shown(proxy: str) -> str:
    """Return a proxy's URL without user and password."""
    parts = urlsplit(proxy)
    return parts._replace(netloc=parts.netloc.rpartition("@")[2]).geturl()


def _host(url: str) -> str:
    return urlsplit(url).netloc.rpartition("@")[2]


def _causes(error: BaseException) -> Iterator[BaseException]:
    """Yield an error and what led to it."""
    seen: set[int] = set()
    waiting: list[BaseException | None] = [error]
    while waiting:
        each = waiting.pop(0)
        if each is None or id(each) in seen:
            continue
        seen.add(id(each))
        yield each
        waiting += [each.__cause__, each.__context__]
        if isinstance(each, BaseExceptionGroup):
            waiting += each.exceptions
