"""Changes of a variant's stock."""

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from uuid import UUID

MAX_STOCK = 1_000_000


class StockReason(StrEnum):
    """INITIAL: the stock of a variant when it was made. COUNTED: a correction after counting, or by an import.

    SOLD, RELEASED when an order is cancelled, and REPRINTED are those of orders; RETURNED may be.
    """

    INITIAL = "initial"
    RECEIVED = "received"
    COUNTED = "counted"
    DAMAGED = "damaged"
    RETURNED = "returned"
    SOLD = "sold"
    RELEASED = "released"
    REPRINTED = "reprinted"


@dataclass(frozen=True, slots=True)
class StockMove:
    """`actor` is who moved it: the name of an API key, or of a part of the shop."""

    id: UUID
    variant_id: UUID
    quantity: int
    reason: StockReason
    note: str
    actor: str
    created_at: datetime
