"""Listening on the loopback interface: ports are had by binding them, never by trying them."""

import socket

from enmeshed_nb.localnet.errors import PortTakenError

LOOPBACK = "127.0.0.1"


def bind(port: int, what: str) -> socket.socket:
    """Return a listening socket on the loopback interface.

    Args:
        port: the port, 0 for one that the operating system chooses.
        what: who wants it, for the error's text.

    Raises:
        PortTakenError: the port is taken or may not be used.
    """
    # asyncio only switches Nagle's algorithm off (it costs 40 ms per answer) for sockets that name their protocol
    listener = socket.socket(socket.AF_INET, socket.SOCK_STREAM, socket.IPPROTO_TCP)
    listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    try:
        listener.bind((LOOPBACK, port))
        listener.listen(128)
    except OSError as error:
        listener.close()
        raise PortTakenError(
            f"Port {port} for {what} cannot be used: {error.strerror}.",
            "Stop the program that uses it, or choose another port (0: any that is free).",
        ) from error
    return listener
