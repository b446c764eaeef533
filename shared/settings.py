"""Settings: the environment, read once into frozen and validated blocks.

Each part of the system owns an `EnvSettings` with defaults; a service's own `settings.py` sums those it needs. An empty
variable counts as unset, as compose files write `NAME=` for "not given". With ENVIRONMENT=production no block accepts a
secret that is published in this repository, blank or short. This module is the only reader of `os.environ` in shared/
and services/.
"""

import os
import re
import sys
from collections.abc import Mapping
from pathlib import Path
from typing import Annotated, Self

from pydantic import (
    AfterValidator,
    BaseModel,
    ConfigDict,
    Field,
    SecretStr,
    ValidationError,
    ValidationInfo,
    field_validator,
    model_validator,
)

from shared import url_syntax

_PUBLISHED = "development"  # in every secret that docker-compose.yml falls back to
_OWN_LENGTH, _ISSUED_LENGTH = 32, 8  # characters in production; the first is 128 bits, even in hexadecimal


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

    model_config = ConfigDict(frozen=True, validate_default=True, hide_input_in_errors=True, allow_inf_nan=False)

    @classmethod
    def read(cls, environ: Mapping[str, str] | None = None) -> Self:
        """Read the block from `environ`, os.environ by default, or raise Invalid naming every wrong variable."""
        given = {name: value for name, value in (os.environ if environ is None else environ).items() if value}
        try:
            return cls.model_validate(given, context=is_production(given))
        except ValidationError as error:
            wrong = [f"{'.'.join(map(str, e['loc'])) or cls.__name__}: {_words(e['msg'])}" for e in error.errors()]
            raise Invalid("invalid settings: " + "; ".join(wrong)) from None


def _words(message: str) -> str:
    return message.removeprefix("Value error, ")


def is_production(environ: Mapping[str, str]) -> bool:
    """Whether ENVIRONMENT says so, in any spelling."""
    return environ.get("ENVIRONMENT", "").strip().lower() == "production"


def _refuse_weak(secret: str, info: ValidationInfo, length: int) -> None:
    """Refuse a secret that others know or guess, if this is production."""
    if info.context:
        if _PUBLISHED in secret.lower():
            raise ValueError("is a public development value; `make up` writes random ones")
        if len(secret.strip()) < length:
            raise ValueError(f"must have at least {length} characters in production")


def _one_word(value: str) -> str:
    if not (value.isascii() and value.isprintable() and value == value.strip()):
        raise ValueError("must be printable ASCII without spaces around it")
    return value


def _own(value: SecretStr, info: ValidationInfo) -> SecretStr:
    _refuse_weak(_one_word(value.get_secret_value()), info, _OWN_LENGTH)
    return value


def _issued(value: SecretStr, info: ValidationInfo) -> SecretStr:
    _refuse_weak(_one_word(value.get_secret_value()), info, _ISSUED_LENGTH)
    return value


def _postgres(value: SecretStr, info: ValidationInfo) -> SecretStr:
    if not url_syntax.is_postgres(value.get_secret_value()):
        raise ValueError("must look like postgresql://user:password@host:5432/name")
    return with_password(value, info)


def _redis(value: SecretStr, info: ValidationInfo) -> SecretStr:
    if not url_syntax.is_redis(value.get_secret_value()):
        raise ValueError("must look like redis://:password@host:6379/0 or rediss://...")
    return with_password(value, info)


def with_password(value: SecretStr, info: ValidationInfo) -> SecretStr:
    """Without one the server lets us in by other means: a socket, a certificate or a private network."""
    password = url_syntax.password(value.get_secret_value())
    if password is not None:
        _refuse_weak(password, info, _ISSUED_LENGTH)
    return value


def _http(value: str) -> str:
    if not url_syntax.is_http(value):
        raise ValueError("must be an address such as https://host.example")
    return value


def _secret_http(value: SecretStr) -> SecretStr:
    if not url_syntax.split_url(value.get_secret_value(), "http", "https"):
        raise ValueError("must be an address such as https://host.example/path")
    return value


