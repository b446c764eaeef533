"""Which provider a job gets first: pure functions of its id, so that a retry always lands on the same side.

The same id gives the same number in every process and every attempt, and raising the percentage only ever moves jobs
from the paid side to ours.
"""

import hashlib
from uuid import UUID

from shared.models.cutout import Provider

_PARTS = 10_000  # hundredths of a percent


def side(job_id: UUID) -> float:
    """A number from 0 to 100, evenly distributed over ids. UUIDv7 ids are ordered by time, hence the hash."""
    digest = hashlib.sha256(job_id.bytes).digest()
    return int.from_bytes(digest[:8], "big") % _PARTS * 100 / _PARTS


def order(job_id: UUID, percent: int, wanted: Provider | None) -> tuple[Provider, ...]:
    """Providers in the order to try. A job for which ours was chosen never costs money; all others may fall back."""
    if wanted is Provider.SELF_HOSTED:
        return (Provider.SELF_HOSTED,)
    if wanted is Provider.REMOVEBG or side(job_id) >= percent:
        return (Provider.REMOVEBG, Provider.SELF_HOSTED)
    return (Provider.SELF_HOSTED, Provider.REMOVEBG)
