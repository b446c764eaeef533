"""Quotas: what one caller may keep here and have under way, so that nobody fills the storage or the queue.

Counted before anything is stored. Calls that race do not see each other, so a caller may go over by what he has in
flight at that moment: at most a picture or a job for each open request (32 threads an instance), and the results of
jobs that had been promised already.
"""

from services.api.dependencies import Dependencies
from shared import errors
from shared.db import quotas
from shared.models.owner import Owner

_SOON_S = 15  # some jobs have ended by then: a picture takes about five seconds


def admit(deps: Dependencies, owner: Owner, *, stored: int = 0, jobs: int = 0) -> None:
    """Raise StorageQuota or JobQuota where so many bytes or jobs more would be too many; 0 adds none."""
    most_bytes, most_jobs = deps.settings.web.quota_stored_mb * 1_000_000, deps.settings.web.quota_unfinished_jobs
    if not ((most_bytes and stored) or (most_jobs and jobs)):
        return
    with deps.database.transaction() as connection:
        used = quotas.used(connection, owner)
    if most_bytes and stored and used.stored_bytes + stored > most_bytes:
        raise errors.StorageQuota(details={"quotaBytes": most_bytes, "usedBytes": used.stored_bytes})
    if most_jobs and jobs and used.unfinished_jobs + jobs > most_jobs:
        details = {"quotaJobs": most_jobs, "unfinishedJobs": used.unfinished_jobs}
        raise errors.JobQuota(details=details, retry_after_s=_SOON_S)
