"""Payments, refunds and disputes, as Stripe has them. Money is in minor units."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum
from typing import Any
from uuid import UUID

from shared.models.order import DisputeState


class PaymentKind(StrEnum):
    PAYMENT_INTENT = "payment_intent"
    CHECKOUT_SESSION = "checkout_session"


class PaymentState(StrEnum):
    """NEW: the key is stored, and Stripe has not answered yet."""

    NEW = "new"
    OPEN = "open"
    PROCESSING = "processing"
    SUCCEEDED = "succeeded"
    FAILED = "failed"
    CANCELLED = "cancelled"


class RefundState(StrEnum):
    """A refund that has succeeded may still fail, at the customer's bank."""

    NEW = "new"
    PENDING = "pending"
    SUCCEEDED = "succeeded"
    FAILED = "failed"
    CANCELLED = "cancelled"


@dataclass(frozen=True, slots=True)
class Payment:
    """`stripe_id` is the intent's or the Checkout session's; `intent_id` the intent's, which a session gets late."""

    id: UUID
    order_id: UUID
    kind: PaymentKind
    idempotency_key: str
    stripe_id: str | None
    intent_id: str | None
    status: PaymentState
    amount_cents: int
    currency: str
    fee_cents: int | None
    error_code: str | None
    received_at: datetime | None
    checked_at: datetime | None
    created_at: datetime


@dataclass(frozen=True, slots=True)
class PaymentFact:
    """What Stripe says of a payment now. If it succeeded, amount and currency are what was received."""

    status: PaymentState
    stripe_id: str | None = None
    intent_id: str | None = None
    amount_cents: int | None = None
    currency: str | None = None
    fee_cents: int | None = None
    error_code: str | None = None
    received_at: datetime | None = None


@dataclass(frozen=True, slots=True)
class Refund:
    """`lines`: what of which line is paid back, `{"line", "quantity", "cents", "taxCents"}`; line 0 is shipping.

    `returned`: of a refund by amount, how many pieces came back, by line.
    """

    id: UUID
    payment_id: UUID
    order_id: UUID
    idempotency_key: str
    stripe_id: str | None
    amount_cents: int
    lines: Sequence[Mapping[str, Any]]
    status: RefundState
    reason: str
    actor: str
    error_code: str | None
    refunded_at: datetime | None
    failed_at: datetime | None
    checked_at: datetime | None
    created_at: datetime
    returned: Mapping[str, int] = field(default_factory=dict)


CLOSED_DISPUTES = ("won", "lost", "prevented", "warning_closed")  # an appeal opens a lost one again
_DISPUTES = {
    "warning_closed": DisputeState.WON,  # an inquiry that led to no dispute within 120 days
    "won": DisputeState.WON,
    "lost": DisputeState.LOST,
}


@dataclass(frozen=True, slots=True)
class Dispute:
    """`status` is Stripe's word, `withdrawn_cents` what the dispute has taken from the balance and not given back."""

    id: UUID
    stripe_id: str
    order_id: UUID
    payment_id: UUID
    status: str
    amount_cents: int
    withdrawn_cents: int
    reason: str
    evidence_due_at: datetime | None
    opened_at: datetime
    updated_at: datetime
    created_at: datetime

    @property
    def state(self) -> DisputeState:
        """What it means for its order. Inquiries, appeals and words of a later version of Stripe's API are open.

        `prevented`: the card network blocked the dispute, or settled it by paying the customer from the balance.
        """
        if self.status == "prevented":
            return DisputeState.LOST if self.withdrawn_cents else DisputeState.WON
        return _DISPUTES.get(self.status, DisputeState.OPEN)


@dataclass(frozen=True, slots=True)
class DisputeTransaction:
    """What a dispute took from the balance at Stripe, or gave back: then the amount is above 0, and a fee below."""

    stripe_id: str
    dispute_id: str
    amount_cents: int
    fee_cents: int
    booked_at: datetime


@dataclass(frozen=True, slots=True)
class WebhookEvent:
    """That an object at Stripe changed; what it is now, Stripe is asked."""

    id: str
    type: str
    object_id: str
    happened_at: datetime
