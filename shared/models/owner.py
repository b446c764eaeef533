"""Owners of rows: guests and API keys."""

from dataclasses import dataclass
from enum import StrEnum


class OwnerType(StrEnum):
    GUEST = "guest"
    KEY = "key"


class Scope(StrEnum):
    """What an API key may do: premium chooses priority and provider, admin also sees everything."""

    PREMIUM = "premium"
    ADMIN = "admin"


@dataclass(frozen=True, slots=True)
class Owner:
    """The owner of rows: a guest (`id` is the SHA-256 of the token, so that rows open no session) or an API key."""

    type: OwnerType
    id: str
