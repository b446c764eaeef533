"""Which provider a job gets first: pure functions, so that a retry always lands on the same side.

A job's side is drawn from its id, not from chance: the same id gives the same number in every process and on every
try, and raising the percentage only ever moves jobs from the paid side to ours.
"""

import hashlib
from uuid import UUID

from shared.models.cutout import Provider

_PARTS = 10_000  # hundredths of a percent


def side(job_id: UUID) -> float:
    """A number in 0 to 100, evenly spread over ids. UUIDv7 ids are ordered by time, hence the hash."""
    digest = hashlib.sha256(job_id.bytes).digest()
    return int.from_bytes(digest[:8], "big") % _PARTS * 100 / _PARTS


def order(job_id: UUID, percent: int, wanted: Provider | None) -> tuple[Provider, ...]:
    """Providers in the order to try. Someone who asked for our own pays for nothing; everyone else may fall back."""
    if wanted is Provider.SELF_HOSTED:
        return (Provider.SELF_HOSTED,)
    if wanted is Provider.REMOVEBG or side(job_id) >= percent:
        return (Provider.REMOVEBG, Provider.SELF_HOSTED)
    return (Provider.SELF_HOSTED, Provider.REMOVEBG)
