"""Requests and responses about refunds, disputes and reviews. Money is in minor units of the order's currency."""

from collections.abc import Mapping
from enum import StrEnum
from typing import Annotated, ClassVar, Self
from uuid import UUID

from pydantic import ConfigDict, Field, model_validator

from services.api import examples
from services.api.pricing.rules import MOST_CENTS, MOST_LINES, MOST_PIECES
from services.api.pricing.schemas import Cents
from services.api.pricing.settings import Currency
from services.api.schemas import (
    FROM_TEXT,
    BodyModel,
    Count,
    Items,
    Message,
    Name,
    NextCursor,
    PageQuery,
    ResponseModel,
    Time,
)
from shared.db.disputes import ListedDispute
from shared.models.order import DisputeState, PaymentStatus, ProductionStatus
from shared.models.payment import Refund, RefundState


class RefundStatus(StrEnum):
    PENDING = "pending"
    SUCCEEDED = "succeeded"
    FAILED = "failed"
    CANCELLED = "cancelled"


class RefundItemIn(BodyModel):
    """A line of the order, 0 for shipping. Without `quantity`, all that is left of it is paid back."""

    line: int = Field(ge=0, le=MOST_LINES)
    quantity: int | None = Field(None, ge=1, le=MOST_PIECES)


class ReturnedIn(BodyModel):
    line: int = Field(ge=1, le=MOST_LINES)
    quantity: int = Field(ge=1, le=MOST_PIECES)


class RefundIn(BodyModel):
    """Either `items`, `amountCents` or `whole`.

    `restock` puts the pieces of `items` or `whole` back into stock. An amount is of no pieces: `restockItems` names
    those that came back with it.
    """

    model_config = ConfigDict(
        json_schema_extra=examples.body(items=[{"line": 1, "quantity": 1}], reason="Damaged in the post", restock=False)
    )

    items: list[RefundItemIn] | None = Field(None, min_length=1, max_length=MOST_LINES + 1)
    amount_cents: int | None = Field(None, ge=1, le=MOST_CENTS)
    whole: bool = False
    reason: str = Field(
        "",
        max_length=500,
        pattern=r"^[^\x00-\x1f\x7f]*$",
        description="For the customer, who may read it on the credit note.",
    )
    restock: bool = False
    restock_items: list[ReturnedIn] | None = Field(None, min_length=1, max_length=MOST_LINES)

    @property
    def returned(self) -> Mapping[int, int]:
        return {item.line: item.quantity for item in self.restock_items or ()}

    @property
    def pieces(self) -> Mapping[int, int | None]:
        return {item.line: item.quantity for item in self.items or ()}

    @model_validator(mode="after")
    def _one_way(self) -> Self:
        if [self.items is not None, self.amount_cents is not None, self.whole].count(True) != 1:
            raise ValueError("one of items, amountCents and whole is needed")
        if len(self.pieces) + len(self.returned) != len(self.items or ()) + len(self.restock_items or ()):
            raise ValueError("a line is named twice")
        if self.restock and self.amount_cents is not None:
            raise ValueError("restock needs items or whole: with an amount, restockItems names what came back")
        if self.restock_items and self.amount_cents is None:
            raise ValueError("restockItems needs amountCents: with items or whole, restock does it")
        return self


class RefundLineOut(ResponseModel):
    """What is paid back of a line: `cents` with tax, `taxCents` of it. Line 0 is shipping."""

    line: Count
    quantity: Count
    cents: Cents
    tax_cents: Cents


class RefundOut(ResponseModel):
    """A refund. One that has succeeded may still fail at the customer's bank. `errorCode` is Stripe's."""

    id: UUID
    status: RefundStatus
    amount_cents: Cents
    currency: Currency
    lines: Items[RefundLineOut]
    reason: Message
    error_code: Name | None
    created_at: Time
    refunded_at: Time | None
    failed_at: Time | None

    @classmethod
    def of(cls, refund: Refund, currency: str) -> Self:
        shown = RefundState.PENDING if refund.status is RefundState.NEW else refund.status
        lines = [RefundLineOut.model_validate(line) for line in refund.lines]
        return cls.from_row(refund, status=RefundStatus(shown), currency=currency, lines=lines)


class DisputesQuery(PageQuery):
    open: bool | None = Field(None, description="Only those that are open, or that are not.")


class DisputeOut(ResponseModel):
    """A dispute: `status` is Stripe's word, `state` what it means. Answer before `evidenceDueAt`, at Stripe."""

    stripe_id: Name
    order_id: UUID
    order_number: Name
    status: Name
    state: DisputeState
    amount_cents: Cents
    withdrawn_cents: Cents
    currency: Currency
    reason: Name
    evidence_due_at: Time | None
    production_status: ProductionStatus
    opened_at: Time
    updated_at: Time

    @classmethod
    def of(cls, listed: ListedDispute) -> Self:
        return cls.from_row(
            listed.dispute,
            order_number=listed.order_number,
            currency=listed.currency,
            production_status=ProductionStatus(listed.production_status),
        )


class DisputePage(ResponseModel):
    items: Items[DisputeOut]
    next_cursor: NextCursor


class Resolution(StrEnum):
    """ACCEPT: the order goes on, and what was paid twice is paid back. REFUND: all is, and the order is cancelled."""

    ACCEPT = "accept"
    REFUND = "refund"


class ReviewIn(BodyModel):
    model_config = ConfigDict(json_schema_extra=examples.body(resolution="refund"))

    resolution: Annotated[Resolution, FROM_TEXT]


class ReviewedOut(ResponseModel):
    """The order after the review, with the refunds that it caused."""

    names: ClassVar[Mapping[str, str]] = {"order_id": "orderId"}

    order_id: UUID
    payment_status: PaymentStatus
    production_status: ProductionStatus
    refunds: Items[RefundOut]
