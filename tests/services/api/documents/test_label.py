"""Address labels."""

from dataclasses import replace
from random import Random

import pypdfium2

from services.api.documents import label
from tests.services.api.documents.reading import SELLER, pages, random_order


def test_a_label_has_both_addresses_and_the_order_number() -> None:
    order, _ = random_order(Random(1))
    (text,) = pages(label.render(replace(order, weight_g=1840), SELLER))
    for part in ("Acme Prints GmbH", "10115 Berlin", "Zoë Łęcka", "1 Main Street", "DE", order.order_number, "1.84 kg"):
        assert part in text
    assert "TEST" not in text


def test_test_stands_across_the_label_of_a_test_order() -> None:
    order, _ = random_order(Random(1))
    assert "TEST\n" in pages(label.render(replace(order, test=True), SELLER))[0] + "\n"


def test_a_character_that_the_font_lacks_is_said_to_be_missing() -> None:
    order, _ = random_order(Random(1))
    (text,) = pages(label.render(replace(order, ship_to={**order.ship_to, "name": "山田"}), SELLER))
    assert "A box stands for a character" in text


def test_the_longest_address_is_made_smaller_until_it_fits() -> None:
    order, _ = random_order(Random(1))
    long = {name: f"{'Łódzka ' * 28}{name}" for name in ("name", "line1", "line2", "city", "region")}
    data = label.render(replace(order, ship_to={**order.ship_to, **long}), SELLER)
    (text,) = pages(data)
    assert all(name in text for name in long)
    with pypdfium2.PdfDocument(data) as document:
        width, height = document[0].get_size()
    assert (round(width / 72 * 25.4), round(height / 72 * 25.4)) == (100, 150)
