"""gunicorn's threaded worker, adapted to overload: who is served by which threads is decided by the head of a request.

    half a head ──> waits in the main loop, without a thread
    GET /health ──> 2 threads ─────────────────────┐
    GET .../events ──> threads for event streams   ├──> the application
    POST .../removebg ──> threads of callers ──────┤
    anything else ──> `threads` request threads ───┘

A probe would otherwise wait behind a hundred uploads, and a busy instance would look dead; event streams and callers
who wait for a picture would hold the request threads. A thread gives up a client that is too slow.

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
from collections.abc import Callable
from concurrent.futures import Future, ThreadPoolExecutor
from functools import partial
from http import HTTPStatus
from pathlib import Path
from typing import Any
from urllib.parse import unquote_to_bytes

from gunicorn import util
from gunicorn.workers.gthread import ThreadWorker

from deploy.timed_socket import TimedSocket
from shared import errors, log, settings, timeouts

STREAMS = 24  # threads; the api opens 20 streams (services/api/jobs/events.py) and refuses the next
CALLERS = 264  # threads; 256 wait (services/api/removebg/callers.py), and the others refuse
_PROBES = 2  # threads
_NICENESS = 15  # of the threads of the api and of mock-ups; rembg lowers its own (services/rembg/inference)
_HEAD_S = 5.0  # for a whole head, as long as nginx waits for it
_MAX_HEAD = 8192  # a longer one is read by a thread, within the deadline of its body
_LINGER_S = 2.0  # for a client to close or to go on sending
_MAX_UNREAD = 21 << 20  # of a body that was answered early: all that nginx lets through
_STEP = 65536
_HEAD_END = b"\r\n\r\n"
_SWITCH_S = 0.0005  # a probe takes the interpreter ten times, each time after every busy thread
_EVENTS = re.compile(rb"/api/(?:jobs|batches)/[^/]+/events")
_REMOVEBG = re.compile(rb"(?:/api)?/v1\.0/removebg")
_METRICS = "PROMETHEUS_MULTIPROC_DIR"


class Worker(ThreadWorker):  # type: ignore[misc]  # see the module's docstring
    """Answers probes first, keeps unfinished heads out of threads, and refuses connections as soon as it stops."""

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
        early = conn.parser.unreader.buf.getvalue() if conn.initialized else b""  # read with the request before
        head = _peek(conn.sock, early)
        waits = self.alive and _may_grow(conn, head)
        if waits and time.monotonic() < conn.head_until:
            self._wait_for_more(conn, len(head or b"") - len(early))
        elif waits or self.refuses(conn.sock, head or b""):
            self._close(conn)
        else:
            _reset(conn)
            future: Future[Any] = self.threads_for(head or b"").submit(self.handle, conn)
            future.add_done_callback(partial(self.method_queue.defer, self.finish_request, conn))

    def handle(self, conn: Any) -> Any:
        """Called by gunicorn in a thread, for each request of a connection."""
        conn.init()
        conn.parser.unreader.sock = TimedSocket(conn.sock)
        return super().handle(conn)

    def handle_request(self, request: Any, conn: Any) -> Any:
        plain, conn.sock = conn.sock, TimedSocket(conn.sock)
        try:
            return super().handle_request(request, conn)
        finally:
            conn.sock = plain

    def finish_request(self, conn: Any, future: "Future[Any]") -> None:
        """Called by gunicorn in the main loop, where it would close one connection after the other."""
        if future.cancelled() or future.exception() or future.result():
            super().finish_request(conn, future)
        else:
            self._linger(conn)

    def refuses(self, _connection: socket.socket, _head: bytes) -> bool:
        """Whether a request was refused in the main loop; its connection only remains to be closed."""
        return False

    def threads_for(self, head: bytes) -> ThreadPoolExecutor:
        probe = _path(head).startswith(b"/health") and head.endswith(_HEAD_END)
        return self._probes if probe else self.tpool

    def _wait_for_more(self, conn: Any, received: int) -> None:
        """Wake up for more than these bytes, which stay in the socket."""
        conn.sock.setsockopt(socket.SOL_SOCKET, socket.SO_RCVLOWAT, received + 1)
        self._poll(conn, conn.head_until, self.on_pending_socket_readable)

    def _linger(self, conn: Any) -> None:
        """Close a connection once its client has. Before that, read what the client still sends.

        Otherwise the client may lose the response: the kernel answers bytes that were not read with a reset.
        """
        try:
            conn.sock.shutdown(socket.SHUT_WR)
        except OSError:
            self._close(conn)
        else:
            conn.unread, conn.lingers_since = 0, time.monotonic()
            self._poll(conn, conn.lingers_since + _LINGER_S, self._discard)

    def _discard(self, conn: Any, _connection: socket.socket) -> None:
        try:
            received = len(conn.sock.recv(_STEP))
        except OSError:
            received = 0
        conn.unread += received
        now, until = time.monotonic(), conn.lingers_since + _LINGER_S + conn.unread / timeouts.BODY_BYTES_S
        self.poller.unregister(conn.sock)
        self.pending_conns.remove(conn)
        if not received or conn.unread > _MAX_UNREAD or now > until:
            self._close(conn)
        else:
            self._poll(conn, now + _LINGER_S, self._discard)

    def _poll(self, conn: Any, until: float, readable: Callable[[Any, socket.socket], None]) -> None:
        """Call `readable` when there is something to read; gunicorn closes the connection at `until`."""
        conn.sock.setblocking(False)
        conn.timeout = until
        self.pending_conns.append(conn)
        self.poller.register(conn.sock, selectors.EVENT_READ, partial(readable, conn))

    def _close(self, conn: Any) -> None:
        self.nr_conns -= 1
        conn.close()

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


class MockupsWorker(Worker):
    """Request threads of a lower priority than the main loop and probes."""

    service = "mockups"

    def get_thread_pool(self) -> ThreadPoolExecutor:
        return ThreadPoolExecutor(self.cfg.threads, "request", _lower_priority)


class ApiWorker(Worker):
    """The same, and threads for event streams and for those who wait for a picture."""

    service = "api"

    def get_thread_pool(self) -> ThreadPoolExecutor:
        self._streams = ThreadPoolExecutor(STREAMS, "stream")
        self._callers = ThreadPoolExecutor(CALLERS, "caller", _lower_priority)
        return ThreadPoolExecutor(self.cfg.threads, "request", _lower_priority)

    def threads_for(self, head: bytes) -> ThreadPoolExecutor:
        if _REMOVEBG.fullmatch(_path(head, b"POST")):
            return self._callers
        return self._streams if _EVENTS.fullmatch(_path(head)) else super().threads_for(head)


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


def _peek(connection: socket.socket, early: bytes) -> bytes | None:
    """The bytes that can be read without waiting, after `early` and left in place; None: the connection has ended."""
    try:
        return early + connection.recv(_MAX_HEAD, socket.MSG_PEEK | socket.MSG_DONTWAIT) or None
    except BlockingIOError:
        return early
    except OSError:
        return None


def _may_grow(conn: Any, head: bytes | None) -> bool:
    """Whether the head is incomplete, and grew since the last look: else the client sends no more."""
    if head is None or _HEAD_END in head or len(head) >= _MAX_HEAD:
        return False
    if not hasattr(conn, "head_bytes"):
        conn.head_bytes, conn.head_until = -1, time.monotonic() + _HEAD_S
    before, conn.head_bytes = conn.head_bytes, len(head)
    return len(head) > int(before)


def _reset(conn: Any) -> None:
    """Forget an incomplete head, before the request is read and the next one comes."""
    if hasattr(conn, "head_bytes"):
        del conn.head_bytes, conn.head_until
        conn.sock.setsockopt(socket.SOL_SOCKET, socket.SO_RCVLOWAT, 1)


def _path(head: bytes, method: bytes = b"GET") -> bytes:
    """The path of a request of this method as gunicorn gives it to the application; empty for every other."""
    line = head.removeprefix(b"\r\n").partition(b"\r\n")[0].split(b" ", 2)
    if line[0] != method or len(line) < 3:
        return b""
    try:
        return unquote_to_bytes(util.split_request_uri(line[1].decode("latin-1")).path)
    except ValueError:
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
