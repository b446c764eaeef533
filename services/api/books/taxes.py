"""The document of a booking, and its taxes: pure functions. Cents below 0 left the balance."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from shared.models.booking import Booking, BookingKind
from shared.models.invoice import Invoice, InvoiceKind

_DOCUMENTS: Mapping[BookingKind, InvoiceKind] = {
    BookingKind.PAYMENT: InvoiceKind.INVOICE,
    BookingKind.REFUND: InvoiceKind.CREDIT_NOTE,
    BookingKind.REFUND_FAILED: InvoiceKind.REVERSAL,
}


@dataclass(frozen=True, slots=True)
class TaxedPart:
    """What of a booking is taxed at one rate, None if no tax belongs to it. `total_cents` is with tax."""

    tax_bp: int | None
    tax_cents: int
    total_cents: int


def document(booking: Booking, documents: Iterable[Invoice]) -> Invoice | None:
    """Of all documents of its order, the one that the booking is for; fees and disputes have none."""
    wanted = None if booking.again else _DOCUMENTS.get(booking.kind)
    return next((one for one in documents if one.kind == wanted and one.refund_id == booking.refund_id), None)


def parts(booking: Booking, document: Invoice | None) -> list[TaxedPart]:
    """The booking by tax rate, as its document has it; whole without one, or if that is about another amount."""
    if document is None or document.total_cents != booking.cents:
        return [TaxedPart(None, 0, booking.cents)]
    taxes = ((tax.rate_bp, tax.tax_cents, tax.net_cents + tax.tax_cents) for tax in document.facts.taxes)
    return [TaxedPart(*tax) for tax in taxes if tax[2]]
