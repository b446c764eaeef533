"""Mails to customers and the states they pass through.

    queued ──accepted by the mail server──> sent
      ^ └──refused, or no longer of use──> failed
      └───────────────retry─────────────────┘

An attempt that may succeed later leaves a mail queued.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from uuid import UUID

TOKEN = "token"  # noqa: S105 - the fact that opens an account: it leaves the row when the mail is sent
_HOUR_S = 3600


class MailState(StrEnum):
    QUEUED = "queued"
    SENT = "sent"
    FAILED = "failed"


class MailTemplate(StrEnum):
    """`Mail.template` is text, as a row may come from a newer release."""

    VERIFY = "verify"
    ALREADY_REGISTERED = "already_registered"
    RESET = "reset"
    SIGN_IN = "sign_in"
    PASSWORD_CHANGED = "password_changed"  # noqa: S105 - a template's name
    EMAIL_CHANGED = "email_changed"
    ACCOUNT_ERASED = "account_erased"
    ORDER_PAID = "order_paid"
    ORDER_SHIPPED = "order_shipped"
    ORDER_CANCELLED = "order_cancelled"
    ORDER_REFUNDED = "order_refunded"
    ARTWORK_REJECTED = "artwork_rejected"
    WEBHOOK_DISABLED = "webhook_disabled"


@dataclass(frozen=True, slots=True)
class MailTerms:
    """What a template is filled with, and for how long sending it makes sense.

    `open` mails can be caused by anyone who types an address, so their number to an address is limited.
    """

    facts: frozenset[str] = frozenset()
    lifetime_s: int = 48 * _HOUR_S
    open: bool = False


def _of_order(*facts: str) -> MailTerms:
    return MailTerms(frozenset({"order", *facts}), 7 * 24 * _HOUR_S)


MAIL_TERMS: Mapping[MailTemplate, MailTerms] = {
    MailTemplate.VERIFY: MailTerms(frozenset({TOKEN}), 24 * _HOUR_S, open=True),
    MailTemplate.ALREADY_REGISTERED: MailTerms(open=True),
    MailTemplate.RESET: MailTerms(frozenset({TOKEN}), _HOUR_S // 2, open=True),
    MailTemplate.SIGN_IN: MailTerms(frozenset({TOKEN}), _HOUR_S // 2, open=True),
    MailTemplate.PASSWORD_CHANGED: MailTerms(),
    MailTemplate.EMAIL_CHANGED: MailTerms(),
    MailTemplate.ACCOUNT_ERASED: MailTerms(),
    MailTemplate.ORDER_PAID: _of_order("items", "sums", "address"),
    MailTemplate.ORDER_SHIPPED: _of_order("carrier", "tracking", "address"),
    MailTemplate.ORDER_CANCELLED: _of_order("back", "expired", "refund"),
    MailTemplate.ORDER_REFUNDED: _of_order("amount", "refunded", "received"),
    MailTemplate.ARTWORK_REJECTED: _of_order("item", "placement", "reason"),
    MailTemplate.WEBHOOK_DISABLED: MailTerms(frozenset({"address", "problem"}), 7 * 24 * _HOUR_S),
}


@dataclass(frozen=True, slots=True)
class Mail:
    """A mail of the outbox. While it is being sent, `lease_until` tells its sender from a later one."""

    id: UUID
    recipient: str
    template: str
    facts: Mapping[str, str]
    status: MailState
    attempts: int
    run_after: datetime
    expires_at: datetime
    lease_until: datetime | None
    error: str | None
    created_at: datetime
    sent_at: datetime | None
