"""What a cart costs, as a pure function of price list, cart, postage and moment: integers, no clock, no database.

    unit price   = (garment + its prints) less the quantity break, half up
    discount     = of all goods, split over the lines by largest remainder
    tax          = of each line and of shipping: half up on what is left after the discount
    total        = goods - discount + shipping + taxes

The same lines in any order give equal charges: those of equal pieces are merged, and all are sorted before they count.
"""

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime
from uuid import UUID

from services.api.pricing.shipping import ShippingRate
from shared import errors, shop_errors
from shared.models.discount import Discount
from shared.models.price_list import Destination, Film, PriceList, PrintPrice, QuantityBreak
from shared.models.print_check import PrintMethod
from shared.models.product import Variant
from shared.models.quote import Charges, PrintCharge, QuoteLine, ShippingLine

MOST_LINES, MOST_PIECES = 50, 1000  # of a cart; of one of its lines
LEAST_CENTS, MOST_CENTS = 50, 99_999_999  # Stripe's least charge, and its eight digits
_ONE = 10_000  # basis points
_UM2_PER_DM2, _UM_PER_M = 10**10, 10**6


@dataclass(frozen=True, slots=True, order=True)
class Print:
    """A print's box. Prints of one picture that are equal in all of this are the same design, on any garment."""

    picture: UUID
    method: PrintMethod
    width_um: int
    height_um: int


@dataclass(frozen=True, slots=True)
class CartLine:
    """Pieces of a variant, each with these designs and what they print on it; without any it is blank."""

    variant: Variant
    quantity: int
    design_ids: tuple[UUID, ...] = ()
    prints: tuple[Print, ...] = ()

    @property
    def group(self) -> tuple[Print, ...] | UUID:
        """Lines of one group count together towards quantity breaks: equal designs, or one blank product."""
        return self.prints or self.variant.product_id


@dataclass(frozen=True, slots=True)
class Cart:
    lines: tuple[CartLine, ...]
    destination: Destination
    discount: Discount | None = None

    @property
    def weight_g(self) -> int:
        return sum(line.quantity * line.variant.weight_g for line in self.lines)


def price(prices: PriceList, cart: Cart, postage: ShippingRate, at: datetime) -> Charges:
    """The charges of a cart at a moment, its lines by SKU.

    Raises InvalidRequest, DiscountRefused, DoesNotFit or TotalOutOfRange.
    """
    lines = _merged(cart.lines)
    tax_bp = _tax_bp(prices, cart.destination, at.date())
    priced = _lines(prices, lines, tax_bp)
    if cart.discount:
        priced = _discounted(priced, cart.discount, at)
    taxed = [replace(line, tax_cents=_tax(line.goods_cents - line.discount_cents, tax_bp)) for line in priced]
    shipping = ShippingLine(postage.name, cart.weight_g, postage.cents, tax_bp, _tax(postage.cents, tax_bp))
    charges = Charges(tuple(taxed), shipping)
    if not LEAST_CENTS <= charges.total_cents <= MOST_CENTS:
        raise shop_errors.TotalOutOfRange(
            details={"totalCents": charges.total_cents, "leastCents": LEAST_CENTS, "mostCents": MOST_CENTS}
        )
    return charges


def holds_for(prices: PriceList, charges: Charges, destination: Destination, on: date) -> bool:
    """Whether postage and tax of charges that were made on a day are those of this destination as well."""
    zones = {place: zone.name for zone in prices.zones for place in zone.places}
    place = destination.longest(list(zones))
    same_zone = place is not None and zones[place] == charges.shipping.zone
    return same_zone and _tax_bp(prices, destination, on) == charges.shipping.tax_rate_bp


def half_up(numerator: int, denominator: int) -> int:
    """The nearest whole number to a ratio that is not negative, the larger of two."""
    return (2 * numerator + denominator) // (2 * denominator)


