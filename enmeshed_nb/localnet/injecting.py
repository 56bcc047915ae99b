"""Inject faults into a network that runs: `network.faults.inject(Status(status=503, connector="sender", times=2))`."""

from pathlib import Path

from enmeshed_nb.closing import Closing
from enmeshed_nb.localnet.faults import ActiveFault, Fault
from enmeshed_nb.localnet.joining import look, look_at_running
from enmeshed_nb.localnet.settings import Folder, data_dir


class Injected(Closing):
    """Faults that were injected; the end of the `with` in which this stands ends them."""

    def __init__(self, folder: Folder, faults: tuple[Fault, ...]) -> None:
        self._folder = folder
        self.faults = faults

    def close(self) -> None:
        """End the faults that are still active: a Connector that was killed runs again then."""
        look(self._folder, clear=[each.id for each in self.faults])


class NetworkFaults:
    """The faults of a network: see `enmeshed_nb.localnet.faults` for the kinds that there are.

    Args:
        folder: the network's folder.
    """

    def __init__(self, folder: Path | str) -> None:
        self._folder = Folder(data_dir(folder))

    def inject(self, *faults: Fault) -> Injected:
        """Let faults be active from now on.

        Each ends by itself (`lasts`, `times`), by `clear()`, at the end of the `with` in which this stands, and, if
        this process uses the network, with the process, however that dies.

        Args:
            faults: what is to fail; if a call meets several, they act in this order.

        Returns:
            what ends them: `with network.faults.inject(…):`.

        Raises:
            NetworkError: no network runs, or it has no such Connector; nothing is injected then.
        """
        look_at_running(self._folder, inject=[each.model_dump() for each in faults])
        return Injected(self._folder, faults)

    @property
    def active(self) -> list[ActiveFault]:
        """The faults that are active now, oldest first.

        Raises:
            NetworkError: no network runs.
        """
        return look_at_running(self._folder).faults

    def clear(self) -> None:
        """End all faults, whoever injected them; Connectors that were killed run again then.

        Raises:
            NetworkError: a Connector cannot be started again.
        """
        look(self._folder, clear=["*"])

    def clear_own(self) -> None:
        """End those faults that this process has injected.

        Raises:
            NetworkError: a Connector cannot be started again.
        """
        look(self._folder, clear=["own"])
