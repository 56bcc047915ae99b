"""Serve the Backbone of a folder as the supervisor does, alone in this process: its URL goes to stdout.

Started as `python -P serve.py FOLDER` with the package in question on PYTHONPATH, so that another checkout
can be served.
"""

import logging
import sys
from pathlib import Path

from enmeshed_nb.localnet import logs, relay
from enmeshed_nb.localnet.settings import Folder

if __name__ == "__main__":
    folder = Folder(Path(sys.argv[1]))
    folder.make()
    logging.getLogger("uvicorn").handlers = logs.writer(folder, "backbone").handlers
    logging.getLogger("uvicorn").setLevel(logging.INFO)
    with relay.serve(folder, 0, {"benchmark": "secret"}) as backbone:
        print(backbone.url, flush=True)
        sys.stdin.read()  # until whoever started this ends
