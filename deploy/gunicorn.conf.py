# ruff: noqa: N999 - the customary name of this file
"""gunicorn's settings for the api and for rembg: one process, many threads.

Threads mostly wait, on Postgres, on an event stream or for their turn with the model, so they are many. One process,
because pools and the model are in memory once per process; more capacity is more instances.
"""

import os
import select
import socket
import sys
from concurrent.futures import ThreadPoolExecutor
from typing import Any

from shared import deadlines, log

_REMBG = any(argument.startswith("services.rembg") for argument in sys.argv)
_PORT = os.environ.get("PORT") or (os.environ.get("REMBG_PORT") or "7000" if _REMBG else "8000")

bind = f"{os.environ.get('BIND_HOST') or '0.0.0.0'}:{_PORT}"  # noqa: S104 - a container is reached from outside
worker_class = "gthread"
workers = 1
# The api: an open event stream holds one for at most 30 s. rembg: each picture in work (one a core) or in line (8)
# holds one, and one must always be left for a probe and for saying busy.
threads = 96 if _REMBG else 32
timeout = 120  # loading and warming a large model on a slow machine takes up to a minute
graceful_timeout = deadlines.GRACE_S  # an event stream ends within this
keepalive = 75  # longer than a proxy keeps idle connections (60 s), so that it never meets one just being closed
control_socket_disable = True  # it would want a writable home
accesslog = None  # shared.web logs requests
loglevel = "warning"  # until the lines have our form


def on_starting(server: Any) -> None:
    """Give gunicorn's own lines the form of all others."""
    log.setup("rembg" if _REMBG else "api")
    logger = server.log.error_log
    logger.handlers.clear()
    logger.propagate = True
    logger.setLevel("INFO")


def post_worker_init(worker: Any) -> None:
    """What gunicorn's threads lack when there is more to do than can be done."""
    sys.setswitchinterval(0.0005)  # a probe takes the interpreter ten times, each time after every busy thread
    _prefer_probes(worker)
    _close_the_door(worker)


def _prefer_probes(worker: Any) -> None:
    """Threads of their own for health, or a probe waits behind a hundred uploads and a busy instance looks dead.

    Only for what has arrived whole: half a head would hold such a thread.
    """
    probes = ThreadPoolExecutor(2, thread_name_prefix="probe")
    ordinary = worker.tpool.submit

    def submit(handle: Any, connection: Any) -> Any:
        try:
            head = connection.sock.recv(4096, socket.MSG_PEEK | socket.MSG_DONTWAIT)
        except OSError:
            head = b""
        probing = head.startswith(b"GET /health") and head.endswith(b"\r\n\r\n")
        return (probes.submit if probing else ordinary)(handle, connection)

    worker.tpool.submit = submit


def _close_the_door(worker: Any) -> None:
    """Refuse new connections as soon as asked to stop, so that a proxy goes elsewhere at once.

    gunicorn only stops accepting: while the last answers are on their way, the kernel would still take connections
    in, and reset them when the process ends.
    """
    switch = worker.set_accept_enabled

    def set_accept_enabled(enabled: bool) -> None:
        switch(enabled)
        if not worker.alive:
            for listener in worker.sockets:
                while select.select([listener], [], [], 0)[0]:  # whoever got in line before
                    worker.accept(listener)
                listener.close()

    worker.set_accept_enabled = set_accept_enabled
