"""What a key may still use of remove.bg's API: megapixels a minute, and credits a month."""

import math
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager

from services.api.dependencies import Dependencies
from services.api.middleware.sliding_windows import Count, Window
from services.api.removebg.refusals import Problem, Refusal
from shared.db import credit_usage
from shared.db.api_keys import Key

QUARTERS = 4  # of a credit
BAD_RESULTS = 100  # a day, of one key
_DAY_S = 86_400
_NO_CREDITS = Problem("Insufficient credits", "insufficient_credits", "The credits of this month are used up.")


def count(deps: Dependencies, key: Key, units: int, *, counted: int = 0) -> Mapping[str, str]:
    """Use units of the rate limit, besides those `counted` of this request. Raises Refusal with 429.

    Returns the headers that say what is left. A request of more units than the limit passes alone.
    """
    rate = deps.settings.removebg.rate
    if rate is None:
        return {}
    window = Window(f"stolentee:megapixels:{key.id}", rate.calls, rate.seconds, min(units, rate.calls - counted))
    verdict = deps.counter.count([window], [window])
    headers = _headers(verdict.counts[0])
    if not verdict.allowed:
        raise _too_many(verdict.counts[0], headers)
    return headers


def count_bad_result(deps: Dependencies, key: Key) -> None:
    """Count one of a day. Raises Refusal with 429."""
    window = Window(f"stolentee:bad-results:{key.id}", BAD_RESULTS, _DAY_S)
    verdict = deps.counter.count([window], [window])
    if not verdict.allowed:
        raise _too_many(verdict.counts[0], {})


def _too_many(count: Count, headers: Mapping[str, str]) -> Refusal:
    wait_s = max(1, math.ceil(count.next_s))
    problem = Problem("Rate limit exceeded", "rate_limit_exceeded", f"Try again in {wait_s} seconds.")
    return Refusal([problem], 429, {**headers, "Retry-After": str(wait_s)})


def _headers(count: Count) -> dict[str, str]:
    return {
        "X-RateLimit-Limit": str(count.window.calls),
        "X-RateLimit-Remaining": str(max(0, count.window.calls - count.used)),
        "X-RateLimit-Reset": str(math.ceil(time.time() + max(0.0, count.next_s))),
    }


@contextmanager
def charged(deps: Dependencies, key: Key, quarters: int) -> Iterator[None]:
    """Charge credits, and give them back if the block fails. Raises Refusal with 402."""
    with deps.database.transaction() as connection:
        month = credit_usage.charge(connection, key.id, quarters, _limit(key))
    if month is None:
        raise Refusal([_NO_CREDITS], 402)
    try:
        yield
    except BaseException:
        with deps.database.transaction() as connection:
            credit_usage.give_back(connection, key.id, month, quarters)
        raise


def left(deps: Dependencies, key: Key) -> float | None:
    """The credits that are left of this month; None: any number."""
    limit = _limit(key)
    if limit is None:
        return None
    with deps.database.transaction() as connection:
        return max(0, limit - credit_usage.used(connection, key.id)) / QUARTERS


def _limit(key: Key) -> int | None:
    return None if key.monthly_credits is None else key.monthly_credits * QUARTERS
