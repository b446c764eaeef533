"""Refunds, disputes and reviews, for those who look after orders."""

from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from uuid import UUID

from flask import Response

from services.api.dependencies import Dependencies
from services.api.middleware import auth
from services.api.middleware.idempotency import Record, exactly_once
from services.api.orders.paths import OrderPath
from services.api.payments import settlement
from services.api.refunds import issuing, reviewing, rules, sending
from services.api.refunds.rules import Part
from services.api.refunds.schemas import (
    DisputeOut,
    DisputePage,
    DisputesQuery,
    RefundIn,
    RefundOut,
    ReviewedOut,
    ReviewIn,
)
from services.api.schemas import BodyModel, RequiredIdempotencyHeaders
from shared import errors, failpoints, shop_errors
from shared.db import discounts, disputes, order_items, orders, refunds, shipments, stock_reservations
from shared.db.pagination import Cursor
from shared.db.pool import Connection
from shared.models.order import Order, OrderItem
from shared.models.payment import Refund, RefundState


def create(
    deps: Dependencies,
    path: OrderPath,
    header: RequiredIdempotencyHeaders,  # noqa: ARG001 - validates them
    body: RefundIn,
) -> Response:
    """Refund order.

    Pays back pieces of an order, an amount, or all that is left, never more than that. 200 if Stripe has done it, else
    201: then it is on its way, or failed with an `errorCode`. A repeat gets the refund as it was stored first. Pieces
    go back into stock at once, whatever becomes of the refund.
    """
    stored, currency = _stored(deps, path.order_id, body)
    (refund,) = sending.settle_all(deps, [stored])
    return RefundOut.of(refund, currency).response(200 if refund.status is RefundState.SUCCEEDED else 201)


def resolve_review(
    deps: Dependencies,
    path: OrderPath,
    header: RequiredIdempotencyHeaders,  # noqa: ARG001 - validates them
    body: ReviewIn,
) -> Response:
    """Resolve review.

    Ends the review of an order of which Stripe received something else than its total. `accept` goes on with it, if one
    payment is of the total, and pays the others back; `refund` pays all back, and cancels the order.
    """
    with _deciding(deps, path.order_id, body) as (connection, record):
        discounts.lock_of_order(connection, path.order_id)
        with settlement.settling(deps, connection, path.order_id) as order:
            made = reviewing.resolve(connection, order, body.resolution, auth.actor())
        record(connection, _reviewed(connection, path.order_id, made).response(200))
    known = sending.settle_all(deps, made)
    with deps.database.transaction() as connection:
        return _reviewed(connection, path.order_id, known).response(200)


@contextmanager
def _deciding(deps: Dependencies, order_id: UUID, body: BodyModel) -> Iterator[tuple[Connection, Record]]:
    """A transaction in which the caller decides about an order's money, once for each key."""
    if deps.stripe is None:
        raise shop_errors.PaymentUnavailable
    owner = auth.identified()
    with (
        exactly_once(deps.database, owner, body.model_dump_json()) as record,
        deps.database.transaction() as connection,
    ):
        if orders.find(connection, None, order_id) is None:
            raise errors.NotFound
        yield connection, record


@failpoints.after("f2")
def _stored(deps: Dependencies, order_id: UUID, body: RefundIn) -> tuple[Refund, str]:
    """The refund, and the order's currency."""
    with _deciding(deps, order_id, body) as (connection, record):
        with settlement.settling(deps, connection, order_id) as order:
            refund = _decide(connection, order, body)
        record(connection, RefundOut.of(refund, order.currency).response(201))
    return refund, order.currency


def _reviewed(connection: Connection, order_id: UUID, made: Sequence[Refund]) -> ReviewedOut:
    order = orders.find(connection, None, order_id)
    assert order is not None  # orders are never deleted
    shown = [RefundOut.of(refund, order.currency) for refund in made]
    return ReviewedOut.from_row(order, order_id=order.id, refunds=shown)


def list_disputes(deps: Dependencies, query: DisputesQuery) -> DisputePage:
    """List disputes.

    Lists what customers' banks have disputed, newest first, with the day until which the shop must answer at Stripe.
    """
    after = Cursor.parse(query.cursor) if query.cursor else None
    with deps.database.transaction() as connection:
        found = disputes.page(connection, query.limit, after, is_open=query.open)
    return DisputePage(items=list(map(DisputeOut.of, found.items)), next_cursor=found.next_cursor)


@failpoints.after("f1")
def _decide(connection: Connection, order: Order, body: RefundIn) -> Refund:
    if order.review:
        raise shop_errors.NotAllowedNow("The order is in review: decide about that first.")
    items = order_items.of_order(connection, order.id)
    before = refunds.of_order(connection, order.id)
    left = rules.left(order, items, before)
    parts = _parts(left, body)
    _require_sent(connection, order, rules.without(left, rules.returned(before)), body.returned)
    refund = issuing.of_parts(connection, order, parts, reason=body.reason, actor=auth.actor(), claimed=True)
    refunds.set_returned(connection, refund.id, body.returned)
    _restock(connection, order, items, {part.line: part.quantity for part in parts} if body.restock else body.returned)
    return refund


def _require_sent(connection: Connection, order: Order, left: Sequence[Part], returned: Mapping[int, int]) -> None:
    """Raises InvalidRequest or MoreThanPaid for pieces that cannot come back, NotAllowedNow before any were sent."""
    rules.of_pieces(left, returned)
    if returned and not shipments.of_order(connection, order.id):
        raise shop_errors.NotAllowedNow("Nothing was sent yet: pay back pieces that are not to be made by `items`.")


def _restock(connection: Connection, order: Order, items: Sequence[OrderItem], pieces: Mapping[int, int]) -> None:
    """Put pieces of lines back into stock: never more of a line than are paid back, or came back, by now."""
    if not pieces:
        return
    made = refunds.of_order(connection, order.id)
    left, returned = {part.line: part.quantity for part in rules.left(order, items, made)}, rules.returned(made)
    most = {item.id: min(item.quantity, item.quantity - left[item.line] + returned[item.line]) for item in items}
    quantities = {item.id: pieces[item.line] for item in items if pieces.get(item.line)}
    stock_reservations.give_back(connection, items, quantities, most, order.order_number, auth.actor())


def _parts(left: Sequence[Part], body: RefundIn) -> Sequence[Part]:
    if body.amount_cents is not None:
        return rules.of_amount(left, body.amount_cents)
    return rules.whole(left) if body.whole else rules.of_pieces(left, body.pieces)
