"""/api/admin/books: what moved the shop's balance at Stripe, by day, and compared with Stripe's own list."""

from datetime import timedelta

from services.api.books import checking, schemas
from services.api.dependencies import Dependencies
from shared import shop_errors
from shared.db import book_checks, books

NOW_S = 10.0  # one more call of Stripe's at that time still fits into the request


def show(deps: Dependencies, query: schemas.BooksQuery) -> schemas.BooksOut:
    """Get books.

    Sums what moved the shop's balance at Stripe, by day (UTC) and currency, and how each day compared with Stripe's own
    list. Real and test money are never mixed.
    """
    since, until = checking.midnight(query.since), checking.midnight(query.to + timedelta(days=1))
    with deps.database.transaction() as connection:
        days = books.by_day(connection, since, until, test=query.test)
        checks = book_checks.between(connection, query.since, query.to, test=query.test)
    return schemas.BooksOut.of(days, checks, test=query.test)


def check(deps: Dependencies, body: schemas.CheckIn) -> schemas.BookCheckOut:
    """Check books.

    Compares a day with what Stripe lists, in the mode of the shop's key. If that takes over ten seconds, it goes on in
    the background: `checkedAt` is null then, and `GET /api/admin/books` shows the result later.
    """
    stripe = deps.stripe
    if stripe is None:
        raise shop_errors.PaymentUnavailable
    with deps.database.transaction() as connection:
        due = book_checks.request(connection, body.day, test=not stripe.live)
    try:
        return schemas.BookCheckOut.of(checking.check(deps.database, stripe, body.day, NOW_S))
    except checking.TooLong:
        return schemas.BookCheckOut.of(due)
