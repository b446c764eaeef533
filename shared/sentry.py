"""Errors told to Sentry where SENTRY_DSN says so; without it nothing of this runs.

Each error that is logged becomes one event: its constant name, the service, the ids of request and job, the kind of
exception and the places it passed. Never what was sent to us, a variable or an exception's text, as each may hold a
secret. Sentry's own library would find those by itself and hook into everything; this is one POST.

Telling never hurts: a bounded queue, a thread of its own, a deadline, and a minute's rest after a failure.
"""

import json
import logging
import queue
import re
import threading
import time
import traceback
import uuid
from contextlib import suppress
from urllib.parse import urlsplit

from shared import log, settings

PATIENCE_S = 3.0
REST_S = 60.0
_KEPT = 100  # events in line; what comes on top is dropped, and the log has it anyway
_FRAME = re.compile(r'^  File "(.+?)", line (\d+), in (\S+)', re.MULTILINE)
_log = log.get("sentry")


def install(service: str, ops: settings.Ops) -> None:
    """Tell of every error logged from now on, if there is anybody to tell. Call after `log.setup`."""
    if ops.sentry_dsn:
        logging.getLogger().addHandler(Teller(ops.sentry_dsn.get_secret_value(), service, ops.environment))


class Teller(logging.Handler):
    """Puts errors in line for a thread that sends them."""

    def __init__(self, dsn: str, service: str, environment: str) -> None:
        super().__init__(logging.ERROR)
        address = urlsplit(dsn)
        folder, _, project = address.path.rpartition("/")
        host = address.netloc.rpartition("@")[2]
        self._address = f"{address.scheme}://{host}{folder}/api/{project}/envelope/"
        self._headers = {
            "Content-Type": "application/x-sentry-envelope",
            "X-Sentry-Auth": f"Sentry sentry_version=7, sentry_client=stolentee/1, sentry_key={address.username}",
        }
        self._service, self._environment = service, environment
        self._line: queue.Queue[dict[str, object]] = queue.Queue(_KEPT)
        threading.Thread(target=self._tell, name="sentry", daemon=True).start()

    def emit(self, record: logging.LogRecord) -> None:
        with suppress(queue.Full):
            self._line.put_nowait(event(record, self._service, self._environment))

    def _tell(self) -> None:
        import requests  # 0.04 s of every start, for those who have no Sentry as well

        with requests.Session() as session:
            while True:
                told = self._line.get()
                try:
                    answer = session.post(
                        self._address, data=_envelope(told), headers=self._headers, timeout=PATIENCE_S, stream=True
                    )
                    answer.close()  # whatever it says at length
                    answer.raise_for_status()
                except requests.RequestException as error:
                    _log.warning("sentry_unreachable", error=type(error).__name__)
                    time.sleep(REST_S)


def event(record: logging.LogRecord, service: str, environment: str) -> dict[str, object]:
    """What may be told of a line: of ours, some fields; of a library's, its words without what was filled in."""
    said = record.msg if isinstance(record.msg, dict) else {"event": record.msg}
    ids = {name: str(said[name]) for name in ("request_id", "job_id") if name in said}
    return {
        "event_id": uuid.uuid4().hex,
        "timestamp": record.created,
        "platform": "python",
        "level": "fatal" if record.levelno >= logging.CRITICAL else "error",
        "logger": record.name,
        "message": str(said["event"]),
        "environment": environment,
        "tags": {"service": service, **ids},
        **_exception(str(said.get("exception") or _formatted(record))),
    }


def _formatted(record: logging.LogRecord) -> str:
    return "".join(traceback.format_exception(*record.exc_info)) if record.exc_info else ""


def _exception(trace: str) -> dict[str, object]:
    """The kind and the frames of a formatted traceback; nothing where there is none."""
    found = list(_FRAME.finditer(trace))
    if not found:
        return {}
    frames = [{"filename": place[1], "lineno": int(place[2]), "function": place[3]} for place in found]
    kind = re.search(r"^[\w.]+", trace[found[-1].end() :], re.MULTILINE)  # the line after the last frame's own
    return {"exception": {"values": [{"type": kind[0] if kind else "unknown", "stacktrace": {"frames": frames}}]}}


def _envelope(told: dict[str, object]) -> bytes:
    parts = ({"event_id": told["event_id"]}, {"type": "event"}, told)
    return b"\n".join(json.dumps(part).encode() for part in parts)
