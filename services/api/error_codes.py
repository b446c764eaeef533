"""Every error code with its meaning, as Markdown: for the OpenAPI document and thus `/docs`, and for docs/errors.md."""

from collections.abc import Iterable, Mapping

from shared import batch_errors, errors, shop_errors
from shared.errors import Failure
from shared.models.job import JobFailure

_NAMED = (vars(errors) | vars(batch_errors) | vars(shop_errors)).values()
FAILURES = tuple(kind for kind in _NAMED if isinstance(kind, type) and issubclass(kind, Failure))
OF_JOBS: Mapping[JobFailure, tuple[str, str]] = {
    JobFailure.UNKNOWN_FOREGROUND: (errors.UnknownForeground.message, errors.UnknownForeground.advice),
    JobFailure.SOURCE_MISSING: (errors.SourceMissing.message, errors.SourceMissing.advice),
    JobFailure.NO_INK: (errors.NoInk.message, errors.NoInk.advice),
    JobFailure.TOO_LARGE: (errors.TooLarge.message, errors.TooLarge.advice),
    JobFailure.DOES_NOT_FIT: (errors.DoesNotFit.message, errors.DoesNotFit.advice),
    JobFailure.LARGE_ENOUGH: (errors.LargeEnough.message, errors.LargeEnough.advice),
    JobFailure.NOT_FLAT_ARTWORK: (errors.NotFlatArtwork.message, errors.NotFlatArtwork.advice),
    JobFailure.TOO_COMPLEX: ("The picture has too many small parts.", "Print it larger, or choose a simpler picture."),
    JobFailure.PROVIDER_FAILED: ("The removal service failed each time.", "Retry the job later; try another picture."),
    JobFailure.PROVIDER_BUDGET: ("The paid provider's budget was used up for a day.", "Retry the job another day."),
    JobFailure.POISON: ("The job crashed its worker or failed each time.", "Try another picture, and report the job."),
}


def section() -> str:
    """Both tables, to be unfolded."""
    return (
        f"<details><summary>All error codes</summary>\n\n{of_responses()}\n\n"
        f"In the `error` of a failed job:\n\n{of_jobs()}\n\n</details>"
    )


def of_responses() -> str:
    """The codes of error responses, by status."""
    ordered = sorted(FAILURES, key=lambda kind: (kind.status, kind.code))
    rows = ((str(kind.status), f"`{kind.code}`", kind.message, kind.advice) for kind in ordered)
    return _table(("status", "code", "meaning", "what to do"), rows)


def of_jobs() -> str:
    """The codes in the `error` of a failed job."""
    rows = ((f"`{failure}`", *texts) for failure, texts in OF_JOBS.items())
    return _table(("code", "meaning", "what to do"), rows)


def _table(head: tuple[str, ...], rows: Iterable[tuple[str, ...]]) -> str:
    return "\n".join(f"| {' | '.join(cells)} |" for cells in (head, ("---",) * len(head), *rows))
