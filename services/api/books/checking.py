"""The check of the books: what Stripe moved on the balance, day by day, against what the books say."""

import time
from collections.abc import Iterable, Iterator
from dataclasses import asdict
from datetime import UTC, date, datetime, timedelta
from typing import TYPE_CHECKING

from services.api.books import rules
from services.api.dependencies import Dependencies
from services.api.payments.objects import BalanceTransaction
from shared import errors, log, metrics, shop_errors
from shared.db import book_checks, books
from shared.db.pool import Database
from shared.models.book_check import BookCheck

if TYPE_CHECKING:
    from services.api.payments.client import StripeClient

_NIGHT_S = 120.0  # for one day, in the background: some 30,000 transactions
_STALE = timedelta(hours=36)
_log = log.get("books")


class TooLong(Exception):
    """Stripe has not listed everything in time."""


def run(deps: Dependencies) -> None:
    """Check the days that are due, and publish what the last checks found. Any number of instances may do so."""
    if deps.stripe is None:
        return
    test = not deps.stripe.live
    with deps.database.transaction() as connection:
        days = book_checks.claim(connection, datetime.now(UTC), test=test)
    _check_all(deps.database, deps.stripe, days)
    _publish(deps.database, test=test)


def check(database: Database, stripe: "StripeClient", day: date, within_s: float) -> BookCheck:
    """Compare a day and record what differs. Raises TooLong or PaymentUnavailable, and then the day stays due."""
    since, test = midnight(day), not stripe.live
    until = since + timedelta(days=1)
    theirs = rules.stripe_sums(_within(stripe.balance_transactions(since, until), within_s))
    with database.transaction() as connection:
        found = rules.differences(books.sums(connection, since, until, test=test), theirs)
        done = book_checks.record(connection, day, found, datetime.now(UTC), test=test)
    tell = _log.error if found else _log.info
    tell("books_checked", day=str(day), test=test, differences=[asdict(one) for one in found])
    return done


def midnight(day: date) -> datetime:
    """With which the day begins, in UTC."""
    return datetime.combine(day, datetime.min.time(), UTC)


def _check_all(database: Database, stripe: "StripeClient", days: Iterable[date]) -> None:
    """What is not done is due again when its lease ends."""
    for day in days:
        try:
            check(database, stripe, day, _NIGHT_S)
        except TooLong:
            _log.error("books_not_checked", day=str(day))
        except (shop_errors.PaymentUnavailable, errors.Busy):  # the client has logged why
            return


def _within(transactions: Iterator[BalanceTransaction], within_s: float) -> Iterator[BalanceTransaction]:
    until = time.monotonic() + within_s
    for one in transactions:
        if time.monotonic() > until:
            raise TooLong
        yield one


def _publish(database: Database, *, test: bool) -> None:
    now = datetime.now(UTC)
    today = (now - book_checks.CLOSED).date()
    with database.transaction() as connection:
        checks = book_checks.between(connection, today - timedelta(days=book_checks.DAYS), now.date(), test=test)
    fresh = [one for one in checks if one.day < today and one.checked_at and one.checked_at > now - _STALE]
    metrics.BOOKS_DIFFERENCE.set(sum(difference.cents for one in checks for difference in one.differences))
    metrics.BOOKS_UNCHECKED.set(book_checks.DAYS - len(fresh))
