"""Requests and responses of payments, and the part of Stripe's events that is read."""

from datetime import UTC, datetime
from typing import Annotated, Literal

from pydantic import ConfigDict, Field

from services.api import examples
from services.api.payments.objects import Begun, Intent
from services.api.schemas import FROM_TEXT, MAX_HEADER, ApiModel, BodyModel, Message, ResponseModel, Time, Url
from shared.models.payment import PaymentKind, WebhookEvent


class NewPayment(BodyModel):
    """`payment_intent`: your page shows Stripe's elements. `checkout_session`: the customer visits a page of Stripe."""

    model_config = ConfigDict(json_schema_extra=examples.body(kind="checkout_session"))

    kind: Annotated[PaymentKind, FROM_TEXT] = PaymentKind.CHECKOUT_SESSION


class PaymentOut(ResponseModel):
    """`clientSecret` and `publishableKey` are for Stripe's elements; `url` is where to send the customer instead.

    `kind` may be another than was asked for: an order has one open payment. `test`: no real money moves. `expiresAt` is
    when the payment ends, of a Checkout session.
    """

    kind: PaymentKind
    client_secret: Message | None
    url: Url | None
    publishable_key: Message
    expires_at: Time | None
    test: bool

    @classmethod
    def of(cls, begun: Begun, publishable_key: str, *, test: bool) -> "PaymentOut":
        if isinstance(begun, Intent):
            kind, url, secret, expires_at = PaymentKind.PAYMENT_INTENT, None, begun.client_secret, None
        else:
            kind, url, secret, expires_at = PaymentKind.CHECKOUT_SESSION, begun.url, None, begun.expires_at
        return cls(
            kind=kind,
            client_secret=secret,
            url=url,
            publishable_key=publishable_key,
            expires_at=expires_at,
            test=test,
        )


class SignatureHeaders(ApiModel):
    stripe_signature: str = Field(
        "",
        alias="Stripe-Signature",
        max_length=MAX_HEADER,
        description="The time and the signatures that Stripe sends, such as `t=1700000000,v1=...`.",
    )


class Received(ResponseModel):
    """Empty: the status says all."""


EventId = Annotated[str, Field(max_length=254, pattern=r"^evt_[A-Za-z0-9_]{1,250}$")]


class _Changed(ApiModel):
    id: str = Field("", max_length=255)  # a few objects have none


class _Data(ApiModel):
    object: _Changed


class SentEvent(ApiModel):
    """A snapshot event of Stripe's API; what else it holds is not read."""

    id: EventId
    object: Literal["event"]
    type: str = Field(pattern=r"^[a-z0-9_.]{1,200}$")
    livemode: bool = Field(strict=True)
    created: int = Field(strict=True, ge=0, le=10**11)
    data: _Data

    def event(self) -> WebhookEvent:
        return WebhookEvent(self.id, self.type, self.data.object.id, datetime.fromtimestamp(self.created, UTC))
