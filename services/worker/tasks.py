"""Celery's doorway: a wake-up rang. The id it carries is for the log; which job runs is Postgres' choice."""

from services.worker import app
from shared import broker, errors, failpoints, log

_log = log.get("tasks")


@app.app.task(name=broker.RUN_NEXT, ignore_result=True)
def run_next(rung_for: str) -> None:  # noqa: ARG001 - see above
    """Run the next fair job, if there is one."""
    failpoints.reach("w1")
    try:
        app.deps().pipeline.run_next()
    except errors.Unavailable as error:  # Postgres is away: a claimed job runs again after its lease, any other is rung
        _log.warning("wake_up_unanswered", error=error.public)
    failpoints.reach("w8")
