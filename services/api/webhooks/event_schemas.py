"""What receivers of webhooks get: the bodies of the messages, by type, for the OpenAPI document."""

from collections.abc import Mapping
from typing import Literal
from uuid import UUID

from services.api.schemas import Count, Name, ResponseModel, Time
from shared.models.webhook import EventType


class JobEventData(ResponseModel):
    """`parentId` names the first job of a chain, where this one followed it by itself. `error` is a stable code."""

    id: UUID
    type: Name
    status: Literal["done", "failed"]
    asset_id: UUID
    parent_id: UUID | None
    error: Name | None


class JobEvent(ResponseModel):
    """A job of yours has ended; `GET /api/jobs/<id>` has its result. A job that is tried again may end again."""

    type: Literal["job.done", "job.failed"]
    timestamp: Time
    data: JobEventData


class ParcelSent(ResponseModel):
    id: UUID
    carrier: Name
    tracking: Name


class MoneyReturned(ResponseModel):
    id: UUID
    amount_cents: Count


class OrderEventData(ResponseModel):
    """`shipment` is the parcel of `order.shipped`, `refund` the money of `order.refunded`; else they are null."""

    id: UUID
    order_number: Name
    test: bool
    currency: Name
    total_cents: Count
    received_cents: Count
    refunded_cents: Count
    shipment: ParcelSent | None
    refund: MoneyReturned | None


class OrderEvent(ResponseModel):
    """An order of the shop was paid, a parcel of it has left, or money of it went back."""

    type: Literal["order.paid", "order.shipped", "order.refunded"]
    timestamp: Time
    data: OrderEventData


class TrialData(ResponseModel):
    endpoint_id: UUID


class TrialEvent(ResponseModel):
    """You asked for it."""

    type: Literal["webhook.test"]
    timestamp: Time
    data: TrialData


BODIES: Mapping[EventType, type[ResponseModel]] = {
    **dict.fromkeys((EventType.JOB_DONE, EventType.JOB_FAILED), JobEvent),
    **dict.fromkeys((EventType.ORDER_PAID, EventType.ORDER_SHIPPED, EventType.ORDER_REFUNDED), OrderEvent),
    EventType.TEST: TrialEvent,
}
