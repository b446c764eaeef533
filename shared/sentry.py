"""Errors sent to Sentry if SENTRY_DSN is set; otherwise the SDK is not even imported.

Each logged error becomes one event: its constant name, the service, the ids of request and job, and the exceptions with
their frames. Nothing else is sent: no request data, no variables, no source code, and no exception texts, each of which
may hold a secret. So the SDK runs without its integrations, and `_SENT` lists the only fields that leave the process.

Reporting never hurts: a bounded queue, a thread of its own, a deadline, and a pause after a failure.
"""

import logging
import sys
from typing import Any

from shared import log, settings

TIMEOUT_S = 3.0
PAUSE_S = 60
_QUEUED = 100  # events waiting to be sent; more are dropped, and the log has them anyway
_SENT = ("environment", "event_id", "exception", "level", "logger", "message", "platform", "sdk", "tags", "timestamp")
_log = log.get("sentry")


def install(service: str, ops: settings.Ops) -> None:
    """Report every error that is logged from now on, if a DSN is set. Call after `log.setup`."""
    if ops.sentry_dsn:
        logging.getLogger("sentry_sdk.errors").propagate = False  # it would report the failures of reporting
        client = _client(ops.sentry_dsn.get_secret_value(), ops.environment)
        logging.getLogger().addHandler(Reporter(client, service))


def _client(dsn: str, environment: str) -> Any:
    from datetime import UTC, datetime, timedelta

    import sentry_sdk  # 0.1 s of every start
    from sentry_sdk.transport import HttpTransport

    class Transport(HttpTransport):
        TIMEOUT = TIMEOUT_S  # type: ignore[assignment]

        def _get_pool_options(self) -> dict[str, Any]:
            return {**super()._get_pool_options(), "retries": False}

        def on_dropped_event(self, reason: str) -> None:
            if reason not in ("full_queue", "self_rate_limits"):  # but because Sentry failed
                self._disabled_until[None] = datetime.now(UTC) + timedelta(seconds=PAUSE_S)
                _log.warning("sentry_unavailable", reason=reason)

    return sentry_sdk.Client(
        dsn=dsn,
        environment=environment,
        transport=Transport,
        transport_queue_size=_QUEUED,
        before_send=_reduced,
        default_integrations=False,
        auto_enabling_integrations=False,
        include_local_variables=False,
        include_source_context=False,
        send_client_reports=False,
        auto_session_tracking=False,
        enable_backpressure_handling=False,
        release="",  # not looked for with git
    )


def _reduced(event: Any, _: object) -> Any:
    return {name: event[name] for name in _SENT if name in event}


class Reporter(logging.Handler):
    """Queues an event for every error."""

    def __init__(self, client: Any, service: str) -> None:
        super().__init__(logging.ERROR)
        self._client = client
        self._service = service

    def emit(self, record: logging.LogRecord) -> None:
        """Send our own lines without their fields, and a library's without the values in its message."""
        line = record.msg if isinstance(record.msg, dict) else {"event": record.msg, "exc_info": record.exc_info}
        ids = {name: str(line[name]) for name in ("request_id", "job_id") if name in line}
        event = {
            "level": "fatal" if record.levelno >= logging.CRITICAL else "error",
            "logger": record.name,
            "message": str(line["event"]),
            "tags": {"service": self._service, **ids},
            "exception": {"values": self._exceptions(line.get("exc_info"))},
        }
        self._client.capture_event(event)

    def _exceptions(self, exc_info: Any) -> list[dict[str, Any]]:
        """The exception and those that it was raised from, without their texts."""
        from sentry_sdk.utils import event_from_exception

        raised = sys.exc_info() if exc_info is True else exc_info
        if not raised or raised == (None, None, None):
            return []
        values = event_from_exception(raised, client_options=self._client.options)[0]["exception"]["values"]
        return [{name: value for name, value in each.items() if name != "value"} for each in values]
