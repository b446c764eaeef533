"""Invoices, credit notes and their reversals: what they say is stored with them, and never changes.

Money is in minor units, rates are in basis points. A credit note's amounts are negative, and those of its reversal
positive again, so that the documents of an order sum to what it earned.
"""

import re
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from datetime import datetime
from enum import StrEnum
from typing import Any, Self
from uuid import UUID

from shared.models.order import Order, OrderItem

SHIPPING = 0  # the line of shipping


class Series(StrEnum):
    """Each is numbered without gaps. Test orders take no number from the others."""

    INVOICE = "invoice"
    CREDIT_NOTE = "credit_note"
    TEST_INVOICE = "test_invoice"
    TEST_CREDIT_NOTE = "test_credit_note"


_PREFIXES: Mapping[Series, str] = {
    Series.INVOICE: "INV",
    Series.CREDIT_NOTE: "CN",
    Series.TEST_INVOICE: "TEST-INV",
    Series.TEST_CREDIT_NOTE: "TEST-CN",
}
_SERIES = {prefix: series for series, prefix in _PREFIXES.items()}
_NUMBER = re.compile(r"([A-Z-]+)-([0-9]{6}|[1-9][0-9]{6,8})")


class InvoiceKind(StrEnum):
    INVOICE = "invoice"
    CREDIT_NOTE = "credit_note"
    REVERSAL = "reversal"


@dataclass(frozen=True, slots=True)
class Seller:
    """`address` by lines. `note` stands at the foot: a bank account, a register, a rule of tax."""

    name: str
    address: tuple[str, ...] = ()
    tax_id: str = ""
    email: str = ""
    note: str = ""


@dataclass(frozen=True, slots=True)
class InvoiceLine:
    """`unit_cents` is None, and `quantity` may be 0, where an amount is paid back."""

    line: int
    title: str
    details: str
    quantity: int
    unit_cents: int | None
    discount_cents: int
    net_cents: int
    tax_bp: int
    tax_cents: int

    @property
    def total_cents(self) -> int:
        return self.net_cents + self.tax_cents


@dataclass(frozen=True, slots=True)
class TaxSum:
    """The lines of one rate."""

    rate_bp: int
    net_cents: int
    tax_cents: int


@dataclass(frozen=True, slots=True)
class InvoiceFacts:
    """All that a document says besides its number and date; `buyer` has the fields of a postal address.

    `corrects` is the number of the invoice that a credit note corrects, or of the credit note that is taken back.
    """

    seller: Seller
    buyer: Mapping[str, str]
    order_number: str
    ordered_at: datetime
    discount_code: str | None
    lines: tuple[InvoiceLine, ...]
    taxes: tuple[TaxSum, ...]
    corrects: str | None = None
    reason: str = ""

    @classmethod
    def read(cls, stored: Mapping[str, Any]) -> Self:
        """From JSON, as `json` writes it."""
        seller = Seller(**{**stored["seller"], "address": tuple(stored["seller"]["address"])})
        lines = tuple(InvoiceLine(**line) for line in stored["lines"])
        taxes = tuple(TaxSum(**tax) for tax in stored["taxes"])
        ordered_at = datetime.fromisoformat(stored["ordered_at"])
        return cls(**{**stored, "seller": seller, "lines": lines, "taxes": taxes, "ordered_at": ordered_at})

    def json(self) -> dict[str, Any]:
        return asdict(self) | {"ordered_at": self.ordered_at.isoformat()}


@dataclass(frozen=True, slots=True)
class Invoice:
    """A document of a series. `reverses` is the credit note that it takes back, because its refund failed."""

    id: UUID
    series: Series
    sequence: int
    order_id: UUID
    refund_id: UUID | None
    reverses: UUID | None
    facts: InvoiceFacts
    currency: str
    tax_cents: int
    total_cents: int
    issued_at: datetime

    @property
    def number(self) -> str:
        """Such as INV-000123, CN-000045 or TEST-INV-000001."""
        return f"{_PREFIXES[self.series]}-{self.sequence:06}"

    @property
    def kind(self) -> InvoiceKind:
        if self.reverses:
            return InvoiceKind.REVERSAL
        return InvoiceKind.CREDIT_NOTE if self.refund_id else InvoiceKind.INVOICE

    @property
    def test(self) -> bool:
        return self.series in (Series.TEST_INVOICE, Series.TEST_CREDIT_NOTE)


def parse_number(number: str) -> tuple[Series, int] | None:
    """The series and the number in it of `INV-000123`; None if no document can be called so."""
    parts = _NUMBER.fullmatch(number)
    series = _SERIES.get(parts[1]) if parts else None
    return (series, int(parts[2])) if parts and series else None


def of_order(order: Order, items: Sequence[OrderItem], seller: Seller) -> InvoiceFacts:
    """What the invoice of an order says."""
    lines = (*map(_line, items), _shipping(order))
    return InvoiceFacts(
        seller=seller,
        buyer={name: text for name, text in order.ship_to.items() if name != "phone"},
        order_number=order.order_number,
        ordered_at=order.created_at,
        discount_code=order.discount_code,
        lines=lines,
        taxes=tax_sums(lines),
    )


def _line(item: OrderItem) -> InvoiceLine:
    return InvoiceLine(
        line=item.line,
        title=item.title,
        details=f"{item.colour}, {item.size} · {item.sku}",
        quantity=item.quantity,
        unit_cents=item.unit_cents,
        discount_cents=item.discount_cents,
        net_cents=item.total_cents - item.tax_cents,
        tax_bp=item.tax_bp,
        tax_cents=item.tax_cents,
    )


def _shipping(order: Order) -> InvoiceLine:
    return InvoiceLine(
        line=SHIPPING,
        title="Shipping",
        details=order.zone,
        quantity=1,
        unit_cents=order.shipping_cents,
        discount_cents=0,
        net_cents=order.shipping_cents,
        tax_bp=order.shipping_tax_bp,
        tax_cents=order.shipping_tax_cents,
    )


def tax_sums(lines: Sequence[InvoiceLine]) -> tuple[TaxSum, ...]:
    """By rising rate."""
    net, tax = Counter[int](), Counter[int]()
    for line in lines:
        net[line.tax_bp] += line.net_cents
        tax[line.tax_bp] += line.tax_cents
    return tuple(TaxSum(rate, net[rate], tax[rate]) for rate in sorted(net))
