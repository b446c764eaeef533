"""Invoices and credit notes for customers, packing slips and labels for the shop: PDFs made when they are asked for."""

import time
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import replace
from uuid import UUID

from flask import Response

from services.api.assets import copies
from services.api.dependencies import Dependencies
from services.api.documents.schemas import CreditNotePath, InvoicePath
from services.api.middleware import auth
from services.api.orders.paths import OrderPath
from services.api.production import pieces
from shared import errors, images, shop_errors
from shared.db import assets, invoices, order_items, orders, reprints, shipments
from shared.models.asset import Asset
from shared.models.invoice import Invoice, InvoiceKind
from shared.models.order import Order, OrderItem
from shared.storage import Missing

_PICTURES = 12  # of one slip
_BOX = (200, 200)  # pixels: at their 16 mm, 317 an inch
_PICTURES_S = 10.0  # for those that must be made smaller first; the slip goes without the rest


def invoice(deps: Dependencies, path: OrderPath) -> Response:
    """Download invoice.

    The invoice of one of your orders, as PDF. There is one as soon as the order is paid, and it never changes.
    """
    for found in _documents(deps, path.order_id):
        if found.kind is InvoiceKind.INVOICE:
            return _pdf(deps.documents.invoice(found), found.number)
    raise shop_errors.NotPaid


def credit_note(deps: Dependencies, path: CreditNotePath) -> Response:
    """Download credit note.

    The credit note of a refund, as PDF, or the document that takes it back because the refund failed later.
    """
    for found in _documents(deps, path.order_id):
        if found.number == path.invoice_number and found.kind is not InvoiceKind.INVOICE:
            return _pdf(deps.documents.invoice(found), found.number)
    raise errors.NotFound


def admin_invoice(deps: Dependencies, path: InvoicePath) -> Response:
    """Download document by number.

    Any invoice, credit note or reversal, as PDF.
    """
    with deps.database.transaction() as connection:
        found = invoices.by_number(connection, path.invoice_number)
    if found is None:
        raise errors.NotFound
    return _pdf(deps.documents.invoice(found), found.number)


def slip(deps: Dependencies, path: OrderPath) -> Response:
    """Download packing slip.

    What is printed and packed now for a paid order, as PDF: pieces, sizes, colours and prints, without prices. Pieces
    that were paid back before they were sent are left out. The QR code is the order number.
    """
    order, items = _paid(deps, path.order_id)
    items = _packed(deps, order, items)
    made = deps.documents.slip(order, items, deps.settings.seller, _pictures(deps, items))
    return _pdf(made, f"slip-{order.order_number}")


def label(deps: Dependencies, path: OrderPath) -> Response:
    """Download address label.

    The address of a paid order for a label of 100 x 150 mm, as PDF, without postage. Its barcode is the order number in
    Code 128.
    """
    order, _ = _paid(deps, path.order_id)
    return _pdf(deps.documents.label(order, deps.settings.seller), f"label-{order.order_number}")


def _documents(deps: Dependencies, order_id: UUID) -> Sequence[Invoice]:
    """Of an order of the customer's."""
    with deps.database.transaction() as connection:
        if orders.find(connection, auth.customer().id, order_id) is None:
            raise errors.NotFound
        return invoices.of_orders(connection, [order_id])


def _paid(deps: Dependencies, order_id: UUID) -> tuple[Order, Sequence[OrderItem]]:
    with deps.database.transaction() as connection:
        order = orders.find(connection, None, order_id)
        if order is None:
            raise errors.NotFound
        if order.paid_at is None or order.cancelled_at:
            raise shop_errors.NotPaid
        return order, order_items.of_order(connection, order_id)


def _packed(deps: Dependencies, order: Order, items: Sequence[OrderItem]) -> Sequence[OrderItem]:
    """The lines with as many pieces as go into the parcel."""
    with deps.database.transaction() as connection:
        again = reprints.of_items(connection, [item.id for item in items])
        due = pieces.due(order, items, again, shipments.of_order(connection, order.id))
    return [replace(item, quantity=due[item.id]) for item in items if item.id in due]


def _pictures(deps: Dependencies, items: Sequence[OrderItem]) -> dict[UUID, bytes]:
    """Small pictures of what is printed first on each piece, as many as can be made in time."""
    wanted = dict.fromkeys(item.prints[0].asset_id for item in items if item.prints)
    with deps.database.transaction() as connection:
        found = [assets.find(connection, None, asset_id) for asset_id in list(wanted)[:_PICTURES]]
    pictures, until = {}, time.monotonic() + _PICTURES_S
    for asset in filter(None, found):
        if time.monotonic() < until:
            with suppress(errors.Failure, Missing):
                pictures[asset.id] = _small(deps, asset)
    return pictures


def _small(deps: Dependencies, asset: Asset) -> bytes:
    """The stored web variant made smaller once more: twelve of its size would take 60 MB and two thirds of a second."""
    variant = deps.storage.get(copies.kept(deps, asset, "400").key)
    return deps.decoder.shrink(variant, images.inspect(variant), _BOX)[0]


def _pdf(data: bytes, name: str) -> Response:
    response = Response(data, content_type="application/pdf")
    response.headers.set("Content-Disposition", "inline", filename=f"{name}.pdf")
    return response
