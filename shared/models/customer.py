"""Customers: who they are, their sessions, and what they prove by a mail's link."""

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from uuid import UUID

from shared.models.owner import Owner, OwnerType


class Role(StrEnum):
    CUSTOMER = "customer"
    ADMIN = "admin"


@dataclass(frozen=True, slots=True)
class Customer:
    """A customer whose address is confirmed. `email` is as typed; two that differ in case are one address.

    Without a password it signs in by links in mails.
    """

    id: UUID
    email: str
    name: str
    role: Role
    created_at: datetime
    password_hash: str | None

    @property
    def has_password(self) -> bool:
        return self.password_hash is not None

    @property
    def owner(self) -> Owner:
        return Owner(OwnerType.CUSTOMER, str(self.id))


@dataclass(frozen=True, slots=True)
class Session:
    """A signed-in browser or client; `agent` is how it names itself."""

    id: UUID
    customer_id: UUID
    agent: str
    created_at: datetime
    seen_at: datetime
    expires_at: datetime


class Purpose(StrEnum):
    """What a mailed token does: confirm a new account, confirm a new address of one, set a new password, or sign in."""

    VERIFY = "verify"
    CHANGE = "change"
    RESET = "reset"
    SIGN_IN = "sign_in"

    @property
    def lasts_s(self) -> int:
        return 1800 if self in (Purpose.RESET, Purpose.SIGN_IN) else 86_400


@dataclass(frozen=True, slots=True)
class EmailToken:
    """A mailed token. `name` and `password_hash` are those of a registration.

    A registration and a sign-in have no `customer_id`: there may be no customer yet.
    """

    purpose: Purpose
    email: str
    customer_id: UUID | None = None
    name: str | None = None
    password_hash: str | None = None
