"""The registry of job types: a folder with a handler, and one line here."""

from collections.abc import Callable, Mapping

from services.worker.cutout.handler import CutoutHandler
from services.worker.handlers import Handler, Resources
from shared.models.job import JobType

JOB_TYPES: Mapping[str, Callable[[Resources], Handler]] = {
    JobType.CUTOUT: CutoutHandler,
}
