"""Settings: the environment, read once into frozen and validated blocks.

Each part of the system owns an `EnvSettings` with defaults; a service's own `settings.py` sums those it needs. An empty
variable counts as unset, as compose files write `NAME=` for "not given". This module is the only reader of
`os.environ` in shared/ and services/.
"""

import os
import re
import sys
from pathlib import Path
from typing import Annotated, Self
from urllib.parse import urlsplit

from pydantic import (
    AfterValidator,
    BaseModel,
    ConfigDict,
    Field,
    SecretStr,
    ValidationError,
    field_validator,
    model_validator,
)

_LABEL = r"[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?"
_HOST = re.compile(rf"{_LABEL}(\.{_LABEL})*\.?|[0-9a-f:]+")  # what S3 clients take for one


class Invalid(SystemExit):
    """A setting is missing or wrong; the words say which and why. Ends the process without a traceback.

    The status is 3, the one that tells gunicorn that starting the same again is of no use. As a status that is a number
    makes Python end without a word, the words are printed here.
    """

    def __init__(self, words: str) -> None:
        super().__init__(words)
        self.code = 3
        print(words, file=sys.stderr, flush=True)


class EnvSettings(BaseModel):
    """A group of settings. Field aliases are the environment names; values are never logged."""

    model_config = ConfigDict(frozen=True, validate_default=True, hide_input_in_errors=True)

    @classmethod
    def read(cls) -> Self:
        """Read the block from the environment, or raise Invalid naming every wrong variable."""
        try:
            return cls.model_validate({name: value for name, value in os.environ.items() if value})
        except ValidationError as error:
            wrong = [f"{'.'.join(map(str, e['loc'])) or cls.__name__}: {e['msg']}" for e in error.errors()]
            raise Invalid("invalid settings: " + "; ".join(wrong)) from None


class Database(EnvSettings):
    """Postgres.

    `direct_url` bypasses a transaction pooler: migrations, LISTEN and advisory locks need a session of their own.
    """

    url: SecretStr = Field(validation_alias="DATABASE_URL")
    direct: SecretStr | None = Field(None, validation_alias="DATABASE_DIRECT_URL")
    pool_max: int = Field(5, validation_alias="DATABASE_POOL_MAX", ge=2, le=50)  # a process; 15 over all of them

    @property
    def direct_url(self) -> str:
        return (self.direct or self.url).get_secret_value()


class Broker(EnvSettings):
    """Redis, which carries wake-ups and nothing that must not be lost."""

    url: SecretStr = Field(validation_alias="REDIS_URL")


def _address(value: str) -> str:
    if not _is_address(value):
        raise ValueError("must be an address such as https://account.r2.cloudflarestorage.com")
    return value


def _is_address(value: str) -> bool:
    try:
        parts = urlsplit(value)
        odd = parts.port == 0 or parts.username is not None or parts.query or parts.fragment or re.search(r"\s", value)
    except ValueError:
        return False
    return parts.scheme in ("http", "https") and _HOST.fullmatch(parts.hostname or "") is not None and not odd


_Address = Annotated[str, AfterValidator(_address)]
_BucketName = Annotated[str, Field(pattern=r"^[A-Za-z0-9._-]{1,255}$")]


class Storage(EnvSettings):
    """Objects: a folder below DATA_DIR, or S3-compatible storage as soon as R2_ENDPOINT is set."""

    data_dir: Path = Field(Path("data"), validation_alias="DATA_DIR")
    endpoint: _Address | None = Field(None, validation_alias="R2_ENDPOINT")
    access_key_id: str | None = Field(None, validation_alias="R2_ACCESS_KEY_ID")
    secret_access_key: SecretStr | None = Field(None, validation_alias="R2_SECRET_ACCESS_KEY")
    bucket: _BucketName | None = Field(None, validation_alias="R2_BUCKET_NAME")

    @model_validator(mode="after")
    def _complete(self) -> Self:
        if self.endpoint and not (self.access_key_id and self.secret_access_key and self.bucket):
            raise ValueError("R2_ENDPOINT also needs R2_ACCESS_KEY_ID, R2_SECRET_ACCESS_KEY and R2_BUCKET_NAME")
        return self


class OldStorage(EnvSettings):
    """The bucket that `python -m deploy.migrate_storage` copies from, of any provider."""

    endpoint: _Address = Field(validation_alias="OLD_S3_ENDPOINT")
    access_key_id: str = Field(validation_alias="OLD_S3_ACCESS_KEY_ID")
    secret_access_key: SecretStr = Field(validation_alias="OLD_S3_SECRET_ACCESS_KEY")
    bucket: _BucketName = Field(validation_alias="OLD_S3_BUCKET_NAME")
    region: str = Field("us-east-1", validation_alias="OLD_S3_REGION")

    @property
    def storage(self) -> Storage:
        """As the settings of a storage."""
        return Storage(
            R2_ENDPOINT=self.endpoint,
            R2_ACCESS_KEY_ID=self.access_key_id,
            R2_SECRET_ACCESS_KEY=self.secret_access_key,
            R2_BUCKET_NAME=self.bucket,
        )


class Ops(EnvSettings):
    """Operations. `token` opens /metrics and /health/detailed to callers from other machines."""

    environment: str = Field("development", validation_alias="ENVIRONMENT")
    token: SecretStr | None = Field(None, validation_alias="OPS_TOKEN")
    sentry_dsn: SecretStr | None = Field(None, validation_alias="SENTRY_DSN")

    @field_validator("sentry_dsn")
    @classmethod
    def _dsn(cls, value: SecretStr | None) -> SecretStr | None:
        if value and not re.fullmatch(r"https?://\w+@[^/\s@]+/(?:\S*/)?\d+", value.get_secret_value()):
            raise ValueError("must look like https://key@host/project")
        return value


class Keys(EnvSettings):
    """The secret from which object keys are derived, and with which addresses and guests' tokens are signed.

    A new one changes the keys of new objects and ends all addresses and links given out before.
    """

    secret: SecretStr = Field(validation_alias="SECRET_KEY", min_length=32)  # 128 bits, even in hexadecimal


class Providers(EnvSettings):
    """Providers of background removal, and their daily budget."""

    removebg_key: SecretStr | None = Field(None, validation_alias="REMOVE_BG_API_KEY")
    removebg_url: str = Field("https://api.remove.bg/v1.0", validation_alias="REMOVE_BG_URL")
    price_cents: float = Field(20, validation_alias="REMOVE_BG_PRICE_CENTS", ge=0)
    budget_cents: int = Field(0, validation_alias="PROVIDER_DAILY_BUDGET_CENTS", ge=0)  # 0: no paid calls
    wait_at_budget: bool = Field(False, validation_alias="PROVIDER_WAIT_AT_BUDGET")
    rollout_percent: int = Field(100, validation_alias="SELF_HOSTED_ROLLOUT_PERCENT", ge=0, le=100)
    paid_above_uncertain: float | None = Field(None, validation_alias="PAID_ABOVE_UNCERTAIN", ge=0, le=1)

    @property
    def price_microusd(self) -> int:
        return round(self.price_cents * 10_000)

    @property
    def budget_microusd(self) -> int:
        return self.budget_cents * 10_000


class Rembg(EnvSettings):
    """The address of the rembg service."""

    endpoint: str = Field("http://127.0.0.1:7000", validation_alias="REMBG_ENDPOINT")
    token: SecretStr | None = Field(None, validation_alias="REMBG_TOKEN")
