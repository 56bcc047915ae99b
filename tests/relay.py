"""What stands between a client and a Connector: a server that ends TLS, and a forward proxy (CONNECT)."""

import base64
import socket
import ssl
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from urllib.parse import urlsplit

from enmeshed_nb.localnet.ports import bind

Address = tuple[str, int]


def _pump(source: socket.socket, sink: socket.socket) -> None:
    with suppress(OSError, ValueError):
        while data := source.recv(65536):
            sink.sendall(data)
    for end in (source, sink):
        with suppress(OSError):
            end.shutdown(socket.SHUT_RDWR)


def _join(one: socket.socket, other: socket.socket) -> None:
    with one, other:
        back = threading.Thread(target=_pump, args=(other, one), daemon=True)
        back.start()
        _pump(one, other)
        back.join()


@contextmanager
def _accepting(serve: Callable[[socket.socket], None]) -> Iterator[int]:
    """Serve each connection in a thread; yield the port."""
    listener = bind(0, "a relay")
    held: list[socket.socket] = []

    def handle(connection: socket.socket) -> None:
        with suppress(OSError), connection:
            serve(connection)

    def accept() -> None:
        with suppress(OSError):
            while True:
                connection, _ = listener.accept()
                held.append(connection)
                threading.Thread(target=handle, args=(connection,), daemon=True).start()

    thread = threading.Thread(target=accept, daemon=True)
    thread.start()
    try:
        yield listener.getsockname()[1]
    finally:
        with suppress(OSError):
            listener.shutdown(socket.SHUT_RDWR)
        listener.close()
        for connection in held:
            connection.close()
        thread.join()


@contextmanager
def tls_before(url: str, context: ssl.SSLContext) -> Iterator[str]:
    """Have https before a server that speaks http; yield its URL."""
    parts = urlsplit(url)

    def serve(connection: socket.socket) -> None:
        with context.wrap_socket(connection, server_side=True) as secure:
            _join(secure, socket.create_connection((parts.hostname, parts.port)))

    with _accepting(serve) as port:
        yield f"https://localhost:{port}"


@contextmanager
def forward_proxy(login: str = "") -> Iterator[tuple[str, list[str]]]:
    """Have a proxy for https; yield its address (host and port), and the list of where it was asked to connect to.

    Args:
        login: user and password that it wants, with a colon between them.
    """
    asked: list[str] = []
    wanted = f"proxy-authorization: basic {base64.b64encode(login.encode()).decode()}".lower()

    def serve(connection: socket.socket) -> None:
        head = b""
        while b"\r\n\r\n" not in head and (data := connection.recv(4096)):
            head += data
        first, *headers = head.decode("latin-1").split("\r\n")
        method, target, _ = first.split(" ")
        asked.append(target)
        if login and wanted not in map(str.lower, headers):
            connection.sendall(b"HTTP/1.1 407 Proxy Authentication Required\r\nContent-Length: 0\r\n\r\n")
        elif method != "CONNECT":
            connection.sendall(b"HTTP/1.1 405 Method Not Allowed\r\nContent-Length: 0\r\n\r\n")
        else:
            host, _, port = target.rpartition(":")
            with socket.create_connection((host, int(port))) as there:
                connection.sendall(b"HTTP/1.1 200 Connection established\r\n\r\n")
                _join(connection, there)

    with _accepting(serve) as port:
        yield f"127.0.0.1:{port}", asked
