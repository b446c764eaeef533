# ruff: noqa: N999 - the customary name of this file
"""gunicorn's settings for the api and for rembg: one process, many threads.

One process, because pools and the model are in memory once per process; more capacity is more instances. Who calls is
told by what has arrived, before any thread is spent on it:

    nothing yet ──> waits in the main loop, without a thread
    GET /health ──> 2 threads ─────────────────────┐
    GET .../events ──> threads that only wait      ├──> the application
    anything else ──> threads that work ───────────┘

On the processor the threads that work come last as well: who takes calls in and answers probes needs little, at once.
"""

import gc
import os
import re
import select
import selectors
import shutil
import socket
import sys
import tempfile
import time
from concurrent.futures import Future, ThreadPoolExecutor
from functools import partial
from pathlib import Path
from typing import Any

from shared import log, timeouts

_REMBG = any(argument.startswith("services.rembg") for argument in sys.argv)
_PORT = os.environ.get("PORT") or (os.environ.get("REMBG_PORT") or "7000" if _REMBG else "8000")

bind = f"{os.environ.get('BIND_HOST') or '0.0.0.0'}:{_PORT}"  # noqa: S104 - a container is reached from outside
worker_class = "gthread"
workers = 1
# The api: 24 may wait for a picture to be decoded (services/api/decoder), the others for Postgres and the storage.
# rembg: each picture in work (one a core) or in line (8) holds one, and one must always be left for saying busy.
threads = 96 if _REMBG else 32
timeout = 120  # loading and warming a large model on a slow machine takes up to a minute
graceful_timeout = timeouts.GRACE_S  # an event stream ends within this
keepalive = 75  # longer than a proxy keeps idle connections (60 s), so that it never meets one just being closed
_NICE = 15  # of the api's threads that work; rembg's step back by themselves (services/rembg/inference.py)
_STREAMS = 24  # the api opens 20 (services/api/jobs/events.py), and says busy to the next
_EVENTS = re.compile(rb"GET /api/jobs/[^/ ]+/events[? ]")
_SILENT_S = 5.0  # as long as the front waits for somebody who says nothing
_METRICS = "PROMETHEUS_MULTIPROC_DIR"
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
    if server.cfg.workers > 1:  # on the command line: shared/metrics.py sums over the processes
        os.environ[_METRICS] = tempfile.mkdtemp(prefix="stolentee-metrics-")


def child_exit(_server: Any, worker: Any) -> None:
    """What an ended process counted stays; what it had open does not."""
    if folder := os.environ.get(_METRICS):
        for live in Path(folder).glob(f"gauge_live*_{worker.pid}.db"):
            live.unlink()


def on_exit(server: Any) -> None:
    """Leave no counts behind."""
    if server.cfg.workers > 1:
        shutil.rmtree(os.environ[_METRICS], ignore_errors=True)


def post_worker_init(worker: Any) -> None:
    """What gunicorn's threads lack when there is more to do than can be done."""
    sys.setswitchinterval(0.0005)  # a probe takes the interpreter ten times, each time after every busy thread
    gc.freeze()  # what is loaded now stays; looking through it would stop all threads for 35 ms each time
    if not _REMBG:
        worker.tpool = ThreadPoolExecutor(worker.cfg.threads, "work", os.nice, (_NICE,))  # Linux: of the thread alone
    _wait_without_thread(worker)
    _separate(worker)
    _close_the_door(worker)


def _wait_without_thread(worker: Any) -> None:
    """Leave a connection that has not said anything to the main loop; a proxy connects some time before it sends."""
    enqueue = worker.enqueue_req

    def enqueue_req(connection: Any) -> None:
        fresh = not (connection.initialized or connection.data_ready)
        if not (worker.alive and fresh and _arrived(connection) is None):
            enqueue(connection)
            return
        connection.sock.setblocking(False)
        connection.timeout = time.monotonic() + _SILENT_S
        worker.pending_conns.append(connection)
        heard = partial(worker.on_pending_socket_readable, connection)
        worker.poller.register(connection.sock, selectors.EVENT_READ, heard)

    worker.enqueue_req = enqueue_req


def _separate(worker: Any) -> None:
    """Threads of their own for health and for event streams.

    A probe would wait behind a hundred uploads, and a busy instance look dead; streams would hold the threads that
    work. Only for a head that has arrived whole: half of one would hold such a thread.
    """
    probes = ThreadPoolExecutor(2, thread_name_prefix="probe")
    streams = ThreadPoolExecutor(_STREAMS, thread_name_prefix="stream")
    ordinary = worker.tpool.submit
    refuse = worker.wsgi.extensions.get(
        "refuse"
    )  # services/rembg/load_shedding.py: no thread for whom there is no room
    refused: Future[bool] = Future()
    refused.set_result(False)  # gunicorn's word for a connection to be closed

    def submit(handle: Any, connection: Any) -> Any:
        head = _arrived(connection) or b""
        if refuse and refuse(connection.sock, head):
            return refused
        if not head.endswith(b"\r\n\r\n"):
            return ordinary(handle, connection)
        if head.startswith(b"GET /health"):
            return probes.submit(handle, connection)
        return (streams.submit if _EVENTS.match(head) else ordinary)(handle, connection)

    worker.tpool.submit = submit


def _arrived(connection: Any) -> bytes | None:
    """What can be read without waiting, left where it is; None: nothing yet."""
    try:
        data: bytes = connection.sock.recv(4096, socket.MSG_PEEK | socket.MSG_DONTWAIT)
        return data
    except BlockingIOError:
        return None
    except OSError:
        return b""


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
