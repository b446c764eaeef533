"""A cart as it was asked for, with what the catalogue and the caller's designs say of it."""

from collections.abc import Mapping
from uuid import UUID

from services.api.pricing.rules import Cart, CartLine, Print
from services.api.pricing.schemas import NewPrice, PriceItem
from shared import errors, shop_errors
from shared.db import designs, discounts, variants
from shared.db.pool import Connection
from shared.models.design import Design
from shared.models.discount import Discount, DiscountRefusal
from shared.models.owner import Owner
from shared.models.product import Variant


def read(connection: Connection, owner: Owner, asked: NewPrice) -> Cart:
    """Raises UnknownSku, NotFound (another's design), NotPrintable, InvalidRequest or DiscountRefused."""
    sold = {variant.sku: variant for variant in variants.by_sku(connection, {item.sku for item in asked.items})}
    design_ids = {design_id for item in asked.items for design_id in item.design_ids}
    known = {design.id: design for design in designs.find_many(connection, owner, design_ids)} if design_ids else {}
    lines = tuple(_line(sold, known, item) for item in asked.items)
    return Cart(lines, asked.destination, _discount(connection, asked.discount_code))


def _line(sold: Mapping[str, Variant], known: Mapping[UUID, Design], item: PriceItem) -> CartLine:
    variant = sold.get(item.sku)
    if variant is None:
        raise shop_errors.UnknownSku(details={"sku": item.sku})
    chosen = [_design(known, variant, design_id) for design_id in item.design_ids]
    prints = tuple(
        Print(placed.asset_id, placed.method, placed.width_um, placed.height_um)
        for design in chosen
        for placed in design.placements
    )
    return CartLine(variant, item.quantity, tuple(item.design_ids), prints)


def _design(known: Mapping[UUID, Design], variant: Variant, design_id: UUID) -> Design:
    design = known.get(design_id)
    if design is None:
        raise errors.NotFound("There is no such design.", details={"designId": str(design_id)})
    if design.product_id != variant.product_id:
        raise errors.InvalidRequest(
            f"The design is not for the product of {variant.sku}.", details={"designId": str(design_id)}
        )
    if any(placement.problem for placement in design.placements):
        raise shop_errors.NotPrintable(details={"designId": str(design_id)})
    return design


def _discount(connection: Connection, typed: str | None) -> Discount | None:
    if typed is None:
        return None
    discount = discounts.find(connection, typed.strip().upper())
    if discount is None:
        raise shop_errors.DiscountRefused(details={"reason": DiscountRefusal.UNKNOWN})
    return discount
