"""The program that is a local network: it starts Node, which has most to import, then all that watches over it.

Started by `enmeshed_nb.localnet.local_network` as `python -P -m enmeshed_nb.localnet.program DATA_DIR`, in a session of
its own. It inherits the folder's lock and the socket of its control port, so that there is no moment in which the
folder seems free or nobody can be asked; one JSON line on stdin, an `Order`, says which these are and what is wanted.
"""

import gc
import json
import logging
import os
import sys
from pathlib import Path

from enmeshed_nb.localnet import node


def main() -> int:
    """Run the network of the folder that is the first argument; return the exit code."""
    gc.disable()  # what is imported stays: nothing of it is looked through for garbage, until the network is up
    os.umask(0o077)  # nobody else can read what this process and Node write
    order = sys.stdin.readline()
    process = node.start(lock=json.loads(order)["lock"])
    from enmeshed_nb.localnet import supervisor  # noqa: PLC0415 - while Node imports the Runtime

    return supervisor.run(Path(sys.argv[1]), order, process)


if __name__ == "__main__":
    code = main()
    logging.shutdown()
    os._exit(code)  # all is closed and written: taking Python apart would only keep the folder's lock for longer
