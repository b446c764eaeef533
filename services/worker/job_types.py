"""The registry of job types: a folder with a handler, and one line here or in `print_job_types`."""

from collections.abc import Callable, Mapping

from services.worker.cutout.handler import CutoutHandler
from services.worker.handlers import Handler, Resources
from shared.models.job import JobType

JOB_TYPES: Mapping[str, Callable[[Resources], Handler]] = {
    JobType.CUTOUT: CutoutHandler,
}


def handlers(resources: Resources) -> dict[str, Handler]:
    """A handler of every job type whose libraries are installed."""
    try:
        from services.worker.print_job_types import PRINT_JOB_TYPES
    except ModuleNotFoundError as error:
        if (error.name or "").startswith("services"):
            raise
        types = JOB_TYPES
    else:
        types = {**JOB_TYPES, **PRINT_JOB_TYPES}
    return {name: build(resources) for name, build in types.items()}
