"""The registry of job types: a folder with a handler, and one line here; those of print jobs in `print_job_types`."""

from collections.abc import Callable, Collection, Mapping

from services.worker.cutout.handler import CutoutHandler
from services.worker.handlers import Handler, Resources
from shared.models.job import QUEUES, JobType, Queue

JobTypes = Mapping[str, Callable[[Resources], Handler]]

CUTOUTS: JobTypes = {
    JobType.CUTOUT: CutoutHandler,
}


def handlers(resources: Resources, queues: Collection[Queue]) -> dict[str, Handler]:
    """The handlers of these queues' types. Raises ValueError if they need a library that this image does not have."""
    registered = {**CUTOUTS, **(_print_jobs() if {*queues} - {Queue.CUTOUTS} else {})}
    return {name: build(resources) for name, build in registered.items() if QUEUES[name] in queues}


def _print_jobs() -> JobTypes:
    """Imported only here: the image of a worker of cut-outs lacks the libraries."""
    try:
        from services.worker.print_job_types import PRINT_JOBS
    except ModuleNotFoundError as error:
        raise ValueError(f"WORKER_QUEUES: print jobs need {error.name}, of dependency group print") from error
    return PRINT_JOBS
