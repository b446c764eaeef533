"""What Stripe's objects say, as values of our own: nothing of Stripe's library leaves `client.py`.

Money is in minor units. Ids of ours come from the metadata that we sent; None if the object is not of our making.
"""

from dataclasses import dataclass, field
from datetime import datetime
from uuid import UUID


@dataclass(frozen=True, slots=True)
class Charge:
    """What Stripe received. `fee_cents` is None until Stripe knows it."""

    received_at: datetime
    fee_cents: int | None


@dataclass(frozen=True, slots=True)
class Intent:
    """A PaymentIntent. `amount_cents` is what was received once the status is `succeeded`, else what is asked for."""

    id: str
    status: str
    amount_cents: int
    currency: str
    payment_id: UUID | None
    error_code: str | None  # of the last attempt to pay
    charge: Charge | None
    client_secret: str | None = field(repr=False)


@dataclass(frozen=True, slots=True)
class CheckoutSession:
    """`intent_id` is None until the customer pays. `url` is None once the session is no longer open."""

    id: str
    status: str  # open, complete or expired
    payment_status: str  # paid, unpaid or no_payment_required
    payment_id: UUID | None
    intent_id: str | None
    expires_at: datetime
    url: str | None = field(repr=False)


Begun = Intent | CheckoutSession


@dataclass(frozen=True, slots=True)
class StripeRefund:
    """`refunded_at` and `failed_at`: when money left the balance, and when it came back."""

    id: str
    status: str
    amount_cents: int
    currency: str
    refund_id: UUID | None
    intent_id: str | None
    error_code: str | None
    created_at: datetime
    refunded_at: datetime | None
    failed_at: datetime | None


@dataclass(frozen=True, slots=True)
class BalanceTransaction:
    """A movement of the balance; `fee_cents` is not yet taken from `amount_cents`.

    `source` is the intent of a charge, else the id of what moved the money, such as a refund; empty if there is none.
    """

    id: str
    category: str  # charge, refund, refund_failure, dispute, dispute_reversal, payout, fee, ...
    amount_cents: int
    fee_cents: int
    currency: str
    created_at: datetime
    source: str


@dataclass(frozen=True, slots=True)
class StripeDispute:
    id: str
    status: str
    amount_cents: int
    currency: str
    intent_id: str | None
    reason: str
    case_type: str | None  # of a card: chargeback, inquiry, ...
    opened_at: datetime
    evidence_due_at: datetime | None
    transactions: tuple[BalanceTransaction, ...]


class Refused(Exception):
    """Stripe answered that it will not do this, now or later; `code` is Stripe's word for the reason."""

    def __init__(self, code: str) -> None:
        super().__init__(code)
        self.code = code


class KeyConflict(Exception):
    """An idempotency key was sent with other arguments than before: a mistake of ours."""


class NotYet(Exception):
    """What an event of Stripe is about is not stored yet, or not completely: it is applied later."""
