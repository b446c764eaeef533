"""Random carts, price lists and destinations."""

from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from random import Random
from typing import Any
from uuid import UUID

from services.api.pricing import rules
from services.api.pricing.rules import Cart, CartLine, Print
from services.api.pricing.shipping import ZoneRates
from shared.models.discount import Discount
from shared.models.price_list import Destination, Film, Postage, PriceList, PrintPrice, QuantityBreak, Tax, Zone
from shared.models.print_check import PrintMethod
from shared.models.product import Variant
from shared.models.quote import Charges

NOW = datetime(2026, 11, 30, 12, tzinfo=UTC)
PLACES = ("US", "US:9", "US:967", "DE", "FI", "FI:22", "GB", "GB:SW1")


def variant(sku: str = "TEE-BLACK-M", product: int = 1, cents: int = 1999, weight_g: int = 180) -> Variant:
    return Variant(
        id=UUID(int=hash_of(sku)),
        product_id=UUID(int=product),
        sku=sku,
        title="Tee",
        colour="Black",
        colour_hex="1c1c1f",
        size="M",
        price_cents=cents,
        weight_g=weight_g,
        stock=5,
        created_at=NOW,
    )


def hash_of(text: str) -> int:
    return int.from_bytes(text.encode()[-15:])


def prices(random: Random) -> PriceList:
    """Any list that admins may set."""
    quantities = sorted(random.sample(range(2, 120), random.randint(0, 5)))
    places = random.sample(PLACES, len(PLACES))
    cut = random.randint(1, len(places) - 1)
    methods = {method: _print_price(random) for method in PrintMethod}
    days = [date(2024, 1, 1), date(2026, 6, 1), NOW.date(), date(2026, 12, 24)]
    taxed = random.sample(PLACES, random.randint(0, len(PLACES)))
    return PriceList(
        methods=methods,
        breaks=tuple(QuantityBreak(quantity, random.randint(1, 5000)) for quantity in quantities),
        zones=tuple(
            Zone(f"zone {at}", tuple(held), _postage(random)) for at, held in enumerate((places[:cut], places[cut:]))
        ),
        taxes=tuple(
            Tax(place, day, random.choice([0, 700, 825, 1900, 2550]))
            for place in taxed
            for day in random.sample(days, 2)
        ),
    )


def _print_price(random: Random) -> PrintPrice:
    film = Film(random.randint(560, 600), random.randint(0, 10), random.randint(1, 3000))
    return PrintPrice(random.randint(0, 500), random.randint(0, 120), film if random.random() < 0.5 else None)


def _postage(random: Random) -> tuple[Postage, ...]:
    weights = sorted(random.sample(range(100, 20_000), random.randint(1, 5)))
    return tuple(Postage(weight, random.randint(0, 4000)) for weight in weights)


def cart(random: Random) -> Cart:
    """Up to eight lines of few variants and few pictures, so that some are equal, and some tie."""
    price = random.randint(1, 9999)
    variants = [
        variant(
            f"SKU-{at}", random.randint(1, 2), random.choice([price, random.randint(1, 9999)]), random.randint(1, 900)
        )
        for at in range(4)
    ]
    pictures = [_print(random) for _ in range(3)]
    lines = tuple(_line(random, variants, pictures) for _ in range(random.randint(1, 8)))
    postal_code = random.choice(["", "96701", "9 0210", "SW1A 1AA", "22100", "10115"])
    destination = Destination(random.choice(["US", "DE", "FI", "GB"]), postal_code)
    return Cart(lines, destination, random.choice([None, _percent(random), _amount(random)]))


def _print(random: Random) -> tuple[UUID, Print]:
    box = (random.randint(1000, 400_000), random.randint(1000, 500_000))
    return UUID(int=random.getrandbits(128)), Print(
        UUID(int=random.randint(1, 3)), random.choice(list(PrintMethod)), *box
    )


def _line(random: Random, variants: list[Variant], pictures: list[tuple[UUID, Print]]) -> CartLine:
    chosen = random.sample(pictures, random.choice([0, 1, 1, 1, 2]))
    quantity = random.choice([1, 1, 2, 3, random.randint(1, 100)])
    return CartLine(
        random.choice(variants), quantity, tuple(design for design, _ in chosen), tuple(one for _, one in chosen)
    )


def discount(code: str = "AUTUMN", **terms: Any) -> Discount:
    return Discount(code=code, created_at=NOW, **{"id": UUID(int=7), **terms})


def _percent(random: Random) -> Discount:
    return discount("PERCENT", off_bp=random.randint(1, 10_000), ends_at=NOW + timedelta(days=1))


def _amount(random: Random) -> Discount:
    return discount("AMOUNT", off_cents=random.randint(1, 20_000), starts_at=NOW)


def shuffled(random: Random, made: Cart) -> Cart:
    """The same cart in another order of lines, designs and prints."""
    lines = random.sample(made.lines, len(made.lines))
    turned = (replace(line, design_ids=line.design_ids[::-1], prints=line.prints[::-1]) for line in lines)
    return replace(made, lines=tuple(turned))


def price(prices: PriceList, cart: Cart, at: datetime = NOW) -> Charges:
    """The charges with the postage of the price list."""
    return rules.price(prices, cart, ZoneRates(prices).rate(cart.destination, cart.weight_g), at)
