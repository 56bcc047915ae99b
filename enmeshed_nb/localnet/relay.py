"""Serve the Backbone of a network's folder: beside Connectors, or alone for Connectors that are started elsewhere."""

import signal
import threading
from collections.abc import Iterable, Iterator, Mapping
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from datetime import timedelta

from sqlalchemy.exc import DatabaseError

from enmeshed_nb.localnet.backbone import Backbone
from enmeshed_nb.localnet.errors import NetworkError
from enmeshed_nb.localnet.failing import FaultList
from enmeshed_nb.localnet.failing_backbone import FailingBackbone
from enmeshed_nb.localnet.ports import bind
from enmeshed_nb.localnet.serving import Server
from enmeshed_nb.localnet.settings import Durability, Folder


@dataclass(frozen=True)
class Relay:
    """A Backbone that is served.

    Attributes:
        server: serves what Connectors need.
        admin: serves the admin API; None if that was not asked for.
        backbone: what is served.
    """

    server: Server
    admin: Server | None
    backbone: Backbone

    @property
    def url(self) -> str:
        """The base URL for Connectors; its host name stands in the addresses of the Identities."""
        return f"http://localhost:{self.server.port}"

    @property
    def admin_url(self) -> str:
        """The base URL of the admin API, empty if it is not served."""
        return f"http://localhost:{self.admin.port}" if self.admin else ""


@contextmanager
def serve(
    folder: Folder,
    port: int,
    clients: Mapping[str, str],
    *,
    admin_port: int | None = None,
    admin_api_key: str = "",
    allowed_hosts: Iterable[str] = (),
    durability: Durability = "process",
    ahead: timedelta = timedelta(),
    faults: FaultList | None = None,
) -> Iterator[Relay]:
    """Serve the Backbone of a folder while the `with` lasts.

    Args:
        folder: the network's folder; it must exist.
        port: the port on the loopback interface, 0 for any.
        clients: the secrets of the OAuth clients by their ids; Connectors need one of them.
        admin_port: the port of the admin API, 0 for any; without it there is none.
        admin_api_key: what the admin API wants as `x-api-key`.
        allowed_hosts: names by which both may be called beside `localhost` and the loopback addresses.
        durability: what stored data survive: a kill, or a power failure, too.
        ahead: how far its time is ahead of the real one.
        faults: how it is to fail on purpose.

    Raises:
        FolderInUseError: another process serves this Backbone.
        PortTakenError: a port is taken.
        NetworkError: the Backbone's store is damaged, or cannot be written.
    """
    with ExitStack() as stack:
        stack.enter_context(folder.exclusively(folder.backbone_lock))
        listener = stack.enter_context(bind(port, "the Backbone"))
        admin_listener = None
        if admin_port is not None:
            admin_listener = stack.enter_context(bind(admin_port, "the Backbone's admin API"))
        try:
            backbone = Backbone(
                folder.backbone,
                clients=clients,
                allowed_hosts=allowed_hosts,
                survives_power_failure=durability == "power",
                ahead=ahead,
            )
        except DatabaseError as error:
            raise NetworkError(
                f"The Backbone's store {folder.backbone_store} cannot be used: {error.orig}.",
                f"Put a sound copy of the file back, or begin anew: {folder.command('reset')}",
            ) from error
        stack.callback(backbone.close)
        admin = (
            stack.enter_context(Server(backbone.admin_app(admin_api_key), admin_listener)) if admin_listener else None
        )
        app = FailingBackbone(backbone.app, faults, backbone.address_of) if faults else backbone.app
        server = stack.enter_context(Server(app, listener, before_stop=backbone.end_streams))
        yield Relay(server, admin, backbone)


def wait_for_interrupt() -> None:
    """Wait until this process is asked to end: by Ctrl-C, or by SIGTERM."""
    asked = threading.Event()
    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, lambda *_: asked.set())
    asked.wait()
