"""GET /api/admin/books.csv: the bookings as a file for an accountant."""

from collections.abc import Iterator, Sequence
from datetime import UTC, timedelta
from decimal import Decimal

from flask import Response

from services.api.books import checking, schemas, taxes
from services.api.catalogue import spreadsheet
from services.api.dependencies import Dependencies
from shared.db import books, invoices
from shared.models.booking import Booking
from shared.models.invoice import Invoice

COLUMNS = ("date", "kind", "order", "document", "country", "net", "tax_rate", "tax", "gross", "currency", "stripe_id")
_DAY = timedelta(days=1)


def export(deps: Dependencies, query: schemas.BooksFileQuery) -> Response:
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


def _records(deps: Dependencies, query: schemas.BooksFileQuery) -> Iterator[Sequence[object]]:
    """A day at a time, so that a year takes no more memory than its busiest day."""
    yield COLUMNS
    since, until = checking.midnight(query.since), checking.midnight(query.to + _DAY)
    with deps.database.transaction() as connection:
        days = sorted({booked.day for booked in books.by_day(connection, since, until, test=query.test)})
    for day in days:
        with deps.database.transaction() as connection:
            found = books.bookings(connection, checking.midnight(day), checking.midnight(day + _DAY), test=query.test)
            documents = invoices.of_orders(connection, {booking.order_id for booking in found})
        by_order: dict[object, list[Invoice]] = {}
        for document in documents:
            by_order.setdefault(document.order_id, []).append(document)
        for booking in found:
            yield from _rows(booking, taxes.document(booking, by_order.get(booking.order_id, [])))


def _rows(booking: Booking, document: Invoice | None) -> Iterator[Sequence[object]]:
    number = document.number if document else ""
    for part in taxes.parts(booking, document):
        yield (
            *(f"{booking.at.astimezone(UTC):%Y-%m-%d}", booking.kind, booking.order_number, number, booking.country),
            *(_decimal(part.total_cents - part.tax_cents), "" if part.tax_bp is None else _decimal(part.tax_bp)),
            *(_decimal(part.tax_cents), _decimal(part.total_cents), booking.currency.upper(), booking.stripe_id),
        )


def _decimal(hundredths: int) -> Decimal:
    return Decimal(hundredths).scaleb(-2)
