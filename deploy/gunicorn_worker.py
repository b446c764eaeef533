"""gunicorn's threaded worker, adapted to overload: who is served by which threads is decided by the first bytes.

    nothing yet ──> waits in the main loop, without a thread
    GET /health ──> 2 threads ─────────────────────┐
    GET .../events ──> threads for event streams   ├──> the application
    anything else ──> `threads` request threads ───┘

A probe would otherwise wait behind a hundred uploads, and a busy instance would look dead; event streams would hold the
request threads. Only a complete head is sent to these threads: half of one would block them.

gunicorn has no type information; the attributes used here are declared below.
"""

import gc
import json
import os
import re
import secrets
import select
import selectors
import shutil
import socket
import sys
import tempfile
import time
from collections import deque
from concurrent.futures import Future, ThreadPoolExecutor
from functools import partial
from http import HTTPStatus
from pathlib import Path
from typing import Any

from gunicorn import util
from gunicorn.workers.gthread import ThreadWorker

from shared import errors, log, settings

STREAMS = 24  # threads; the api opens 20 streams (services/api/jobs/events.py) and refuses the next
_PROBES = 2  # threads
_NICENESS = 15  # of the api's request threads; rembg lowers its own priority (services/rembg/inference.py)
_SILENCE_S = 5.0  # as long as nginx waits for a silent client
_MAX_HEAD = 4096
_SWITCH_S = 0.0005  # a probe takes the interpreter ten times, each time after every busy thread
_EVENTS = re.compile(rb"GET /api/jobs/[^/ ]+/events[? ]")
_METRICS = "PROMETHEUS_MULTIPROC_DIR"


class Worker(ThreadWorker):  # type: ignore[misc]  # see the module's docstring
    """Answers probes first, keeps silent connections out of threads, and refuses new ones as soon as it stops."""

    service: str
    alive: bool
    cfg: Any
    method_queue: Any
    nr_conns: int
    pending_conns: "deque[Any]"
    poller: selectors.BaseSelector
    sockets: list[socket.socket]
    tpool: ThreadPoolExecutor
    wsgi: Any

    def load_wsgi(self) -> None:
        super().load_wsgi()
        util.write_error = _write_error  # called for a request that never reaches the application
        self._probes = ThreadPoolExecutor(_PROBES, "probe")
        sys.setswitchinterval(_SWITCH_S)
        gc.freeze()  # what is loaded now stays; collecting it would stop all threads for 35 ms each time

    def enqueue_req(self, conn: Any) -> None:
        """Called by gunicorn in the main loop for a new connection, and for one that has become readable."""
        head = _peek(conn.sock)
        if head is None and self.alive and not (conn.initialized or conn.data_ready):
            self._wait_for_bytes(conn)
        elif self.refuses(conn.sock, head or b""):
            self.nr_conns -= 1
            conn.close()
        else:
            future: Future[Any] = self.threads_for(head or b"").submit(self.handle, conn)
            future.add_done_callback(partial(self.method_queue.defer, self.finish_request, conn))

    def refuses(self, _connection: socket.socket, _head: bytes) -> bool:
        """Whether a request was refused in the main loop; its connection only remains to be closed."""
        return False

    def threads_for(self, head: bytes) -> ThreadPoolExecutor:
        probe = head.startswith(b"GET /health") and head.endswith(b"\r\n\r\n")
        return self._probes if probe else self.tpool

    def _wait_for_bytes(self, conn: Any) -> None:
        """A proxy connects some time before it sends."""
        conn.sock.setblocking(False)
        conn.timeout = time.monotonic() + _SILENCE_S
        self.pending_conns.append(conn)
        readable = partial(self.on_pending_socket_readable, conn)
        self.poller.register(conn.sock, selectors.EVENT_READ, readable)

    def set_accept_enabled(self, enabled: bool) -> None:
        """Also close the listeners when stopping, so that a proxy goes elsewhere at once.

        gunicorn only stops accepting: while the last responses are sent, the kernel would still accept connections, and
        reset them when the process ends.
        """
        super().set_accept_enabled(enabled)
        if not self.alive:
            for listener in self.sockets:
                while select.select([listener], [], [], 0)[0]:  # connected before
                    self.accept(listener)
                listener.close()


class ApiWorker(Worker):
    """Request threads of a lower priority than the main loop and probes, and threads for event streams."""

    service = "api"

    def get_thread_pool(self) -> ThreadPoolExecutor:
        self._streams = ThreadPoolExecutor(STREAMS, "stream")
        return ThreadPoolExecutor(self.cfg.threads, "request", _lower_priority)

    def threads_for(self, head: bytes) -> ThreadPoolExecutor:
        stream = _EVENTS.match(head) and head.endswith(b"\r\n\r\n")
        return self._streams if stream else super().threads_for(head)


class RembgWorker(Worker):
    """Refuses pictures without a thread while there is no room for them."""

    service = "rembg"

    @classmethod
    def check_config(cls, cfg: Any, log: Any) -> None:
        super().check_config(cfg, log)
        if cfg.workers > 1:
            advice = "set REMBG_MAX_WORKERS for more pictures at once, or start more instances"
            raise settings.Invalid(f"workers is {cfg.workers}, but rembg runs in one process: {advice}")

    def refuses(self, connection: socket.socket, head: bytes) -> bool:
        refused: bool = self.wsgi.extensions["refuse"](connection, head)  # services/rembg/load_shedding.py
        return refused


def _peek(connection: socket.socket) -> bytes | None:
    """The bytes that can be read without waiting, left in place; None: nothing yet."""
    try:
        return connection.recv(_MAX_HEAD, socket.MSG_PEEK | socket.MSG_DONTWAIT)
    except BlockingIOError:
        return None
    except OSError:
        return b""


def _write_error(connection: socket.socket, status: int, _reason: str, _details: str) -> None:
    """In place of gunicorn's HTML page: the body of every other error; the details are in the log."""
    phrase, request_id = HTTPStatus(status).phrase, secrets.token_hex(8)
    body = json.dumps(errors.of_server(status, phrase, request_id)).encode()
    lines = (
        f"HTTP/1.1 {status} {phrase}",
        "Content-Type: application/json",
        f"Content-Length: {len(body)}",
        "Cache-Control: no-store",
        "X-Content-Type-Options: nosniff",
        f"X-Request-Id: {request_id}",
        "Connection: close",
    )
    util.write_nonblock(connection, "\r\n".join(lines).encode() + b"\r\n\r\n" + body)


def _lower_priority() -> None:
    if sys.platform == "linux":  # elsewhere niceness is of the whole process
        os.nice(_NICENESS)


def on_starting(server: Any) -> None:
    """Format gunicorn's own log lines like all others; prepare metrics for several processes, if there are any."""
    log.setup(server.worker_class.service)
    logger = server.log.error_log
    logger.handlers.clear()
    logger.propagate = True
    logger.setLevel("INFO")
    if server.cfg.workers > 1:  # shared/metrics.py sums over the processes
        os.environ[_METRICS] = tempfile.mkdtemp(prefix="stolentee-metrics-")


def child_exit(_server: Any, worker: Any) -> None:
    """Keep the counters of an ended process, but not its gauges."""
    if folder := os.environ.get(_METRICS):
        for gauges in Path(folder).glob(f"gauge_live*_{worker.pid}.db"):
            gauges.unlink()


def on_exit(server: Any) -> None:
    """Remove the metrics of several processes."""
    if server.cfg.workers > 1:
        shutil.rmtree(os.environ[_METRICS], ignore_errors=True)
