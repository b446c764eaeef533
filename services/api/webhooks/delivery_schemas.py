"""Requests and responses about what was sent to webhooks."""

import json
from collections.abc import Mapping
from typing import Any, ClassVar
from uuid import UUID

from services.api.schemas import Count, Items, Message, Name, NextCursor, PageQuery, ResponseModel, Time
from services.api.webhooks.schemas import EndpointPath
from shared.models import webhook
from shared.models.webhook import MessageState


class DeliveryPath(EndpointPath):
    delivery_id: UUID


class DeliveryQuery(PageQuery):
    status: MessageState | None = None


class AttemptOut(ResponseModel):
    """`status` is that of the receiver's response; null without one, and then `error` says why."""

    at: Time
    status: Count | None
    error: Message | None
    duration_ms: Count


class DeliveryOut(ResponseModel):
    """A message and its last attempts, oldest first. Its `id` is the header `webhook-id`, `payload` the body.

    `nextAttemptAt` is null once it is `delivered` or `failed`.
    """

    names: ClassVar[Mapping[str, str]] = {"delivery_id": "id"}

    id: UUID
    endpoint_id: UUID
    type: Name
    status: MessageState
    attempts: Items[AttemptOut]
    next_attempt_at: Time | None
    payload: dict[str, Any]
    created_at: Time

    @classmethod
    def of(cls, message: webhook.Message) -> "DeliveryOut":
        return cls.from_row(
            message,
            attempts=[AttemptOut.from_row(one) for one in message.log],
            next_attempt_at=message.run_after if message.status is MessageState.PENDING else None,
            payload=json.loads(message.payload),
        )


class DeliveryPage(ResponseModel):
    items: Items[DeliveryOut]
    next_cursor: NextCursor
