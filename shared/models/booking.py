"""The books: what moved the shop's balance at Stripe. Money is in minor units, below 0 if it left the balance."""

from dataclasses import dataclass
from datetime import date, datetime
from enum import StrEnum
from uuid import UUID


class BookingKind(StrEnum):
    """A fee has the id of what it was taken for: a payment, or a dispute. Given back, it is above 0."""

    PAYMENT = "payment"
    REFUND = "refund"
    REFUND_FAILED = "refund_failed"  # the money of a refund that came back
    DISPUTE = "dispute"
    DISPUTE_RETURNED = "dispute_returned"
    FEE = "fee"


@dataclass(frozen=True, slots=True)
class Booking:
    """`again`: the order was paid before, so its invoice is not for this payment."""

    at: datetime
    kind: BookingKind
    order_id: UUID
    refund_id: UUID | None
    order_number: str
    country: str
    cents: int
    currency: str
    stripe_id: str
    again: bool


@dataclass(frozen=True, slots=True)
class BookDay:
    """A day (UTC) in one currency. Refunds that failed and what disputes gave back are taken off; fees as well.

    `unknown_fees`: payments whose fee Stripe has not told yet, which is therefore not in `fees_cents`.
    """

    day: date
    currency: str
    received_cents: int
    refunded_cents: int
    disputed_cents: int
    fees_cents: int
    unknown_fees: int

    @property
    def net_cents(self) -> int:
        return self.received_cents - self.refunded_cents - self.disputed_cents - self.fees_cents
