"""/api/admin/books: what moved the shop's balance at Stripe, by day, as a file, and compared with Stripe."""

from collections.abc import Iterator, Sequence
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal

from flask import Response

from services.api.books import checking, rules, schemas
from services.api.catalogue import spreadsheet
from services.api.dependencies import Dependencies
from shared import shop_errors
from shared.db import book_checks, books, invoices
from shared.models.booking import Booking
from shared.models.invoice import Invoice

NOW_S = 10.0  # one more call of Stripe's at that time still fits into the request
COLUMNS = ("date", "kind", "order", "document", "country", "net", "tax_rate", "tax", "gross", "currency", "stripe_id")


def show(deps: Dependencies, query: schemas.BooksQuery) -> schemas.BooksOut:
    """Get books.

    Sums what moved the shop's balance at Stripe, by day (UTC) and currency, and how each day compared with Stripe's own
    list. Real and test money are never mixed.
    """
    with deps.database.transaction() as connection:
        days = books.by_day(connection, *_period(query.since, query.to), test=query.test)
        checks = book_checks.between(connection, query.since, query.to, test=query.test)
    return schemas.BooksOut.of(days, checks, test=query.test)


def export(deps: Dependencies, query: schemas.ExportQuery) -> Response:
    """Export books.

    Writes every booking as CSV for an accountant, one row for each of its tax rates. Amounts below 0 left the balance.
    A row with a document (an invoice, a credit note, or the reversal of one) has its taxes; disputes and Stripe's fees
    have none.
    """
    lines = spreadsheet.write(_records(deps, query), query.sign, "," if query.sign == ";" else ".")
    response = Response(spreadsheet.encoded(lines), content_type="text/csv; charset=utf-8")
    name = f"books-{'test-' if query.test else ''}{query.since}-{query.to}.csv"
    response.headers.set("Content-Disposition", "attachment", filename=name)
    return response


def check(deps: Dependencies, body: schemas.CheckIn) -> schemas.BookCheckOut | Response:
    """Check books.

    Compares a day with what Stripe lists, in the mode of the shop's key. 202 if that takes long: it goes on in the
    background, and `GET /api/admin/books` shows the result.
    """
    stripe = deps.stripe
    if stripe is None:
        raise shop_errors.PaymentUnavailable
    with deps.database.transaction() as connection:
        due = book_checks.request(connection, body.day, test=not stripe.live)
    try:
        return schemas.BookCheckOut.of(checking.check(deps.database, stripe, body.day, NOW_S))
    except checking.TooLong:
        return schemas.BookCheckOut.of(due).response(202)


def _period(first: date, last: date) -> tuple[datetime, datetime]:
    return checking.midnight(first), checking.midnight(last + timedelta(days=1))


def _records(deps: Dependencies, query: schemas.ExportQuery) -> Iterator[Sequence[object]]:
    """A day at a time, so that a year takes no more memory than its busiest day."""
    yield COLUMNS
    for number in range((query.to - query.since).days + 1):
        day = query.since + timedelta(days=number)
        with deps.database.transaction() as connection:
            found = books.bookings(connection, *_period(day, day), test=query.test)
            documents = invoices.of_orders(connection, {booking.order_id for booking in found})
        by_order: dict[object, list[Invoice]] = {}
        for document in documents:
            by_order.setdefault(document.order_id, []).append(document)
        for booking in found:
            yield from _rows(booking, rules.document(booking, by_order.get(booking.order_id, [])))


def _rows(booking: Booking, document: Invoice | None) -> Iterator[Sequence[object]]:
    number = document.number if document else ""
    for part in rules.parts(booking, document):
        yield (
            *(f"{booking.at.astimezone(UTC):%Y-%m-%d}", booking.kind, booking.order_number, number, booking.country),
            *(_decimal(part.total_cents - part.tax_cents), "" if part.tax_bp is None else _decimal(part.tax_bp)),
            *(_decimal(part.tax_cents), _decimal(part.total_cents), booking.currency.upper(), booking.stripe_id),
        )


def _decimal(hundredths: int) -> Decimal:
    return Decimal(hundredths).scaleb(-2)
