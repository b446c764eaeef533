"""Quotas: how much one caller may store and how many unfinished jobs it may have, so that none fills the service.

Usage is read once per request, before anything is stored. Bytes count as long as they are stored: those of a deleted
picture until it is removed, those of a direct upload from its announcement on. Concurrent requests do not see each
other, so a caller can exceed a quota by what it has in flight at that moment: at most one picture or job for each open
request (32 threads per instance), plus the results of jobs already accepted. At its storage quota it gets no new jobs.
"""

from dataclasses import dataclass

from services.api.dependencies import Dependencies
from services.api.settings import Web
from shared import errors
from shared.db import quotas
from shared.db.pool import Connection
from shared.db.quotas import Usage
from shared.models.owner import Owner, OwnerType

_RETRY_S = 15  # some jobs have ended by then: a picture takes about five seconds


@dataclass(frozen=True, slots=True)
class Quota:
    """A caller's limits, 0 for none, and its usage when the request began."""

    max_bytes: int
    max_jobs: int
    usage: Usage

    def require(self, *, stored: int = 0, jobs: int = 0) -> None:
        """Raise StorageQuota or JobQuota if so many more bytes or jobs exceed a limit.

        An object that is already stored adds no bytes; a job adds at least one, of its results.
        """
        more = max(0 if self.usage.kept else stored, jobs)
        if self.max_bytes and more > 0 and self.usage.stored_bytes + more > self.max_bytes:
            raise errors.StorageQuota(details={"quotaBytes": self.max_bytes, "usedBytes": self.usage.stored_bytes})
        if self.max_jobs and jobs and self.usage.unfinished_jobs + jobs > self.max_jobs:
            details = {"quotaJobs": self.max_jobs, "unfinishedJobs": self.usage.unfinished_jobs}
            raise errors.JobQuota(details=details, retry_after_s=_RETRY_S)


def require(
    connection: Connection, owner: Owner, settings: Web, stem: str = "", *, stored: int = 0, jobs: int = 0
) -> Quota:
    """Query the usage, unless both limits are off, and check it as `Quota.require`.

    `stem` is that of the object to be stored, if it is known.
    """
    max_mb = settings.quota_key_stored_mb if owner.type is OwnerType.KEY else settings.quota_stored_mb
    max_bytes, max_jobs = max_mb * 1_000_000, settings.quota_unfinished_jobs
    usage = quotas.usage(connection, owner, stem) if max_bytes or max_jobs else Usage(0, 0)
    quota = Quota(max_bytes, max_jobs, usage)
    quota.require(stored=stored, jobs=jobs)
    return quota


def require_first(deps: Dependencies, owner: Owner, stem: str = "", *, stored: int = 0, jobs: int = 0) -> Quota:
    """As `require`, in a transaction of its own, for requests that store bytes before they write rows."""
    with deps.database.transaction() as connection:
        return require(connection, owner, deps.settings.web, stem, stored=stored, jobs=jobs)
