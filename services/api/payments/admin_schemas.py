"""Requests and responses of /api/admin/webhooks."""

from collections.abc import Mapping
from typing import Annotated, ClassVar

from pydantic import Field

from services.api.payments.schemas import EventId
from services.api.schemas import ApiModel, Count, Message, Name, RequestModel, ResponseModel, Time, bounded

_MOST = 100


class WebhooksQuery(RequestModel):
    limit: int = Field(_MOST, ge=1, le=_MOST)


class WebhookPath(ApiModel):
    event_id: EventId


class WebhookOut(ResponseModel):
    """An event of Stripe. `objectId` is what it is about, such as `pi_...`; `handledAt` is null until it is applied."""

    names: ClassVar[Mapping[str, str]] = {"event_id": "id"}

    id: Name
    type: Name
    object_id: Name
    happened_at: Time
    received_at: Time
    tried_at: Time | None
    handled_at: Time | None
    attempts: Count
    error: Message | None


class WebhookList(ResponseModel):
    items: Annotated[list[WebhookOut], bounded(maxItems=_MOST)]
