"""Prices: the same to the cent as an oracle in decimals says, in any order of lines."""

from dataclasses import replace
from datetime import timedelta
from random import Random
from uuid import UUID

import pytest

from services.api.pricing.default_list import DEFAULT
from services.api.pricing.rules import LEAST_CENTS, MOST_CENTS, Cart, CartLine, Print, film_um, half_up, split
from shared import errors, shop_errors
from shared.models.discount import Discount
from shared.models.price_list import Destination, Film, PriceList
from shared.models.print_check import PrintMethod
from shared.models.quote import Charges
from tests.services.api.pricing import carts, oracle

CARTS = 10_000


def _summary(charges: Charges, rate: int) -> dict[str, object]:
    return {
        "subtotal": charges.subtotal_cents,
        "discount": charges.discount_cents,
        "shipping": charges.shipping.cents,
        "tax": charges.tax_cents,
        "total": charges.total_cents,
        "rate": rate,
        "lines": {
            (line.sku, tuple(map(str, line.design_ids))): (
                *(line.quantity, line.unit_cents, line.discount_cents, line.tax_cents),
            )
            for line in charges.lines
        },
    }


def _price(prices: PriceList, cart: Cart) -> Charges | shop_errors.TotalOutOfRange:
    try:
        return carts.price(prices, cart)
    except shop_errors.TotalOutOfRange as failure:
        return failure


def test_ten_thousand_carts_cost_what_the_oracle_says_in_any_order_of_lines() -> None:
    random, refused = Random(19), 0
    for number in range(CARTS):
        prices, cart = carts.prices(random), carts.cart(random)
        expected = oracle.total(prices, cart, carts.NOW.date())
        charges, again = _price(prices, cart), _price(prices, carts.shuffled(random, cart))
        if isinstance(charges, Charges):
            assert _summary(charges, charges.shipping.tax_rate_bp) == expected, (number, prices, cart)
            assert again == charges, (number, prices, cart)
        else:
            refused += 1
            assert not LEAST_CENTS <= expected["total"] <= MOST_CENTS
    assert refused < CARTS / 20


TEE, TEE_L, HOODIE = carts.variant("TEE-M"), carts.variant("TEE-L"), carts.variant("HOODIE-M", product=2)
LOGO, BACK = (
    Print(UUID(int=1), PrintMethod.DTG, 100_000, 100_000),
    Print(UUID(int=2), PrintMethod.DTG, 200_000, 100_000),
)
US = Destination("US")


def _charges(*lines: CartLine, to: Destination = US, discount: Discount | None = None) -> Charges:
    return carts.price(DEFAULT, Cart(lines, to, discount))


def test_a_price_is_garment_prints_shipping_and_tax() -> None:
    charges = _charges(CartLine(TEE, 2, (UUID(int=9),), (LOGO, BACK)), to=Destination("FI", "00100"))
    line = charges.lines[0]
    assert [charge.cents for charge in line.prints] == [350 + 60, 350 + 120]
    assert (line.unit_cents, line.goods_cents) == (1999 + 410 + 470, 2 * 2879)
    assert (line.tax_rate_bp, line.tax_cents) == (2550, 1468)  # 1,468.29
    assert (charges.shipping.zone, charges.shipping.weight_g, charges.shipping.cents) == ("Europe", 360, 1600)
    assert charges.shipping.tax_cents == 408
    assert charges.total_cents == 5758 + 1468 + 1600 + 408


def test_equal_designs_count_together_over_sizes_and_garments() -> None:
    lines = [CartLine(variant, 4, (UUID(int=9),), (LOGO,)) for variant in (TEE, TEE_L, HOODIE)]
    assert {line.break_bp for line in _charges(*lines).lines} == {500}
    assert {line.break_bp for line in _charges(*lines[:2]).lines} == {0}
    other = replace(lines[2], prints=(BACK,))
    assert {line.break_bp for line in _charges(*lines[:2], other).lines} == {0}


def test_blank_garments_count_together_by_product() -> None:
    assert {line.break_bp for line in _charges(CartLine(TEE, 6), CartLine(TEE_L, 4)).lines} == {500}
    assert {line.break_bp for line in _charges(CartLine(TEE, 6), CartLine(HOODIE, 4)).lines} == {0}


