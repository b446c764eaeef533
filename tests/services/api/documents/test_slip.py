"""Packing slips: all that goes into the parcel, and no price."""

from dataclasses import replace
from io import BytesIO
from random import Random
from uuid import uuid4

import pypdfium2
import pypdfium2.raw
from PIL import Image

from services.api.documents import slip
from services.api.documents.layout import money
from shared.db import ids
from shared.models.order import OrderItem, OrderPrint
from tests.services.api.documents.reading import pages, random_order


def printed(item: OrderItem, method: str = "dtf") -> OrderItem:
    front = OrderPrint(ids.new(), 0, uuid4(), "front", uuid4(), method, 0, 0, 305_000, 406_400)
    return replace(item, prints=(front, replace(front, position=1, placement="left_sleeve", width_um=80_000)))


def picture() -> bytes:
    buffer = BytesIO()
    Image.new("RGBA", (40, 30), (250, 10, 10, 128)).save(buffer, "WEBP")
    return buffer.getvalue()


def pictures_in(data: bytes) -> int:
    with pypdfium2.PdfDocument(data) as document:
        return sum(len(list(page.get_objects([pypdfium2.raw.FPDF_PAGEOBJ_IMAGE]))) for page in document)


def test_a_slip_says_what_is_packed_and_names_no_price() -> None:
    order, items = random_order(Random(2))
    items = tuple(replace(printed(item), title="Łęcki hoodie", colour="Dunkelgrün", size="XXL") for item in items)
    text = "\n".join(pages(slip.render(order, items, "Acme Prints", {})))
    for part in (
        *("Packing slip", order.order_number, "Acme Prints", "Zoë Łęcka", "Łęcki hoodie", "Dunkelgrün / XXL"),
        *("front: dtf, 305 x 406 mm", "left sleeve: dtf, 80 x 406 mm", items[0].sku),
        f"{sum(item.quantity for item in items)} pieces in all",
    ):
        assert part in text
    for item in items:
        assert money(item.unit_cents) not in text
        assert money(item.total_cents) not in text
    assert money(order.total_cents) not in text


def test_what_is_printed_is_shown_where_there_is_a_picture() -> None:
    order, items = random_order(Random(2))
    items = (printed(items[0]), printed(items[0]), items[0])
    first, second = (item.prints[0].asset_id for item in items[:2])
    assert pictures_in(slip.render(order, items, "Acme", {})) == 0
    assert pictures_in(slip.render(order, items, "Acme", {first: picture()})) == 1
    assert pictures_in(slip.render(order, items, "Acme", {first: picture(), second: picture()})) == 2


def test_test_stands_across_every_page_of_a_test_order() -> None:
    order, items = random_order(Random(2))
    for test in (True, False):
        found = pages(slip.render(replace(order, test=test), items[:1] * 50, "Acme", {}))
        assert len(found) > 2
        assert ["TEST\n" in f"{page}\n" for page in found] == [test] * len(found)
