"""The account at Stripe that payments go to."""

import re
from typing import Annotated, Self
from urllib.parse import urlsplit

from pydantic import AfterValidator, Field, SecretStr, field_validator, model_validator

from shared import settings, url_syntax

_SECRET = re.compile(r"[sr]k_(test|live)_[A-Za-z0-9_]{8,}")  # a restricted key will do
_PUBLISHABLE = re.compile(r"pk_(test|live)_[A-Za-z0-9_]{8,}")
_WEBHOOK = re.compile(r"whsec_[A-Za-z0-9+/=_-]{8,}")
_LOOPBACK = ("localhost", "127.0.0.1", "::1")


def _secret_key(value: SecretStr) -> SecretStr:
    if not _SECRET.fullmatch(value.get_secret_value()):
        raise ValueError("must be a secret key such as sk_test_...")
    return value


def _publishable_key(value: str) -> str:
    if not _PUBLISHABLE.fullmatch(value):
        raise ValueError("must be a publishable key such as pk_test_...")
    return value


def _loopback(value: str) -> str:
    if not (url_syntax.is_origin(value) and urlsplit(value).hostname in _LOOPBACK):
        raise ValueError("must be an address of this machine such as http://127.0.0.1:12111")
    return value.rstrip("/")


class Stripe(settings.EnvSettings):
    """Without a secret key nothing can be paid."""

    key: Annotated[settings.IssuedSecret, AfterValidator(_secret_key)] | None = Field(
        None, validation_alias="STRIPE_SECRET_KEY"
    )
    webhook: settings.IssuedSecret | None = Field(None, validation_alias="STRIPE_WEBHOOK_SECRET")
    publishable_key: Annotated[str, AfterValidator(_publishable_key)] | None = Field(
        None, validation_alias="STRIPE_PUBLISHABLE_KEY"
    )
    api_base: Annotated[str, AfterValidator(_loopback)] | None = Field(None, validation_alias="STRIPE_API_BASE")
    public_url: settings.Origin = Field("", validation_alias="PUBLIC_URL")

    @property
    def live(self) -> bool:
        """Whether payments move real money."""
        return self.key is not None and _mode(self.key.get_secret_value()) == "live"

    @property
    def webhook_secrets(self) -> tuple[str, ...]:
        """Two while they are rotated, else one."""
        return _secrets(self.webhook) if self.webhook else ()

    @field_validator("webhook")
    @classmethod
    def _known(cls, value: SecretStr | None) -> SecretStr | None:
        secrets = _secrets(value) if value else ()
        if len(secrets) > 2 or not all(map(_WEBHOOK.fullmatch, secrets)):
            raise ValueError("must be whsec_..., or the old and the new one, separated by a comma")
        return value

    @model_validator(mode="after")
    def _complete(self) -> Self:
        if self.key is None:
            return self
        if not (self.webhook and self.publishable_key and (self.public_url or self.api_base)):
            raise ValueError(
                "STRIPE_SECRET_KEY also needs STRIPE_WEBHOOK_SECRET, STRIPE_PUBLISHABLE_KEY and, for the way "
                "back from Stripe's page, PUBLIC_URL"
            )
        if _mode(self.key.get_secret_value()) != _mode(self.publishable_key):
            raise ValueError("STRIPE_SECRET_KEY and STRIPE_PUBLISHABLE_KEY must both be test keys or both live keys")
        if self.api_base and self.live:
            raise ValueError("STRIPE_API_BASE is for test keys: real money goes to Stripe itself")
        return self


def _mode(key: str) -> str:
    return key.split("_")[1]


def _secrets(value: SecretStr) -> tuple[str, ...]:
    return tuple(word.strip() for word in value.get_secret_value().split(","))
