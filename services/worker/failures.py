"""How a run of a job can fail: a handler raises one of these, and the runner decides what becomes of the job.

    Failed           the job cannot succeed: it fails at once, with a code and a message for its owner
    Retryable        something broke in a way that may pass: another attempt, three in all
    Postponed        a service that the job needs is down or full: later, without counting the attempt
    LeaseLost        another worker has the job, or its owner cancelled it: nothing may be written

`shared.errors.Unavailable` counts as Postponed, `shared.errors.SourceMissing` as Failed, and any other exception as
Retryable, with the code `poison`.
"""

from typing import ClassVar

from shared.models.job import JobFailure


class Failed(Exception):
    def __init__(self, failure: JobFailure, message: str) -> None:
        super().__init__(message)
        self.failure = failure
        self.message = message


def nothing_to_print() -> Failed:
    return Failed(JobFailure.NO_INK, "The picture has nothing to print: it is transparent everywhere.")


def not_flat_artwork(flat: float, explained: float, inks: int) -> Failed:
    """`flat`: the share of flat areas in the picture, `explained`: the share of those which are one of the `inks`."""
    return Failed(
        JobFailure.NOT_FLAT_ARTWORK,
        f"This picture cannot become a drawing: {flat:.0%} of it are flat areas, of which {explained:.0%} are one of"
        f" {inks} inks. Logos in flat colours can; photographs, fades and shadows cannot.",
    )


class Retryable(Exception):
    failure: ClassVar = JobFailure.PROVIDER_FAILED  # of a job whose last attempt ends so


class Postponed(Exception):
    """`retry_after_s` is what the service itself asked for."""

    failure: ClassVar = JobFailure.PROVIDER_FAILED  # of a job that was postponed for a day in a row

    def __init__(self, message: str, *, retry_after_s: float | None = None) -> None:
        super().__init__(message)
        self.retry_after_s = retry_after_s


class LeaseLost(Exception):
    pass
