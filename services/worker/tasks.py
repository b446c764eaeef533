"""Celery's task: a wake-up has arrived. The id it carries is for the log; Postgres decides which job runs."""

from services.worker import app
from shared import broker, errors, failpoints, log

_log = log.get("tasks")


@app.app.task(name=broker.RUN_NEXT, ignore_result=True)
def run_next(woken_for: str) -> None:  # noqa: ARG001 - see above
    """Run the next fair job, if there is one."""
    _run_next()


@failpoints.before("w1")
@failpoints.after("w8")
def _run_next() -> None:
    try:
        app.deps().runner.run_next()
    except errors.Unavailable as error:  # Postgres is unavailable: the rescuer sends another wake-up for the job
        _log.warning("wake_up_dropped", error=error.public)
