"""An order by its id or its number."""

from uuid import UUID

from services.api.orders import numbering
from shared.db import orders
from shared.db.pool import Connection
from shared.models.order import Order


def find(connection: Connection, customer_id: UUID | None, key: str) -> Order | None:
    """The customer's order; anyone's if `customer_id` is None."""
    try:
        return orders.find(connection, customer_id, UUID(key))
    except ValueError:
        number = numbering.read(key)
    return orders.by_number(connection, customer_id, number) if number else None
