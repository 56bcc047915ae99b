"""A seeded, bounded load of Requests on two Connectors, and its report: the same on a local and on a deployed network.

enmeshed-nb load --requests 200 --rate 10 --out before
enmeshed-nb load --requests 200 --rate 10 --out after --against before/load.json
"""

from enmeshed_nb.load.errors import LoadError
from enmeshed_nb.load.figures import read, succeeded
from enmeshed_nb.load.report import check_writable, text, write
from enmeshed_nb.load.running import Asked, Pair, connected, require_yes, run, stated
from enmeshed_nb.load.workload import Mix

__all__ = [
    "Asked",
    "LoadError",
    "Mix",
    "Pair",
    "check_writable",
    "connected",
    "read",
    "require_yes",
    "run",
    "stated",
    "succeeded",
    "text",
    "write",
]
