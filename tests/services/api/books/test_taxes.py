"""A booking is taxed as its document says."""

from datetime import UTC, datetime
from uuid import UUID

import pytest

from services.api.books.taxes import TaxedPart, document, parts
from shared.db import ids
from shared.models.booking import Booking, BookingKind
from shared.models.invoice import Invoice, InvoiceFacts, Seller, Series, TaxSum

NOW = datetime(2026, 11, 2, 12, tzinfo=UTC)
PAYMENT, REFUND, FEE = BookingKind.PAYMENT, BookingKind.REFUND, BookingKind.FEE
ORDER = ids.new()


def _booking(kind: BookingKind, cents: int, refund: UUID | None = None, *, again: bool = False) -> Booking:
    return Booking(NOW, kind, ORDER, refund, "ST-0000-0001", "DE", cents, "usd", "id", again)


def _document(total: int, *taxes: TaxSum, refund: UUID | None = None, reverses: UUID | None = None) -> Invoice:
    facts = InvoiceFacts(Seller("Shop"), {}, "ST-0000-0001", NOW, None, (), taxes)
    series = Series.CREDIT_NOTE if refund else Series.INVOICE
    tax = sum(one.tax_cents for one in taxes)
    return Invoice(ids.new(), series, 7, ORDER, refund, reverses, facts, "usd", tax, total, NOW)


INVOICE = _document(2500, TaxSum(0, 0, 0), TaxSum(700, 1000, 70), TaxSum(1900, 1202, 228))


def test_a_payment_has_the_taxes_of_its_invoice() -> None:
    assert parts(_booking(PAYMENT, 2500), INVOICE) == [TaxedPart(700, 70, 1070), TaxedPart(1900, 228, 1430)]


@pytest.mark.parametrize("invoice", [None, INVOICE])
def test_money_that_is_not_what_the_invoice_says_has_no_tax(invoice: Invoice | None) -> None:
    assert parts(_booking(PAYMENT, 2501), invoice) == [TaxedPart(None, 0, 2501)]


def test_a_refund_and_its_return_have_their_own_documents() -> None:
    refund, other = ids.new(), ids.new()
    credit = _document(-1070, TaxSum(700, -1000, -70), refund=refund)
    reversal = _document(1070, TaxSum(700, 1000, 70), refund=refund, reverses=credit.id)
    documents = [INVOICE, _document(-5, refund=other), credit, reversal]
    assert document(_booking(REFUND, -1070, refund), documents) is credit
    assert document(_booking(BookingKind.REFUND_FAILED, 1070, refund), documents) is reversal
    assert document(_booking(PAYMENT, 2500), documents) is INVOICE
    assert parts(_booking(REFUND, -1070, refund), credit) == [TaxedPart(700, -70, -1070)]
    assert document(_booking(REFUND, -1, ids.new()), documents) is None


def test_fees_disputes_and_a_second_payment_have_no_document() -> None:
    for kind in (FEE, BookingKind.DISPUTE, BookingKind.DISPUTE_RETURNED):
        assert document(_booking(kind, -1500), [INVOICE]) is None
    assert document(_booking(PAYMENT, 2500, again=True), [INVOICE]) is None