def test_equal_pieces_are_one_line() -> None:
    designs = (UUID(int=1), UUID(int=2))
    one, other = CartLine(TEE, 1, designs, (LOGO, BACK)), CartLine(TEE, 2, designs[::-1], (BACK, LOGO))
    assert _charges(one, other) == _charges(replace(one, quantity=3))


def test_tax_is_rounded_half_up_on_each_line() -> None:
    cheap = replace(TEE, price_cents=10), replace(TEE_L, price_cents=10)
    charges = _charges(*(CartLine(variant, 1) for variant in cheap), to=Destination("EE"))
    assert [line.tax_cents for line in charges.lines] == [2, 2]  # 2.4 each, and 4.8 together
    assert [half_up(number, 10) for number in (4, 5, 14, 15, 25)] == [0, 1, 1, 2, 3]


def test_a_rate_counts_from_its_day_on() -> None:
    cart = Cart((CartLine(TEE, 1),), Destination("FI"))
    first = carts.NOW.replace(year=2024, month=9, day=1, hour=0)
    assert carts.price(DEFAULT, cart, first).shipping.tax_rate_bp == 2550
    assert carts.price(DEFAULT, cart, first - timedelta(seconds=1)).shipping.tax_rate_bp == 2400
    assert carts.price(DEFAULT, cart, first.replace(year=2023)).shipping.tax_rate_bp == 0


@pytest.mark.parametrize(
    ("postal_code", "zone", "rate_bp"),
    [("35001", "Europe", 0), ("3 5-001", "Europe", 0), ("28001", "Europe", 2100), ("", "Europe", 2100)],
)
def test_the_longest_place_counts(postal_code: str, zone: str, rate_bp: int) -> None:
    shipping = _charges(CartLine(TEE, 1), to=Destination("ES", postal_code)).shipping
    assert (shipping.zone, shipping.tax_rate_bp) == (zone, rate_bp)
    assert _charges(CartLine(TEE, 1), to=Destination("US", "96701-1234")).shipping.zone.startswith("Alaska")


def test_a_heavy_cart_goes_as_several_parcels() -> None:
    heavy = replace(TEE, weight_g=1000)
    assert [_charges(CartLine(heavy, pieces)).shipping.cents for pieces in (1, 2, 20, 21, 40)] == [
        *(800, 1100, 4200, 4200 + 800, 8400),
    ]


def test_a_place_outside_the_zones_is_not_shipped_to() -> None:
    with pytest.raises(shop_errors.NotShippedThere) as raised:
        _charges(CartLine(TEE, 1), to=Destination("BR"))
    assert raised.value.details == {"country": "BR"}


def test_film_is_charged_in_rows_turned_if_that_is_shorter() -> None:
    film = Film(width_mm=560, gap_mm=10, cents_per_m=1000)
    assert film_um(film, 280_000, 50_000, 1) == 60_000
    assert film_um(film, 280_000, 50_000, 2) == 120_000  # 570 mm beside each other would not fit
    assert film_um(film, 275_000, 50_000, 2) == 60_000
    assert film_um(film, 500_000, 100_000, 5) == 510_000  # five turned ones lie beside each other
    with pytest.raises(errors.DoesNotFit):
        film_um(film, 561_000, 561_000, 1)


def test_film_is_shared_by_equal_prints_of_all_lines() -> None:
    logo = Print(UUID(int=1), PrintMethod.DTF, 280_000, 300_000)
    alone = _charges(CartLine(TEE, 1, (UUID(int=9),), (logo,))).lines[0]
    both = _charges(*(CartLine(variant, 1, (UUID(int=9),), (logo,)) for variant in (TEE, HOODIE)))
    assert alone.prints[0].cents == 250 + 342  # a row of 285 mm, turned, at 12.00 a metre
    assert [line.prints[0].cents for line in both.lines] == [250 + 342] * 2


@pytest.mark.parametrize(
    ("discount", "reason"),
    [
        (carts.discount("A", off_bp=1, starts_at=carts.NOW + timedelta(seconds=1)), "not_started"),
        (carts.discount("A", off_bp=1, ends_at=carts.NOW), "ended"),
        (carts.discount("A", off_bp=1, max_uses=3, uses=3), "used_up"),
        (carts.discount("A", off_bp=1, minimum_cents=2000), "below_minimum"),
    ],
)
def test_a_discount_that_does_not_count_says_why(discount: Discount, reason: str) -> None:
    with pytest.raises(shop_errors.DiscountRefused) as raised:
        _charges(CartLine(TEE, 1), discount=discount)
    assert raised.value.details == {"reason": reason, "minimumCents": discount.minimum_cents}


