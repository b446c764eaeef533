"""Errors reach Sentry without request data, and sending them never delays a request."""

import gzip
import json
import logging
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from queue import Queue

import brotli
import pytest

from shared import log, sentry, settings

pytestmark = pytest.mark.usefixtures("own_logging")
SOON_S = 10.0
SECRET = "hunter2"
_DECODERS = {"br": brotli.decompress, "gzip": gzip.decompress}


class Ingest(ThreadingHTTPServer):
    """A double of Sentry's ingest endpoint: records events and answers with `status`."""

    def __init__(self, status: int = 200) -> None:
        super().__init__(("127.0.0.1", 0), _Handler)
        self.status = status
        self.received: Queue[tuple[str, str, str]] = Queue()

    @property
    def dsn(self) -> str:
        return f"http://public@127.0.0.1:{self.server_port}/prefix/42"


class _Handler(BaseHTTPRequestHandler):
    server: Ingest

    def do_POST(self) -> None:
        body = _DECODERS[self.headers["Content-Encoding"]](self.rfile.read(int(self.headers["Content-Length"])))
        self.server.received.put((self.path, self.headers["X-Sentry-Auth"], body.decode()))
        self.send_response(self.server.status)
        self.send_header("Content-Length", "0")
        self.end_headers()

    def log_message(self, *_: object) -> None:
        pass


@contextmanager
def ingest(status: int = 200) -> Iterator[Ingest]:
    server = Ingest(status)
    threading.Thread(target=server.serve_forever, args=(0.01,), daemon=True).start()
    yield server
    server.shutdown()
    server.server_close()


def _install(monkeypatch: pytest.MonkeyPatch, dsn: str) -> None:
    monkeypatch.setenv("SENTRY_DSN", dsn)
    monkeypatch.setenv("ENVIRONMENT", "test")
    log.setup("api")
    sentry.install("api", settings.Ops.read())


def _fail() -> None:
    password = SECRET
    raise RuntimeError(f"no entry for {password}\nDETAIL {password}")


def _said_and_raised() -> None:
    log.begin(request_id="r-1")
    try:
        _fail()
    except RuntimeError as error:
        log.get("web").error("unexpected", exc_info=error, path=f"/{SECRET}")


def test_an_event_has_class_and_location_but_no_values(monkeypatch: pytest.MonkeyPatch) -> None:
    with ingest() as server:
        _install(monkeypatch, server.dsn)
        _said_and_raised()
        path, known, body = server.received.get(timeout=SOON_S)
    event = json.loads(body.splitlines()[2])
    assert path == "/prefix/api/42/envelope/"
    assert "sentry_key=public" in known
    assert (event["message"], event["environment"]) == ("unexpected", "test")
    assert event["tags"] == {"service": "api", "request_id": "r-1"}
    (raised,) = event["exception"]["values"]
    assert raised["type"] == "RuntimeError"
    assert raised["stacktrace"]["frames"][-1]["function"] == "_fail"
    assert SECRET not in body


def test_chained_exceptions_are_kept_apart(monkeypatch: pytest.MonkeyPatch) -> None:
    def fail_in_turn() -> None:
        try:
            _fail()
        except RuntimeError as error:
            raise LookupError(SECRET) from error

    with ingest() as server:
        _install(monkeypatch, server.dsn)
        try:
            fail_in_turn()
        except LookupError:
            log.get("web").exception("unexpected")
        body = server.received.get(timeout=SOON_S)[2]
    values = json.loads(body.splitlines()[2])["exception"]["values"]
    frames = {value["type"]: [frame["function"] for frame in value["stacktrace"]["frames"]] for value in values}
    assert frames["RuntimeError"] == ["fail_in_turn", "_fail"]
    assert frames["LookupError"][-1] == "fail_in_turn"
    assert SECRET not in body


def test_an_event_has_no_other_fields(monkeypatch: pytest.MonkeyPatch) -> None:
    with ingest() as server:
        _install(monkeypatch, server.dsn)
        _said_and_raised()
        event = json.loads(server.received.get(timeout=SOON_S)[2].splitlines()[2])
    assert event.keys() == set(sentry._SENT)
    (raised,) = event["exception"]["values"]
    assert raised.keys() <= {"mechanism", "module", "stacktrace", "type"}
    for frame in raised["stacktrace"]["frames"]:
        assert frame.keys() <= {"abs_path", "filename", "function", "in_app", "lineno", "module"}


def test_a_message_template_of_a_library_is_sent_without_its_arguments(monkeypatch: pytest.MonkeyPatch) -> None:
    with ingest() as server:
        _install(monkeypatch, server.dsn)
        try:
            _fail()
        except RuntimeError:
            logging.getLogger("a.library").exception("Error handling %s", SECRET)
        body = server.received.get(timeout=SOON_S)[2]
    assert json.loads(body.splitlines()[2])["message"] == "Error handling %s"
    assert SECRET not in body


def test_only_errors_are_sent(monkeypatch: pytest.MonkeyPatch) -> None:
    with ingest() as server:
        _install(monkeypatch, server.dsn)
        log.get("web").warning("slow")
        log.get("web").error("stuck")
        assert '"stuck"' in server.received.get(timeout=SOON_S)[2]


def test_a_failing_ingest_is_not_retried_soon_and_delays_no_caller(monkeypatch: pytest.MonkeyPatch) -> None:
    with ingest(status=500) as server:
        _install(monkeypatch, server.dsn)
        began = time.monotonic()
        for _ in range(1000):
            log.get("web").error("stuck")
        assert time.monotonic() - began < SOON_S < sentry.PAUSE_S
        server.received.get(timeout=SOON_S)
        assert server.received.empty()


def test_without_a_dsn_nothing_is_installed_or_imported() -> None:
    program = """
import logging, sys
from shared import sentry, settings
sentry.install("api", settings.Ops.read())
print(logging.getLogger().handlers, "sentry_sdk" in sys.modules)
"""
    ran = subprocess.run(
        [sys.executable, "-c", program], env={"SENTRY_DSN": ""}, capture_output=True, text=True, check=True
    )
    assert ran.stdout.split() == ["[]", "False"]


@pytest.mark.parametrize("dsn", ["sentry.io", "https://host/1", "https://key@host/words", "ftp://key@host/1"])
def test_an_invalid_dsn_is_refused_without_showing_it(
    dsn: str, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("SENTRY_DSN", dsn)
    with pytest.raises(settings.Invalid):
        settings.Ops.read()
    assert "SENTRY_DSN" in (said := capsys.readouterr().err)
    assert dsn not in said
