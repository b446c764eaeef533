"""How the books of a day compared with Stripe's. Money is in minor units, below 0 if it left the balance."""

from dataclasses import dataclass
from datetime import date, datetime

from shared.models.booking import BookingKind


@dataclass(frozen=True, slots=True)
class BookDifference:
    """What the books and Stripe have for a kind of a day; `cents` are the differences, id by id, without their signs.

    `stripe_ids` are some of those that differ.
    """

    currency: str
    kind: BookingKind
    ours_cents: int
    stripe_cents: int
    cents: int
    stripe_ids: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class BookCheck:
    """`checked_at` is None until the check is done."""

    day: date
    test: bool
    checked_at: datetime | None
    differences: tuple[BookDifference, ...]