def test_a_discount_takes_off_goods_only_and_not_more_than_they_cost() -> None:
    edge = carts.discount("A", off_cents=5000, minimum_cents=1999, max_uses=1, starts_at=carts.NOW)
    charges = _charges(CartLine(TEE, 1), to=Destination("DE"), discount=edge)
    assert (charges.discount_cents, charges.lines[0].tax_cents) == (1999, 0)
    assert charges.total_cents == charges.shipping.cents + charges.shipping.tax_cents


def test_shares_are_whole_and_none_is_larger_than_its_weight() -> None:
    assert split(1, [1, 1, 1]) == [1, 0, 0]
    assert split(2, [1, 5, 5]) == [0, 1, 1]
    assert split(5, [10, 30, 10]) == [1, 3, 1]
    assert split(3, [10, 30]) == [1, 2]
    assert split(1, [10, 30, 20]) == [0, 1, 0]
    assert split(0, [0, 0]) == [0, 0]
    random = Random(7)
    for _ in range(2000):
        weights = [random.randint(0, 50) for _ in range(random.randint(1, 9))]
        amount = random.randint(0, sum(weights))
        shares = split(amount, weights)
        assert sum(shares) == amount
        assert all(0 <= share <= weight for share, weight in zip(shares, weights, strict=True))


def test_a_tie_is_not_decided_by_the_order_of_lines() -> None:
    lines = [CartLine(replace(TEE, sku=sku, price_cents=cents), 1) for sku, cents in (("A", 50), ("B", 54))]
    swapped = [CartLine(replace(TEE, sku=sku, price_cents=cents), 1) for sku, cents in (("A", 54), ("B", 50))]
    off = carts.discount("A", off_cents=26)
    for cart in (lines, lines[::-1], swapped, swapped[::-1]):
        taxes = [line.tax_cents for line in _charges(*cart, to=Destination("GB"), discount=off).lines]
        assert sum(taxes) == 16


def test_a_total_that_cannot_be_paid_is_refused() -> None:
    free = replace(
        DEFAULT, zones=(replace(DEFAULT.zones[0], postage=(replace(DEFAULT.zones[0].postage[0], cents=0),)),)
    )
    for cents, fits in ((49, False), (50, True), (99_999_999, True), (100_000_000, False)):
        cart = Cart((CartLine(replace(TEE, price_cents=cents), 1),), US)
        if fits:
            assert carts.price(free, cart).total_cents == cents
            continue
        with pytest.raises(shop_errors.TotalOutOfRange) as raised:
            carts.price(free, cart)
        assert raised.value.details == {"totalCents": cents, "leastCents": 50, "mostCents": 99_999_999}


@pytest.mark.parametrize("quantity", [0, 1001])
def test_a_line_holds_one_to_a_thousand_pieces(quantity: int) -> None:
    with pytest.raises(errors.InvalidRequest, match="1 to 1000 of TEE-M"):
        _charges(CartLine(TEE, quantity))
    with pytest.raises(errors.InvalidRequest, match="1 to 1000 of TEE-M"):
        _charges(CartLine(TEE, 1), CartLine(TEE, 1000))


@pytest.mark.parametrize("lines", [0, 51])
def test_a_cart_has_one_to_fifty_lines(lines: int) -> None:
    with pytest.raises(errors.InvalidRequest, match="1 to 50 lines"):
        _charges(*(CartLine(carts.variant(f"TEE-{at}"), 1) for at in range(lines)))


def test_the_default_list_prices_every_method_and_survives_its_json() -> None:
    assert DEFAULT.methods.keys() == set(PrintMethod)
    assert PriceList.read(DEFAULT.json()) == DEFAULT


def test_charges_survive_their_json() -> None:
    charges = _charges(CartLine(TEE, 2, (UUID(int=9),), (LOGO, BACK)), CartLine(HOODIE, 1))
    assert Charges.read(charges.json()) == charges
