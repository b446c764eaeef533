"""Documents that follow from an order's money: its invoice once it is paid, and what its refunds ask for."""

from shared.db import invoices, order_items, refunds
from shared.db.pool import Connection
from shared.models.invoice import Seller
from shared.models.order import Order
from shared.models.payment import RefundState


def follow(connection: Connection, order: Order, seller: Seller, *, paid: bool) -> None:
    """Issue what is missing, under the order's lock: last of all, since it locks a series that all orders share."""
    if paid:
        invoices.issue(connection, order, order_items.of_order(connection, order.id), seller)
    for refund in refunds.of_order(connection, order.id):
        if refund.status is RefundState.SUCCEEDED:
            invoices.credit(connection, order, refund)
        elif refund.status in (RefundState.FAILED, RefundState.CANCELLED):
            invoices.reverse(connection, order, refund)
