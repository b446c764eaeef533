"""How many pieces of each line the printer has to make, or to pack, now."""

from collections import Counter
from collections.abc import Mapping, Sequence
from uuid import UUID

from shared.models.order import SENT, Order, OrderItem, ProductionStatus, Reprint, Shipment

_UNPRINTED = (ProductionStatus.WAITING, ProductionStatus.QUEUED)
_TO_PACK = (ProductionStatus.PRINTED, ProductionStatus.PACKED)


def due(
    order: Order, items: Sequence[OrderItem], reprints: Sequence[Reprint], shipments: Sequence[Shipment]
) -> Mapping[UUID, int]:
    """By the id of the line; lines without any are left out.

    What is printed again is made alone. It is packed alone too, if the other pieces left before it was asked for.
    Pieces that are paid back before they are sent are neither made nor packed.
    """
    if order.reached not in _TO_PACK:
        again = [one for one in reprints if one.printed_at is None]
    elif shipments:
        again = [one for one in reprints if one.created_at > shipments[-1].shipped_at]
    else:
        again = []
    pieces = Counter[UUID]()
    for one in again:
        pieces[one.order_item_id] += one.quantity
    return pieces or _wanted(order, items)


def unprinted(order: Order, reprints: Sequence[Reprint]) -> bool:
    """Whether no piece was ever printed: with reprints, an order that is queued was printed before."""
    return order.reached in _UNPRINTED and not reprints


def _wanted(order: Order, items: Sequence[OrderItem]) -> Mapping[UUID, int]:
    if order.production_status in SENT:
        return {item.id: item.quantity for item in items}
    return {item.id: item.quantity - item.refunded for item in items if item.quantity > item.refunded}
