"""What a cart costs, computed a second time: by exact decimals, from the words of docs/decisions/0114."""

from collections.abc import Iterable
from datetime import date
from decimal import ROUND_HALF_UP, Context, Decimal, localcontext
from fractions import Fraction
from typing import Any

from services.api.pricing.rules import Cart, CartLine, Print
from shared.models.price_list import Destination, Film, PriceList

Key = tuple[str, tuple[str, ...]]
_EXACT = Context(prec=60)


def total(prices: PriceList, cart: Cart, on: date) -> dict[str, Any]:
    """The sums, the tax rate, and by SKU and designs each line's quantity, unit price, discount and tax."""
    with localcontext(_EXACT):
        return _total(prices, cart, on)


def _total(prices: PriceList, cart: Cart, on: date) -> dict[str, Any]:
    quantities: dict[Key, int] = {}
    lines: dict[Key, CartLine] = {}
    for line in cart.lines:
        key = (line.variant.sku, tuple(sorted(map(str, line.design_ids))))
        quantities[key] = quantities.get(key, 0) + line.quantity
        lines[key] = line
    units = {key: _unit(prices, cart, line) for key, line in lines.items()}
    goods = {key: quantities[key] * units[key] for key in lines}
    subtotal = sum(goods.values())
    discounts = _shares(_off(cart, subtotal), goods)
    rate = _rate(prices, cart.destination, on)
    taxes = {key: _cents((goods[key] - discounts[key]) * rate) for key in lines}
    shipping = _shipping(prices, cart, quantities, lines)
    shipping_tax = _cents(shipping * rate)
    tax = sum(taxes.values()) + shipping_tax
    discount = sum(discounts.values())
    return {
        "subtotal": subtotal,
        "discount": discount,
        "shipping": shipping,
        "tax": tax,
        "total": subtotal - discount + shipping + tax,
        "rate": rate * 10_000,
        "lines": {key: (quantities[key], units[key], discounts[key], taxes[key]) for key in lines},
    }


def _cents(amount: Decimal) -> int:
    return int(amount.quantize(Decimal(1), ROUND_HALF_UP))


def _unit(prices: PriceList, cart: Cart, line: CartLine) -> int:
    whole = line.variant.price_cents
    for one in line.prints:
        whole += _print(prices, cart, one)
    alike = sum(other.quantity for other in cart.lines if _alike(line, other))
    off = Decimal(0)
    for step in prices.breaks:
        if alike >= step.quantity:
            off = Decimal(step.off_bp) / 10_000
    return _cents(whole * (1 - off))


def _alike(line: CartLine, other: CartLine) -> bool:
    if not line.prints and not other.prints:
        return line.variant.product_id == other.variant.product_id
    return sorted(line.prints) == sorted(other.prints)


def _print(prices: PriceList, cart: Cart, one: Print) -> int:
    price = prices.methods[one.method]
    dm2 = Decimal(one.width_um) / 100_000 * Decimal(one.height_um) / 100_000
    cents = price.piece_cents + _cents(dm2 * price.dm2_cents)
    if price.film is None:
        return cents
    copies = sum(line.quantity for line in cart.lines for other in line.prints if other == one)
    metres = min(
        _metres(price.film, one.width_um, one.height_um, copies),
        _metres(price.film, one.height_um, one.width_um, copies),
    )
    each = Fraction(metres) * price.film.cents_per_m / copies
    return cents + _cents(Decimal(each.numerator) / Decimal(each.denominator))


def _metres(film: Film, across_um: int, along_um: int, copies: int) -> Decimal:
    """Row by row: prints are put beside each other while they fit."""
    beside, used = 0, Decimal(across_um) / 1000
    while used <= film.width_mm:
        beside += 1
        used += film.gap_mm + Decimal(across_um) / 1000
    if not beside:
        return Decimal("Infinity")
    rows = copies // beside + (1 if copies % beside else 0)
    return rows * (Decimal(along_um) / 1000 + film.gap_mm) / 1000


def _off(cart: Cart, subtotal: int) -> int:
    discount = cart.discount
    if discount is None:
        return 0
    if discount.off_bp is not None:
        return _cents(Decimal(subtotal) * discount.off_bp / 10_000)
    assert discount.off_cents is not None
    return min(discount.off_cents, subtotal)


def _shares(off: int, goods: dict[Key, int]) -> dict[Key, int]:
    """Everyone gets the whole cents of its exact share; what is left goes to the largest fractions, a cent each."""
    exact = {key: Fraction(off * amount, sum(goods.values()) or 1) for key, amount in goods.items()}
    shares = {key: int(share) for key, share in exact.items()}
    waiting = sorted(goods, key=lambda key: (shares[key] - exact[key], -goods[key], key))
    for key in waiting[: off - sum(shares.values())]:
        shares[key] += 1
    return shares


def _most_precise(places: Iterable[str], destination: Destination) -> str | None:
    postal_code = destination.postal_code.replace(" ", "").replace("-", "").upper()
    best = None
    for place in places:
        country, _, start = place.partition(":")
        if country == destination.country and postal_code.startswith(start) and len(place) > len(best or ""):
            best = place
    return best


def _rate(prices: PriceList, destination: Destination, on: date) -> Decimal:
    place = _most_precise((tax.place for tax in prices.taxes if tax.since <= on), destination)
    known = [tax for tax in prices.taxes if tax.place == place and tax.since <= on]
    return Decimal(max(known, key=lambda tax: tax.since).rate_bp) / 10_000 if known else Decimal(0)


def _shipping(prices: PriceList, cart: Cart, quantities: dict[Key, int], lines: dict[Key, CartLine]) -> int:
    place = _most_precise((place for zone in prices.zones for place in zone.places), cart.destination)
    zone = next(zone for zone in prices.zones if place in zone.places)
    weight = sum(quantities[key] * lines[key].variant.weight_g for key in lines)
    cents, heaviest = 0, zone.postage[-1]
    while weight > heaviest.up_to_g:
        cents, weight = cents + heaviest.cents, weight - heaviest.up_to_g
    return cents + min((step.up_to_g, step.cents) for step in zone.postage if step.up_to_g >= weight)[1]
