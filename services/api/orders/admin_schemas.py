"""Requests and responses about all orders, for the shop."""

from collections.abc import Mapping
from typing import Annotated, Any, ClassVar, Self

from pydantic import Field

from services.api.orders.schemas import OrderOut, OrdersQuery, OrderSummary, TotalsOut
from services.api.orders.whole import WholeOrder
from services.api.schemas import Count, Items, Message, Name, NextCursor, ResponseModel, Time, bounded
from shared.models.customer import Customer
from shared.models.order import DisputeState, Hold, Order, PaymentStatus, ProductionStatus


class AdminOrdersQuery(OrdersQuery):
    production_status: ProductionStatus | None = None
    q: str | None = Field(
        None,
        min_length=2,
        max_length=254,
        pattern=r"^[^\x00-\x1f\x7f]+$",
        description="An order number, a customer's e-mail address, or the beginning of the recipient's name.",
    )


class AdminOrderSummary(OrderSummary):
    recipient: Name
    review: Message | None
    held_for: Hold | None
    held_reason: Message | None

    @classmethod
    def summary(cls, order: Order) -> Self:
        return cls.from_row(order, totals=TotalsOut.from_row(order), recipient=order.ship_to["name"])


class AdminOrderPage(ResponseModel):
    items: Items[AdminOrderSummary]
    next_cursor: NextCursor


class OrderCountsOut(ResponseModel):
    """How many orders have each status. Where it is `most`, there may be more."""

    payment: dict[PaymentStatus, Count]
    production: dict[ProductionStatus, Count]
    most: Count


class AdminHappenedOut(ResponseModel):
    """`actor`: `customer`, `shop`, `stripe`, an admin's address or the name of a key."""

    what: Name
    actor: Annotated[str, bounded(maxLength=254)]
    facts: dict[str, Any]
    at: Time


class AdminOrderOut(OrderOut):
    """As its customer sees it, and what is the shop's alone. `email` is null once the account was erased.

    `review` says why a person must look at it; `heldFor` and `heldReason` why it is held, and
    `heldFrom` where it goes on from.
    """

    names: ClassVar[Mapping[str, str]] = {"order_id": "id", "order": "orderNumber"}

    email: Annotated[str, bounded(maxLength=254)] | None
    review: Message | None
    dispute: DisputeState
    held_from: ProductionStatus | None
    held_for: Hold | None
    held_reason: Message | None
    history: Items[AdminHappenedOut]  # type: ignore[assignment]

    @classmethod
    def of_shop(cls, whole: WholeOrder, customer: Customer | None) -> Self:
        own = {
            name: getattr(whole.order, name) for name in ("review", "dispute", "held_from", "held_for", "held_reason")
        }
        history = list(map(AdminHappenedOut.from_row, whole.events))
        shown = {**dict(OrderOut.of(whole)), "history": history, "email": customer.email if customer else None}
        return cls(**shown, **own)
