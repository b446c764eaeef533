"""Requests and responses of /api/webhooks."""

import base64
from collections.abc import Mapping
from typing import Annotated, Any, ClassVar, Literal, Self
from uuid import UUID

from pydantic import AfterValidator, ConfigDict, Field

from services.api import examples
from services.api.schemas import (
    ApiModel,
    BodyModel,
    Items,
    Name,
    ResponseModel,
    Time,
    Url,
)
from shared.models import webhook
from shared.models.webhook import Endpoint

Subscribed = Literal["job.done", "job.failed", "order.paid", "order.shipped", "order.refunded"]
Address = Annotated[str, Field(min_length=1, max_length=2000)]


def _once_each(events: list[Subscribed]) -> list[Subscribed]:
    return list(dict.fromkeys(events))


Events = Annotated[list[Subscribed], Field(min_length=1, max_length=20), AfterValidator(_once_each)]


class EndpointPath(ApiModel):
    endpoint_id: UUID


class NewEndpoint(BodyModel):
    """`order.*` is for API keys of scope `orders` or `admin`, and tells of every order of the shop."""

    model_config = ConfigDict(
        json_schema_extra=examples.body(url="https://shop.example/hooks", events=["job.done", "job.failed"])
    )

    url: Address
    events: Events


class EndpointChange(BodyModel):
    """What is left out stays. `enabled` switches deliveries off and on; those of the time between follow."""

    model_config = ConfigDict(json_schema_extra=examples.body(enabled=True))

    url: Address | None = None
    events: Events | None = None
    enabled: bool | None = None


class EndpointOut(ResponseModel):
    """`disabledReason`: `owner`, `failing` when nothing was accepted for three days, or `gone` after a status 410.

    `failingSince` is the first failure after which nothing was accepted. Until `oldSecretUntil` the secret before the
    newest signs as well.
    """

    names: ClassVar[Mapping[str, str]] = {"endpoint_id": "id"}

    id: UUID
    url: Url
    events: Items[Name]
    enabled: bool
    disabled_at: Time | None
    disabled_reason: Name | None
    failing_since: Time | None
    old_secret_until: Time | None
    created_at: Time

    @classmethod
    def of(cls, endpoint: Endpoint, **others: Any) -> Self:
        return cls.from_row(endpoint, enabled=endpoint.disabled_at is None, events=list(endpoint.events), **others)


class EndpointWithSecret(EndpointOut):
    """`secret` is shown in this response only. Libraries of Standard Webhooks take it as it is."""

    secret: Name

    @classmethod
    def showing(cls, endpoint: Endpoint, root: str) -> Self:
        newest = webhook.derived_secret(root, endpoint.id, endpoint.secret_version)
        return cls.of(endpoint, secret=f"whsec_{base64.b64encode(newest).decode()}")


class EndpointList(ResponseModel):
    items: Items[EndpointOut]