def _origin(value: str) -> str:
    if value and not url_syntax.is_origin(value):
        raise ValueError("must be an origin such as https://shop.example")
    return value.rstrip("/")


def _s3(value: str) -> str:
    if "_" in value.partition("://")[2].partition("/")[0]:
        raise ValueError("must not have an underscore in its host")  # S3's client refuses it
    return _http(value)


def _host(value: str) -> str:
    host = value.removeprefix("[").removesuffix("]")
    if not url_syntax.is_host(host):
        raise ValueError("must be a name or an IP address such as 0.0.0.0 or ::")
    return host


OwnSecret = Annotated[SecretStr, AfterValidator(_own)]  # made by the operator
IssuedSecret = Annotated[SecretStr, AfterValidator(_issued)]  # made by a provider
HttpUrl = Annotated[str, AfterValidator(_http)]
SecretHttpUrl = Annotated[SecretStr, AfterValidator(_secret_http)]  # may hold a password or a token in its query
Origin = Annotated[str, AfterValidator(_origin)]  # without the final slash; may be empty
Host = Annotated[str, AfterValidator(_host)]  # IPv6 without brackets
_PostgresUrl = Annotated[SecretStr, AfterValidator(_postgres)]
_RedisUrl = Annotated[SecretStr, AfterValidator(_redis)]
_S3Url = Annotated[str, AfterValidator(_s3)]
_Word = Annotated[str, AfterValidator(_one_word)]
_BucketName = Annotated[str, Field(pattern=r"^[A-Za-z0-9._-]{1,255}$")]


class Database(EnvSettings):
    """Postgres. `direct_url` bypasses a pooler, for what needs a session: migrations, LISTEN and advisory locks."""

    url: _PostgresUrl = Field(validation_alias="DATABASE_URL")
    direct: _PostgresUrl | None = Field(None, validation_alias="DATABASE_DIRECT_URL")
    pool_max: int = Field(5, validation_alias="DATABASE_POOL_MAX", ge=2, le=50)  # a process; 15 over all of them

    @property
    def direct_url(self) -> str:
        return (self.direct or self.url).get_secret_value()


class Broker(EnvSettings):
    """Redis, which carries wake-ups and nothing that must not be lost."""

    url: _RedisUrl = Field(validation_alias="REDIS_URL")


class Listen(EnvSettings):
    """Where a service takes connections; `port` is that of the api, and of any service in a container of its own."""

    host: Host = Field("0.0.0.0", validation_alias="BIND_HOST")  # noqa: S104 - a container is reached from outside
    port: int | None = Field(None, validation_alias="PORT", ge=0, le=65_535)
    rembg_port: int = Field(7000, validation_alias="REMBG_PORT", ge=0, le=65_535)
    mockups_port: int = Field(7100, validation_alias="MOCKUPS_PORT", ge=0, le=65_535)

    def address(self, own_port: int) -> str:
        """As gunicorn wants it, of a service that has this port where PORT is not set."""
        port = own_port if self.port is None else self.port
        return f"[{self.host}]:{port}" if ":" in self.host else f"{self.host}:{port}"


class Storage(EnvSettings):
    """Objects: a folder below DATA_DIR, or S3-compatible storage as soon as R2_ENDPOINT is set."""

    data_dir: Path = Field(Path("data"), validation_alias="DATA_DIR")
    endpoint: _S3Url | None = Field(None, validation_alias="R2_ENDPOINT")
    access_key_id: _Word | None = Field(None, validation_alias="R2_ACCESS_KEY_ID")
    secret_access_key: IssuedSecret | None = Field(None, validation_alias="R2_SECRET_ACCESS_KEY")
    bucket: _BucketName | None = Field(None, validation_alias="R2_BUCKET_NAME")

    @model_validator(mode="after")
    def _complete(self) -> Self:
        if self.endpoint and not (self.access_key_id and self.secret_access_key and self.bucket):
            raise ValueError("R2_ENDPOINT also needs R2_ACCESS_KEY_ID, R2_SECRET_ACCESS_KEY and R2_BUCKET_NAME")
        return self


