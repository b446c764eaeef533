"""When a message is tried again, and when it and its endpoint are given up. Pure."""

import random

from shared.models.webhook import Attempt

_HOUR_S = 3600
# After each failed attempt, and then no more: three days and an hour. The first catches what a restart breaks.
DELAYS_S = (5, 300, 1800, *(hours * _HOUR_S for hours in (2, 5, 10, 14, 18, 24)))
JITTER = 0.1  # at most so much longer, so that what failed together does not come back together
TOLERANCE_S = 72 * _HOUR_S  # for which nothing may be accepted before an endpoint is disabled
_GONE = 410


def delay_s(attempts: int) -> float | None:
    """The wait after so many attempts; None after the last."""
    if attempts > len(DELAYS_S):
        return None
    return DELAYS_S[max(attempts, 1) - 1] * random.uniform(1, 1 + JITTER)  # noqa: S311 - spreads load


def gone(attempt: Attempt) -> bool:
    """Whether the receiver wants nothing any more."""
    return attempt.status == _GONE
