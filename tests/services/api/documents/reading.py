"""What a person reads in a PDF, and orders made of random carts."""

import re
from dataclasses import replace
from random import Random

import pypdfium2

from shared import errors
from shared.db import ids
from shared.models.invoice import Invoice, InvoiceFacts, Seller, Series, of_order
from shared.models.order import Order, OrderItem
from shared.models.quote import Charges
from tests.services.api.orders.samples import ORDER
from tests.services.api.pricing import carts
from tests.services.api.pricing.carts import NOW
from tests.shared.db.paid_orders import SHIP_TO, number

SELLER = Seller("Acme Prints GmbH", ("Hauptstr. 1", "10115 Berlin"), "VAT ID DE1", "shop@acme.example", "Bank: DE02")
_AMOUNT = r"(-?[0-9]{1,3}(?:,[0-9]{3})*\.[0-9]{2})"


def pages(data: bytes) -> list[str]:
    """The text of each page."""
    with pypdfium2.PdfDocument(data) as document:
        return [page.get_textpage().get_text_bounded().replace("\r", "") for page in document]


def cents(text: str) -> int:
    return int(text.replace(",", "").replace(".", ""))


def amount(data: bytes, name: str) -> int:
    """The amount that stands behind a name, such as `Total EUR`."""
    found = re.findall(rf"^{re.escape(name)} {_AMOUNT}$", "\n".join(pages(data)), re.MULTILINE)
    assert len(found) == 1, (name, found)
    return cents(found[0])


def line_totals(data: bytes) -> list[int]:
    """The last amount of each line of goods or shipping, behind its rate and tax."""
    text = "\n".join(pages(data))
    return [cents(total) for _, total in re.findall(rf"[0-9.]+% {_AMOUNT} {_AMOUNT}$", text, re.MULTILINE)]


def random_order(random: Random) -> tuple[Order, tuple[OrderItem, ...]]:
    """A priced cart as an order; another one where the price list refuses a cart."""
    while True:
        try:
            charges = carts.price(carts.prices(random), carts.cart(random))
        except errors.Failure:
            continue
        return order(charges), items(charges)


def order(charges: Charges, *, test: bool = False, currency: str = "eur") -> Order:
    shipping = charges.shipping
    return replace(
        ORDER,
        id=ids.new(),
        order_number=number(),
        customer_id=ids.new(),
        quote_id=ids.new(),
        test=test,
        currency=currency,
        subtotal_cents=charges.subtotal_cents,
        discount_cents=charges.discount_cents,
        discount_code="AUTUMN" if charges.discount_cents else None,
        shipping_cents=shipping.cents,
        shipping_tax_bp=shipping.tax_rate_bp,
        shipping_tax_cents=shipping.tax_cents,
        tax_cents=charges.tax_cents,
        total_cents=charges.total_cents,
        zone=shipping.zone,
        weight_g=shipping.weight_g,
        ship_to=SHIP_TO,
        received_cents=charges.total_cents,
        refunded_cents=0,
        created_at=NOW,
        paid_at=NOW,
    )


def items(charges: Charges) -> tuple[OrderItem, ...]:
    return tuple(
        OrderItem(
            id=ids.new(),
            line=at,
            variant_id=line.variant_id,
            sku=line.sku,
            title=line.title,
            colour=line.colour,
            colour_hex="1c1c1f",
            size=line.size,
            quantity=line.quantity,
            unit_cents=line.unit_cents,
            discount_cents=line.discount_cents,
            tax_bp=line.tax_rate_bp,
            tax_cents=line.tax_cents,
            total_cents=line.total_cents,
        )
        for at, line in enumerate(charges.lines, 1)
    )


def invoice_of(order: Order, items: tuple[OrderItem, ...], **facts: object) -> Invoice:
    """The invoice as it would be issued, with some of its facts changed."""
    said: InvoiceFacts = replace(of_order(order, items, SELLER), **facts)  # type: ignore[arg-type]
    return Invoice(
        id=ids.new(),
        series=Series.TEST_INVOICE if order.test else Series.INVOICE,
        sequence=123,
        order_id=order.id,
        refund_id=None,
        reverses=None,
        facts=said,
        currency=order.currency,
        tax_cents=order.tax_cents,
        total_cents=order.total_cents,
        issued_at=NOW,
    )
