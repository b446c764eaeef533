"""What a refund pays back of which line of an order: all, of some pieces, or an amount. Pure, in minor units.

Shipping is line 0, of one piece. Each line keeps its own tax rate: what is paid back of it is split into price and tax
as what is left of it is, so that the refunds of a line add up to the line, to the cent, in any order.
"""

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace

from services.api.pricing.rules import half_up, split
from shared import errors, shop_errors
from shared.models.order import Order, OrderItem
from shared.models.payment import Refund, RefundState

SHIPPING = 0  # the line
COUNTED = (RefundState.NEW, RefundState.PENDING, RefundState.SUCCEEDED)  # whose money is gone, or on its way


@dataclass(frozen=True, slots=True)
class Part:
    """Of a line: `cents` with tax, `tax_cents` of it, and how many pieces."""

    line: int
    quantity: int
    cents: int
    tax_cents: int

    def json(self) -> Mapping[str, int]:
        """As `shared.models.payment.Refund.lines` has it."""
        return {"line": self.line, "quantity": self.quantity, "cents": self.cents, "taxCents": self.tax_cents}


def left(order: Order, items: Iterable[OrderItem], refunds: Iterable[Refund]) -> tuple[Part, ...]:
    """What is left of each line after these refunds of the order."""
    shipping_cents = order.shipping_cents + order.shipping_tax_cents
    parts = [
        Part(SHIPPING, 1, shipping_cents, order.shipping_tax_cents),
        *(Part(item.line, item.quantity, item.total_cents, item.tax_cents) for item in items),
    ]
    gone = Counter[tuple[int, str]]()
    for refund in refunds:
        if refund.status in COUNTED:
            for paid in refund.lines:
                gone.update({(paid["line"], name): paid[name] for name in ("quantity", "cents", "taxCents")})
    return tuple(
        Part(
            part.line,
            part.quantity - gone[part.line, "quantity"],
            part.cents - gone[part.line, "cents"],
            part.tax_cents - gone[part.line, "taxCents"],
        )
        for part in parts
    )


def returned(refunds: Iterable[Refund]) -> Counter[int]:
    """How many pieces of each line came back with refunds by amount."""
    pieces = Counter[int]()
    for refund in refunds:
        if refund.status in COUNTED:
            pieces.update({int(line): quantity for line, quantity in refund.returned.items()})
    return pieces


def without(parts: Iterable[Part], pieces: Mapping[int, int]) -> tuple[Part, ...]:
    """The parts with so many pieces less of each line, and as much money."""
    return tuple(replace(part, quantity=part.quantity - pieces.get(part.line, 0)) for part in parts)


def whole(parts: Iterable[Part]) -> tuple[Part, ...]:
    """All that is left."""
    return tuple(part for part in parts if part.cents or part.quantity)


def of_pieces(parts: Sequence[Part], pieces: Mapping[int, int | None]) -> tuple[Part, ...]:
    """So many pieces of each line, or all that is left of it (None).

    Each piece that is left of a line is worth as much as the others. Raises InvalidRequest for a line that the order
    does not have, MoreThanPaid for more pieces than are left.
    """
    by_line = {part.line: part for part in parts}
    if unknown := sorted(pieces.keys() - by_line.keys()):
        raise errors.InvalidRequest(f"The order has no line {unknown[0]}.")
    return whole(_pieces(by_line[line], quantity) for line, quantity in sorted(pieces.items()))


def of_amount(parts: Sequence[Part], cents: int) -> tuple[Part, ...]:
    """An amount, of each line in proportion to what is left of it, and of no pieces. Raises MoreThanPaid."""
    most = sum(part.cents for part in parts)
    if cents > most:
        raise shop_errors.MoreThanPaid(details={"leftCents": most})
    shares = split(cents, [part.cents for part in parts])
    return tuple(_share(part, 0, share) for part, share in zip(parts, shares, strict=True) if share)


def total(parts: Iterable[Part]) -> int:
    return sum(part.cents for part in parts)


def _pieces(part: Part, quantity: int | None) -> Part:
    if quantity is None:
        return part
    if quantity > part.quantity:
        raise shop_errors.MoreThanPaid(details={"line": part.line, "quantity": part.quantity})
    return _share(part, quantity, half_up(part.cents * quantity, part.quantity))


def _share(part: Part, quantity: int, cents: int) -> Part:
    """Largest remainder: price and tax add up to `cents`, and neither is more than what is left of it."""
    _, tax_cents = split(cents, [part.cents - part.tax_cents, part.tax_cents])
    return replace(part, quantity=quantity, cents=cents, tax_cents=tax_cents)
