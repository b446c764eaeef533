"""Discount codes."""

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from uuid import UUID


class DiscountRefusal(StrEnum):
    """Why a code does not count."""

    UNKNOWN = "unknown"
    NOT_STARTED = "not_started"
    ENDED = "ended"
    USED_UP = "used_up"
    BELOW_MINIMUM = "below_minimum"


@dataclass(frozen=True, slots=True, kw_only=True)
class Discount:
    """Takes either `off_bp` basis points or `off_cents` minor units off what the goods cost before tax and shipping.

    It counts from `minimum_cents` of goods on, from `starts_at` until `ends_at`, for at most `max_uses` orders.
    """

    id: UUID
    code: str
    created_at: datetime
    off_bp: int | None = None
    off_cents: int | None = None
    minimum_cents: int = 0
    starts_at: datetime | None = None
    ends_at: datetime | None = None
    max_uses: int | None = None
    uses: int = 0

    def refusal(self, subtotal_cents: int, at: datetime) -> DiscountRefusal | None:
        """Why it does not count for these goods at this moment; None if it does."""
        if self.starts_at is not None and at < self.starts_at:
            return DiscountRefusal.NOT_STARTED
        if self.ends_at is not None and at >= self.ends_at:
            return DiscountRefusal.ENDED
        if self.max_uses is not None and self.uses >= self.max_uses:
            return DiscountRefusal.USED_UP
        if subtotal_cents < self.minimum_cents:
            return DiscountRefusal.BELOW_MINIMUM
        return None
