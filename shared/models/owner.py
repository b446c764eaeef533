"""Owners of rows: guests, customers and API keys."""

from dataclasses import dataclass
from enum import StrEnum


class OwnerType(StrEnum):
    GUEST = "guest"
    CUSTOMER = "customer"
    KEY = "key"
    SHOP = "shop"  # what it publishes


class Scope(StrEnum):
    """What an API key may do: premium chooses priority and provider, admin also sees everything.

    Orders and catalogue open the admin's routes of that name, and none of the others.
    """

    PREMIUM = "premium"
    ADMIN = "admin"
    ORDERS = "orders"
    CATALOGUE = "catalogue"


@dataclass(frozen=True, slots=True)
class Owner:
    """The owner of rows: a guest (`id` is the SHA-256 of the token, so that rows open no session), or another's id."""

    type: OwnerType
    id: str
