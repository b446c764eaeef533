"""Celery's doorway: a doorbell rang. The id it carries is for the log; which job runs is Postgres' choice."""

from services.worker import app
from shared import broker, failpoints


@app.app.task(name=broker.RUN_NEXT, ignore_result=True)
def run_next(rung_for: str) -> None:  # noqa: ARG001 - see above
    """Run the next fair job, if there is one."""
    failpoints.reach("w1")
    app.parts().pipeline.run_next()
    failpoints.reach("w8")