def split(amount: int, weights: Sequence[int]) -> list[int]:
    """Shares of `amount`, at most the sum of `weights`, by largest remainder; none is larger than its weight.

    Equal remainders go to the larger weight, then to the earlier one.
    """
    whole = sum(weights) or 1
    shares = [amount * weight // whole for weight in weights]
    by_remainder = sorted(range(len(weights)), key=lambda at: (amount * weights[at] % whole, weights[at]), reverse=True)
    for at in by_remainder[: amount - sum(shares)]:
        shares[at] += 1
    return shares


def _merged(lines: Sequence[CartLine]) -> list[CartLine]:
    """One line for equal pieces, sorted, as are its designs and prints."""
    found: dict[tuple[str, tuple[UUID, ...]], CartLine] = {}
    for line in lines:
        tidy = replace(line, design_ids=tuple(sorted(line.design_ids)), prints=tuple(sorted(line.prints)))
        key = (tidy.variant.sku, tidy.design_ids)
        quantity = tidy.quantity + (found[key].quantity if key in found else 0)
        if not 1 <= quantity <= MOST_PIECES:
            raise errors.InvalidRequest(f"A cart holds 1 to {MOST_PIECES} of {tidy.variant.sku} with the same designs.")
        found[key] = replace(tidy, quantity=quantity)
    if not 1 <= len(found) <= MOST_LINES:
        raise errors.InvalidRequest(f"A cart has 1 to {MOST_LINES} lines.")
    return [found[key] for key in sorted(found)]


def _lines(prices: PriceList, lines: Sequence[CartLine], tax_bp: int) -> list[QuoteLine]:
    """The lines before discount and tax."""
    pieces, copies = Counter[object](), Counter[Print]()
    for line in lines:
        pieces[line.group] += line.quantity
        for one in line.prints:
            copies[one] += line.quantity
    return [_line(prices, line, pieces[line.group], copies, tax_bp) for line in lines]


def _line(prices: PriceList, line: CartLine, pieces: int, copies: Counter[Print], tax_bp: int) -> QuoteLine:
    variant = line.variant
    prints = tuple(_charge(prices.methods[one.method], one, copies[one]) for one in line.prints)
    whole = variant.price_cents + sum(charge.cents for charge in prints)
    break_bp = _break_bp(prices.breaks, pieces)
    return QuoteLine(
        variant_id=variant.id,
        sku=variant.sku,
        title=variant.title,
        colour=variant.colour,
        size=variant.size,
        design_ids=line.design_ids,
        quantity=line.quantity,
        garment_cents=variant.price_cents,
        prints=prints,
        break_bp=break_bp,
        unit_cents=half_up(whole * (_ONE - break_bp), _ONE),
        discount_cents=0,
        tax_rate_bp=tax_bp,
        tax_cents=0,
    )


def _charge(price: PrintPrice, one: Print, copies: int) -> PrintCharge:
    """One of `copies` equal prints."""
    cents = price.piece_cents + half_up(one.width_um * one.height_um * price.dm2_cents, _UM2_PER_DM2)
    if price.film:
        length = film_um(price.film, one.width_um, one.height_um, copies)
        cents += half_up(length * price.film.cents_per_m, _UM_PER_M * copies)
    return PrintCharge(one.method, one.width_um, one.height_um, cents)


def film_um(film: Film, width_um: int, height_um: int, copies: int) -> int:
    """The length of film for so many equal prints in straight rows, turned by a quarter if that is shorter.

    Raises DoesNotFit.
    """
    lengths = [_rows_um(film, *box, copies) for box in ((width_um, height_um), (height_um, width_um))]
    fitting = [length for length in lengths if length]
    if not fitting:
        raise errors.DoesNotFit("A design is wider than the film.")
    return min(fitting)


def _rows_um(film: Film, width_um: int, height_um: int, copies: int) -> int:
    """0 if the print is wider than the film."""
    gap_um = film.gap_mm * 1000
    across = (film.width_mm * 1000 + gap_um) // (width_um + gap_um)
    return -(-copies // across) * (height_um + gap_um) if across else 0


def _break_bp(breaks: Sequence[QuantityBreak], pieces: int) -> int:
    return next((step.off_bp for step in reversed(breaks) if step.quantity <= pieces), 0)


def _discounted(lines: Sequence[QuoteLine], discount: Discount, at: datetime) -> list[QuoteLine]:
    goods = [line.goods_cents for line in lines]
    subtotal = sum(goods)
    if refusal := discount.refusal(subtotal, at):
        raise shop_errors.DiscountRefused(details={"reason": refusal, "minimumCents": discount.minimum_cents})
    off = half_up(subtotal * (discount.off_bp or 0), _ONE) + (discount.off_cents or 0)
    shares = split(min(off, subtotal), goods)
    return [replace(line, discount_cents=share) for line, share in zip(lines, shares, strict=True)]


def _tax_bp(prices: PriceList, destination: Destination, on: date) -> int:
    rates = {tax.place: tax.rate_bp for tax in sorted(prices.taxes, key=lambda tax: tax.since) if tax.since <= on}
    place = destination.longest(list(rates))
    return rates[place] if place else 0


def _tax(cents: int, rate_bp: int) -> int:
    return half_up(cents * rate_bp, _ONE)
