"""The mail server that takes mails to customers, and the address they come from."""

import re
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Annotated, Self
from urllib.parse import unquote, urlsplit

from pydantic import AfterValidator, Field, SecretStr, ValidationInfo, model_validator

from shared import settings, url_syntax

_ADDRESS = re.compile(r"[A-Za-z0-9.!#$%&'*+/=?^_`{|}~-]{1,64}@([^@]+\.[^@]+)")


class Security(StrEnum):
    """How a connection is protected, by the scheme of the URL."""

    TLS = "smtps"  # from its first byte
    STARTTLS = "smtp"  # before anything else is said; a server without it gets no mail
    NONE = "smtp+plain"


_PORTS = {Security.TLS: 465, Security.STARTTLS: 587, Security.NONE: 25}


@dataclass(frozen=True, slots=True)
class Server:
    """A mail server. `user` is None if it takes mails without a password."""

    host: str
    port: int
    security: Security
    user: str | None
    password: str = field(repr=False)


def _server(url: str) -> Server | None:
    parts = url_syntax.split_url(url, *Security)
    if parts is None or parts.path.strip("/") or parts.query or parts.fragment:
        return None
    if (parts.username is None) != (parts.password is None):
        return None
    security = Security(parts.scheme)
    user = None if parts.username is None else unquote(parts.username)
    return Server(
        *(parts.hostname or "", parts.port or _PORTS[security]), security, user, unquote(parts.password or "")
    )


def _smtp(value: SecretStr, info: ValidationInfo) -> SecretStr:
    url = value.get_secret_value()
    if not _server(url):
        raise ValueError("must look like smtp://user:password@host:587, smtps://... or smtp+plain://host:25")
    if urlsplit(url).scheme == Security.NONE and url_syntax.password(url) is not None:
        raise ValueError("smtp+plain:// would send the password readable; use smtp:// or smtps://")
    return settings.with_password(value, info)


def _address(value: str) -> str:
    parts = _ADDRESS.fullmatch(value)
    if not (parts and url_syntax.is_host(parts[1])):
        raise ValueError("must be an address such as shop@shop.example")
    return value


class Smtp(settings.EnvSettings):
    """Sending; without SMTP_URL, mails stay in the outbox."""

    url: Annotated[SecretStr, AfterValidator(_smtp)] | None = Field(None, validation_alias="SMTP_URL")
    sender: Annotated[str, AfterValidator(_address)] | None = Field(None, validation_alias="MAIL_FROM")
    public_url: settings.Origin = Field("", validation_alias="PUBLIC_URL")

    @property
    def server(self) -> Server | None:
        return _server(self.url.get_secret_value()) if self.url else None

    @property
    def shows_texts(self) -> bool:
        """Whether administrators may read queued mails, whose links open accounts.

        Only where nothing is sent and the api is no public one.
        """
        host = urlsplit(self.public_url).hostname
        return self.url is None and host in (None, "localhost", "127.0.0.1", "::1")

    @model_validator(mode="after")
    def _complete(self) -> Self:
        if self.url and not (self.sender and self.public_url):
            raise ValueError("SMTP_URL also needs MAIL_FROM, and PUBLIC_URL for the links in mails")
        return self