class OldStorage(EnvSettings):
    """The bucket that `python -m deploy.migrate_storage` copies from, of any provider."""

    endpoint: _S3Url = Field(validation_alias="OLD_S3_ENDPOINT")
    access_key_id: _Word = Field(validation_alias="OLD_S3_ACCESS_KEY_ID")
    secret_access_key: IssuedSecret = Field(validation_alias="OLD_S3_SECRET_ACCESS_KEY")
    bucket: _BucketName = Field(validation_alias="OLD_S3_BUCKET_NAME")
    region: _Word = Field("us-east-1", validation_alias="OLD_S3_REGION")

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
    token: OwnSecret | None = Field(None, validation_alias="OPS_TOKEN")
    sentry_dsn: SecretStr | None = Field(None, validation_alias="SENTRY_DSN")

    @field_validator("sentry_dsn")
    @classmethod
    def _dsn(cls, value: SecretStr | None) -> SecretStr | None:
        parts = url_syntax.split_url(value.get_secret_value(), "http", "https") if value else None
        if value and not (parts and parts.username and re.search(r"/[0-9]+$", parts.path)):
            raise ValueError("must look like https://key@host/project")
        return value


class Retention(EnvSettings):
    """Days after which pictures not sent again, finished jobs, and artwork of finished orders are deleted; 0: never."""

    guest_days: int = Field(30, validation_alias="GUEST_RETENTION_DAYS", ge=0, le=36_500)
    customer_days: int = Field(0, validation_alias="CUSTOMER_RETENTION_DAYS", ge=0, le=36_500)
    job_days: int = Field(90, validation_alias="JOB_RETENTION_DAYS", ge=0, le=36_500)
    artwork_days: int = Field(365, validation_alias="ARTWORK_RETENTION_DAYS", ge=0, le=36_500)


class Keys(EnvSettings):
    """The secret from which object keys and webhooks' secrets are derived; it signs addresses and guests' tokens.

    A new one changes the keys of new objects and all webhooks' secrets, and ends addresses and links given out before.
    """

    secret: OwnSecret = Field(validation_alias="SECRET_KEY")

    @field_validator("secret")
    @classmethod
    def _long(cls, value: SecretStr) -> SecretStr:
        if len(value) < _OWN_LENGTH:
            raise ValueError(f"must have at least {_OWN_LENGTH} characters")
        return value


class Providers(EnvSettings):
    """Providers of background removal, and their daily budget."""

    removebg_key: IssuedSecret | None = Field(None, validation_alias="REMOVE_BG_API_KEY")
    removebg_url: HttpUrl = Field("https://api.remove.bg/v1.0", validation_alias="REMOVE_BG_URL")
    price_cents: float = Field(20, validation_alias="REMOVE_BG_PRICE_CENTS", ge=0, le=100_000)
    budget_cents: int = Field(0, validation_alias="PROVIDER_DAILY_BUDGET_CENTS", ge=0, le=1_000_000_000)  # 0: none
    wait_at_budget: bool = Field(False, validation_alias="PROVIDER_WAIT_AT_BUDGET")
    rollout_percent: int = Field(100, validation_alias="SELF_HOSTED_ROLLOUT_PERCENT", ge=0, le=100)
    paid_above_uncertain: float | None = Field(None, validation_alias="PAID_ABOVE_UNCERTAIN", ge=0, le=1)

    @property
    def paid_key(self) -> SecretStr | None:
        """The paid provider's key, if there is a budget for it."""
        return self.removebg_key if self.budget_cents else None

    @property
    def price_microusd(self) -> int:
        return round(self.price_cents * 10_000)

    @property
    def budget_microusd(self) -> int:
        return self.budget_cents * 10_000


class Rembg(EnvSettings):
    """The address of the rembg service."""

    endpoint: HttpUrl = Field("http://127.0.0.1:7000", validation_alias="REMBG_ENDPOINT")
    token: OwnSecret | None = Field(None, validation_alias="REMBG_TOKEN")
