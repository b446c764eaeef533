"""Stripe's objects, as plain dictionaries, into values of our own."""

from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any
from uuid import UUID

from services.api.payments.objects import (
    BalanceTransaction,
    Charge,
    CheckoutSession,
    Intent,
    StripeDispute,
    StripeRefund,
)
from shared.models.payment import WebhookEvent

_Json = Mapping[str, Any]


def intent(found: _Json) -> Intent:
    """Needs `latest_charge.balance_transaction` expanded."""
    succeeded = found["status"] == "succeeded"
    return Intent(
        id=found["id"],
        status=found["status"],
        amount_cents=found["amount_received"] if succeeded else found["amount"],
        currency=found["currency"],
        payment_id=_ours(found, "payment_id"),
        error_code=_error(found.get("last_payment_error")),
        charge=_charge(found.get("latest_charge")) if succeeded else None,
        client_secret=found.get("client_secret"),
    )


def checkout_session(found: _Json) -> CheckoutSession:
    return CheckoutSession(
        id=found["id"],
        status=found["status"],
        payment_status=found["payment_status"],
        payment_id=_ours(found, "payment_id"),
        intent_id=_id(found.get("payment_intent")),
        expires_at=_time(found["expires_at"]),
        url=found.get("url"),
    )


def refund(found: _Json) -> StripeRefund:
    """Needs `balance_transaction` and `failure_balance_transaction` expanded."""
    return StripeRefund(
        id=found["id"],
        status=found["status"],
        amount_cents=found["amount"],
        currency=found["currency"],
        refund_id=_ours(found, "refund_id"),
        intent_id=_id(found.get("payment_intent")),
        error_code=found.get("failure_reason"),
        created_at=_time(found["created"]),
        refunded_at=_created(found.get("balance_transaction")),
        failed_at=_created(found.get("failure_balance_transaction")),
    )


def dispute(found: _Json) -> StripeDispute:
    due = found["evidence_details"]["due_by"]
    card = (found.get("payment_method_details") or {}).get("card") or {}
    return StripeDispute(
        id=found["id"],
        status=found["status"],
        amount_cents=found["amount"],
        currency=found["currency"],
        intent_id=_id(found.get("payment_intent")),
        reason=found["reason"],
        case_type=card.get("case_type"),
        opened_at=_time(found["created"]),
        evidence_due_at=_time(due) if due else None,
        transactions=tuple(map(balance_transaction, found["balance_transactions"])),
    )


def balance_transaction(found: _Json) -> BalanceTransaction:
    return BalanceTransaction(
        id=found["id"],
        category=found["reporting_category"],
        amount_cents=found["amount"],
        fee_cents=found["fee"],
        currency=found["currency"],
        created_at=_time(found["created"]),
        source=_source(found.get("source")),
    )


def event(found: _Json) -> WebhookEvent:
    return WebhookEvent(
        id=found["id"],
        type=found["type"],
        object_id=found["data"]["object"].get("id", ""),
        happened_at=_time(found["created"]),
    )


def _charge(found: _Json | None) -> Charge | None:
    if found is None:
        return None
    movement = found.get("balance_transaction")  # comes later for some methods of payment
    return Charge(_time((movement or found)["created"]), movement["fee"] if movement else None)


def _source(found: _Json | str | None) -> str:
    if isinstance(found, Mapping) and found.get("object") == "charge":
        return _id(found.get("payment_intent")) or found["id"]
    return _id(found) or ""


def _error(found: _Json | None) -> str | None:
    """The bank's reason says more than `card_declined`."""
    return (found.get("decline_code") or found.get("code") or "declined") if found else None


def _ours(found: _Json, name: str) -> UUID | None:
    """An id from the metadata, where any system with the account's key may have written anything."""
    try:
        return UUID((found.get("metadata") or {})[name])
    except (KeyError, ValueError):
        return None


def _id(found: _Json | str | None) -> str | None:
    return found["id"] if isinstance(found, Mapping) else found


def _created(found: _Json | None) -> datetime | None:
    return _time(found["created"]) if found else None


def _time(seconds: int) -> datetime:
    return datetime.fromtimestamp(seconds, UTC)
