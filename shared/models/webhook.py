"""Webhooks as https://www.standardwebhooks.com names things: endpoints of callers, messages for them, and attempts.

    pending ──accepted──> delivered
      ^ └────given up───> failed
      └────redelivered───┘

A message is one event for one endpoint. Its id and its payload stay the same at every attempt.
"""

import hashlib
import hmac
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Any
from uuid import UUID

from shared.models.owner import Owner

MOST_ENDPOINTS = 10  # of one owner
OVERLAP_S = 86_400  # for which the secret before the newest signs as well
LOGGED = 20  # attempts that a message remembers


class EventType(StrEnum):
    """Part of the contract. Payloads only gain fields; one that had to change otherwise would get a type of its own."""

    JOB_DONE = "job.done"
    JOB_FAILED = "job.failed"
    ORDER_PAID = "order.paid"
    ORDER_SHIPPED = "order.shipped"
    ORDER_REFUNDED = "order.refunded"
    TEST = "webhook.test"  # asked for by an endpoint's owner, and never subscribed to

    @property
    def of_shop(self) -> bool:
        """Whether it is told to the shop's own keys, whoever the order belongs to."""
        return self.startswith("order.")


class MessageState(StrEnum):
    PENDING = "pending"
    DELIVERED = "delivered"
    FAILED = "failed"


class DisabledReason(StrEnum):
    OWNER = "owner"
    FAILING = "failing"  # nothing was accepted for three days
    GONE = "gone"  # the receiver said 410


@dataclass(frozen=True, slots=True)
class Endpoint:
    """`events` and `disabled_reason` are text, as a row may come from a newer release."""

    id: UUID
    owner: Owner
    url: str
    events: tuple[str, ...]
    secret_version: int
    old_secret_until: datetime | None
    failing_since: datetime | None
    disabled_at: datetime | None
    disabled_reason: str | None
    created_at: datetime

    def secrets(self, root: str, now: datetime) -> list[bytes]:
        """Those to sign with, the newest first: two while the one before still holds."""
        overlaps = self.old_secret_until is not None and self.old_secret_until > now
        versions = range(self.secret_version, self.secret_version - 1 - overlaps, -1)
        return [derived_secret(root, self.id, version) for version in versions]


@dataclass(frozen=True, slots=True)
class Attempt:
    """One request. `status` is the receiver's, None if there was no response, of which `error` then tells why."""

    at: datetime
    status: int | None
    error: str | None
    duration_ms: int

    @property
    def accepted(self) -> bool:
        return self.status is not None and 200 <= self.status < 300

    def json(self) -> dict[str, Any]:
        return {"at": self.at.isoformat(), "status": self.status, "error": self.error, "durationMs": self.duration_ms}

    @classmethod
    def of_json(cls, facts: Mapping[str, Any]) -> "Attempt":
        return cls(datetime.fromisoformat(facts["at"]), facts["status"], facts["error"], facts["durationMs"])


@dataclass(frozen=True, slots=True)
class Message:
    """`payload` is JSON, signed as it is. While it is being delivered, `lease_until` tells its worker from a later one.

    `log` are its last attempts, oldest first.
    """

    id: UUID
    endpoint_id: UUID
    type: str
    payload: str
    status: MessageState
    attempts: int
    run_after: datetime
    lease_until: datetime | None
    log: tuple[Attempt, ...]
    created_at: datetime


def derived_secret(root: str, endpoint_id: UUID, version: int) -> bytes:
    """The secret of an endpoint: it follows from SECRET_KEY and is stored nowhere."""
    return hmac.new(root.encode(), f"webhook:{endpoint_id}:{version}".encode(), hashlib.sha256).digest()
