"""Serve a Backbone from a folder on a socket, as a process that tests kill."""

import socket
import sys
from pathlib import Path

import uvicorn

from enmeshed_nb.localnet.backbone import Backbone

if __name__ == "__main__":
    folder, descriptor = sys.argv[1:]
    app = Backbone(Path(folder), clients={"test": "secret"}).app
    uvicorn.Server(uvicorn.Config(app, log_level="warning")).run(sockets=[socket.socket(fileno=int(descriptor))])
