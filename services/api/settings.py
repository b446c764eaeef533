"""The api's settings, read from the environment."""

import re
from dataclasses import dataclass
from functools import cached_property
from typing import Self

from pydantic import Field, field_validator

from services.api.documents.settings import SellerSettings
from services.api.mail.settings import Smtp
from services.api.pages.legal import Legal
from services.api.pages.settings import Shop
from services.api.payments.settings import Stripe
from services.api.pricing.settings import Pricing
from services.api.rate import RateLimit
from services.api.removebg.settings import RemoveBg
from shared import settings, url_syntax
from shared.image_format.structure import Format
from shared.models.invoice import Seller
from shared.print_settings import Printing
from shared.webhook_settings import Webhooks

_REGEX_CHARACTERS = re.compile(r"[^A-Za-z0-9.:/_-]")  # flask-cors would compile them


class Web(settings.EnvSettings):
    """Public URL, allowed origins, rate limits and quotas.

    The limits of keys carry 10,000 pictures a month with peaks. A premium key may send as many uploads a minute as one
    machine with u2net cuts out in that time, make five calls for each, and store 10 MB for each of a month's.
    """

    public_url: settings.Origin = Field("", validation_alias="PUBLIC_URL")
    cors_origins: str = Field("", validation_alias="CORS_ORIGINS")
    trusted_hops: int = Field(0, validation_alias="TRUSTED_HOPS", ge=0, le=5)
    fetch_urls: bool = Field(True, validation_alias="FETCH_URLS")
    # Defaults are read like given values.
    rate_api: RateLimit = Field("100/15m", validation_alias="RATE_LIMIT_API")  # type: ignore[assignment]
    rate_uploads: RateLimit = Field("10/h", validation_alias="RATE_LIMIT_UPLOADS")  # type: ignore[assignment]
    rate_sign_in: RateLimit = Field("5/15m", validation_alias="RATE_LIMIT_SIGN_IN")  # type: ignore[assignment]
    rate_premium_api: RateLimit = Field("600/m", validation_alias="RATE_LIMIT_PREMIUM_API")  # type: ignore[assignment]
    rate_premium_uploads: RateLimit = Field("120/m", validation_alias="RATE_LIMIT_PREMIUM_UPLOADS")  # type: ignore[assignment]
    rate_admin_api: RateLimit = Field("3000/m", validation_alias="RATE_LIMIT_ADMIN_API")  # type: ignore[assignment]
    rate_admin_uploads: RateLimit = Field("600/m", validation_alias="RATE_LIMIT_ADMIN_UPLOADS")  # type: ignore[assignment]
    quota_stored_mb: int = Field(10_000, validation_alias="QUOTA_STORED_MB", ge=0, le=1_000_000_000)
    quota_key_stored_mb: int = Field(100_000, validation_alias="QUOTA_KEY_STORED_MB", ge=0, le=1_000_000_000)
    quota_unfinished_jobs: int = Field(1_000, validation_alias="QUOTA_UNFINISHED_JOBS", ge=0, le=1_000_000_000)
    input_formats: str = Field(",".join(Format), validation_alias="INPUT_FORMATS")
    gang_sheet_cents_per_m: int = Field(0, validation_alias="GANG_SHEET_PRICE_CENTS_PER_M", ge=0, le=1_000_000)
    instances: int = Field(1, validation_alias="API_INSTANCES", ge=1, le=1000)
    print_instances: int = Field(0, validation_alias="PRINT_INSTANCES", ge=0, le=1000)

    @property
    def origins(self) -> tuple[str, ...]:
        """The origins whose pages may use the api with their visitors' cookies."""
        return _origins(self.cors_origins)

    @cached_property
    def formats(self) -> frozenset[Format]:
        """What a picture may be sent as."""
        return frozenset(map(Format, _words(self.input_formats)))

    @field_validator("input_formats")
    @classmethod
    def _known(cls, value: str) -> str:
        names = _words(value)
        if unknown := [name for name in names if name not in list(Format)]:
            raise ValueError(f"{unknown[0]} is none of {', '.join(Format)}")
        if not names:
            raise ValueError("names no format")
        return value

    @field_validator("cors_origins")
    @classmethod
    def _exact(cls, value: str) -> str:
        if any(not url_syntax.is_origin(origin) or _REGEX_CHARACTERS.search(origin) for origin in _origins(value)):
            raise ValueError(
                "must be origins such as https://shop.example; `*` would let every website act for your "
                "customers, because browsers send their cookies"
            )
        return value


class Mockups(settings.EnvSettings):
    """The service that draws mock-ups; without an address none are offered."""

    endpoint: settings.HttpUrl | None = Field(None, validation_alias="MOCKUPS_ENDPOINT")
    token: settings.OwnSecret | None = Field(None, validation_alias="MOCKUPS_TOKEN")


def _words(text: str) -> list[str]:
    return [word.strip().lower() for word in text.split(",") if word.strip()]


def _origins(text: str) -> tuple[str, ...]:
    return tuple(dict.fromkeys(part.strip().rstrip("/").lower() for part in text.split(",") if part.strip()))


@dataclass(frozen=True, slots=True)
class Settings:
    database: settings.Database
    broker: settings.Broker
    storage: settings.Storage
    keys: settings.Keys
    retention: settings.Retention
    rembg: settings.Rembg
    providers: settings.Providers
    printing: Printing
    ops: settings.Ops
    web: Web
    shop: Shop
    pricing: Pricing
    stripe: Stripe
    mockups: Mockups
    smtp: Smtp
    legal: Legal
    selling: SellerSettings
    removebg: RemoveBg
    webhooks: Webhooks

    @property
    def seller(self) -> Seller:
        return self.selling.seller(self.shop.name)

    @classmethod
    def read(cls) -> Self:
        return cls(
            database=settings.Database.read(),
            broker=settings.Broker.read(),
            storage=settings.Storage.read(),
            keys=settings.Keys.read(),
            retention=settings.Retention.read(),
            rembg=settings.Rembg.read(),
            providers=settings.Providers.read(),
            printing=Printing.read(),
            ops=settings.Ops.read(),
            web=Web.read(),
            shop=Shop.read(),
            pricing=Pricing.read(),
            stripe=Stripe.read(),
            mockups=Mockups.read(),
            smtp=Smtp.read(),
            legal=Legal.read(),
            selling=SellerSettings.read(),
            removebg=RemoveBg.read(),
            webhooks=Webhooks.read(),
        )
