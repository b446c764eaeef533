"""Orders of many shapes, for refunds: as the price list would make them, and with remainders everywhere."""

from collections.abc import Sequence
from dataclasses import replace
from random import Random
from uuid import UUID

from services.api.pricing.rules import half_up
from services.api.refunds.rules import Part
from shared.models.order import Order, OrderItem
from shared.models.payment import Refund, RefundState
from tests.services.api.orders.samples import NOW, ORDER

NIL = UUID(int=0)


def item(line: int, quantity: int, unit_cents: int, tax_bp: int, discount_cents: int = 0) -> OrderItem:
    goods = quantity * unit_cents - discount_cents
    tax = half_up(goods * tax_bp, 10_000)
    return OrderItem(
        id=UUID(int=line),
        line=line,
        variant_id=UUID(int=line),
        sku=f"TEE-{line}",
        title="Tee",
        colour="Black",
        colour_hex="000000",
        size="M",
        quantity=quantity,
        unit_cents=unit_cents,
        discount_cents=discount_cents,
        tax_bp=tax_bp,
        tax_cents=tax,
        total_cents=goods + tax,
    )


def order(items: Sequence[OrderItem], shipping_cents: int = 500, shipping_tax_bp: int = 0) -> Order:
    """An order of these lines that is paid."""
    shipping_tax = half_up(shipping_cents * shipping_tax_bp, 10_000)
    total = sum(item.total_cents for item in items) + shipping_cents + shipping_tax
    return replace(
        ORDER,
        id=NIL,
        order_number="ST-0000-0000",
        customer_id=NIL,
        quote_id=NIL,
        test=True,
        currency="usd",
        subtotal_cents=sum(item.quantity * item.unit_cents for item in items),
        discount_cents=sum(item.discount_cents for item in items),
        discount_code=None,
        shipping_cents=shipping_cents,
        shipping_tax_bp=shipping_tax_bp,
        shipping_tax_cents=shipping_tax,
        tax_cents=sum(item.tax_cents for item in items) + shipping_tax,
        total_cents=total,
        zone="US",
        weight_g=100,
        ship_to={},
        received_cents=total,
        refunded_cents=0,
        created_at=NOW,
        paid_at=NOW,
    )


def refund(parts: Sequence[Part], status: RefundState = RefundState.SUCCEEDED) -> Refund:
    return Refund(
        id=NIL,
        payment_id=NIL,
        order_id=NIL,
        idempotency_key="ref_1",
        stripe_id=None,
        amount_cents=sum(part.cents for part in parts),
        lines=[part.json() for part in parts],
        status=status,
        reason="",
        actor="ann",
        error_code=None,
        refunded_at=None,
        failed_at=None,
        checked_at=None,
        created_at=NOW,
    )


def some_items(random: Random) -> list[OrderItem]:
    """One to five lines, each of its own rate: some free, some discounted to nothing."""
    return [_some_item(random, line) for line in range(1, random.randint(2, 6))]


def _some_item(random: Random, line: int) -> OrderItem:
    plain = item(line, random.choice((1, 1, 2, 3, 7, 100)), random.choice((0, 1, 333, 1999, 2879)), 0)
    discount = random.choice((0, 0, random.randint(0, plain.total_cents), plain.total_cents))
    return item(line, plain.quantity, plain.unit_cents, random.choice((0, 700, 1900, 2550, 10_000)), discount)


def some_order(random: Random) -> tuple[Order, list[OrderItem]]:
    items = some_items(random)
    return order(items, random.choice((0, 1, 799)), random.choice((0, 2550))), items


def after(paid: Order, refunds: Sequence[Refund]) -> Order:
    """The order as the database sums its refunds."""
    return replace(paid, refunded_cents=sum(one.amount_cents for one in refunds))
