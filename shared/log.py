"""Logs: one JSON object per line on standard output, with a constant event name and facts as fields.

`request_id` and `job_id` are context variables, so every line about a request or a job carries them. Lines of libraries
(gunicorn, Celery, urllib3) go through the same formatter.

No line holds the path of a request, because the address of a picture is the permission to see it.
"""

import logging
import re
import sys
from contextlib import AbstractContextManager
from functools import partial
from typing import Any, TextIO

import structlog

_QUOTES_REQUEST = re.compile(r"Error handling request(?= %s)|Invalid request from ip=[^ ]*(?=: )")
Logger = structlog.stdlib.BoundLogger
_NOISY = (
    "urllib3",
    "botocore",
    "boto3",
    "s3transfer",
    "PIL",
    "amqp",
    "kombu",
    "celery.app.trace",
    "celery.worker.strategy",
    "stripe",
)


def setup(service: str, level: str = "INFO", stream: TextIO | None = None) -> None:
    """Send all log lines of this process to standard output, or to `stream`, as JSON. May be repeated."""

    def name_service(_: Any, __: str, event: structlog.typing.EventDict) -> structlog.typing.EventDict:
        """For lines of libraries; our own carry the name in their context."""
        return {"service": service, **event}

    shared: list[structlog.typing.Processor] = [
        structlog.contextvars.merge_contextvars,
        structlog.stdlib.add_log_level,
        structlog.processors.TimeStamper(fmt="iso", utc=True, key="time"),
    ]
    formatter = structlog.stdlib.ProcessorFormatter(
        foreign_pre_chain=[*shared, name_service],
        processors=[
            structlog.stdlib.ProcessorFormatter.remove_processors_meta,
            structlog.processors.format_exc_info,  # not before: other handlers need the exception itself
            structlog.processors.JSONRenderer(default=str),
        ],
    )
    handler = logging.StreamHandler(stream or sys.stdout)
    handler.setFormatter(formatter)
    logging.basicConfig(level=level, handlers=[handler], force=True)
    for name in _NOISY:
        logging.getLogger(name).setLevel(logging.WARNING)
    # It warns of a wake-up that comes while a worker stops, and hands it back.
    logging.getLogger("kombu.transport.virtual").setLevel(logging.ERROR)
    logging.getLogger("gunicorn.error").addFilter(_without_request)
    structlog.configure(
        processors=[*shared, structlog.stdlib.ProcessorFormatter.wrap_for_formatter],
        context_class=partial(dict, service=service),  # type: ignore[arg-type]  # any maker of a dict will do
        logger_factory=structlog.stdlib.LoggerFactory(),
        wrapper_class=structlog.stdlib.BoundLogger,
        cache_logger_on_first_use=True,
    )


def _without_request(record: logging.LogRecord) -> bool:
    """Cut gunicorn's lines off before they quote the request: "Invalid request from ip=192.0.2.1"."""
    if isinstance(record.msg, str):
        cut = _QUOTES_REQUEST.match(record.msg)
        record.msg, record.args = (cut[0], None) if cut else (record.msg, record.args)
    return True


def get(name: str) -> Logger:
    """A logger; use it like `log.info("job_claimed", attempt=1)`."""
    return structlog.stdlib.get_logger(name)


def bound(**facts: object) -> AbstractContextManager[None]:
    """Add these facts to every line logged in the block."""
    return structlog.contextvars.bound_contextvars(**facts)


def begin(**facts: object) -> None:
    """Replace the facts of this thread's last request or job with these."""
    structlog.contextvars.clear_contextvars()
    structlog.contextvars.bind_contextvars(**facts)
