"""What callers ask for as placements: print areas and colours of the product, pictures, and how large their ink is."""

from collections.abc import Mapping, Sequence
from dataclasses import replace
from uuid import UUID

from services.api.dependencies import Dependencies
from services.api.designs.schemas import PlacementModel
from services.api.print import derived
from shared import errors, images, shop_errors, storage
from shared.db import assets, designs, products, variants
from shared.db.pool import Connection
from shared.models.asset import Asset
from shared.models.design import Placement, Problem
from shared.models.owner import Owner
from shared.models.product import PrintArea, ProductStatus
from shared.storage import integrity


def placed(
    deps: Dependencies, owner: Owner, product_id: UUID, asked: Sequence[PlacementModel]
) -> tuple[Placement, ...]:
    """Each picture of this owner on its print area.

    Raises NotFound for a product or picture, NotOffered, OutsidePrintArea, NoInk, or a failure of a picture's decoding.
    """
    with deps.database.transaction() as connection:
        areas = _areas(connection, product_id)
        pairs = [(one, _offered(one, areas), _picture(connection, owner, one)) for one in asked]
        known = designs.ink_of(connection, [picture.id for _, _, picture in pairs])
    measured = {picture.id: known.get(picture.id) or ink_size(deps, picture) for _, _, picture in pairs}
    return tuple(_within(one.placement_of(picture, measured[picture.id], area)) for one, area, picture in pairs)


def colour(deps: Dependencies, product_id: UUID, asked: str | None) -> str:
    """The colour asked for, or the product's first. Raises NotFound for a product, and NotOffered."""
    with deps.database.transaction() as connection:
        _require_active(connection, product_id)
        colours = list(dict.fromkeys(one.colour_hex for one in variants.of_product(connection, product_id)))
    chosen = asked or next(iter(colours), None)
    if chosen not in colours:
        raise shop_errors.NotOffered(details={"color": chosen, "colors": colours})
    return chosen


def ink_size(deps: Dependencies, picture: Asset) -> tuple[int, int]:
    """Width and height of a picture's ink, in its pixels. Raises NotFound, NoInk, or a failure of its decoding."""
    try:
        data = integrity.get(deps.storage, picture.key, picture.stored_sha256)
    except storage.Missing:
        raise errors.NotFound from None
    upright = replace(
        images.inspect(data), width=picture.width, height=picture.height, orientation=picture.orientation
    )  # the stored file no longer holds its orientation
    return deps.decoder.ink_size(data, upright)


def _areas(connection: Connection, product_id: UUID) -> Mapping[str, PrintArea]:
    _require_active(connection, product_id)
    return {area.placement: area for area in products.print_areas(connection, product_id)}


def _require_active(connection: Connection, product_id: UUID) -> None:
    product = products.find(connection, product_id)
    if product is None or product.status is not ProductStatus.ACTIVE:
        raise errors.NotFound(
            "There is no such product.", details={"fields": {"productId": "There is no such product."}}
        )


def _offered(asked: PlacementModel, areas: Mapping[str, PrintArea]) -> PrintArea:
    area = areas.get(asked.placement)
    if area is None:
        raise shop_errors.NotOffered(details={"placement": asked.placement, "placements": list(areas)})
    if asked.method not in area.methods:
        raise shop_errors.NotOffered(details={"placement": asked.placement, "methods": area.methods})
    return area


def _picture(connection: Connection, owner: Owner, asked: PlacementModel) -> Asset:
    asset = assets.find(connection, owner, asked.asset_id)
    if asset is None:
        raise errors.NotFound("You have no such picture.", details={"placement": asked.placement})
    return derived.printed(connection, asset)


def _within(placement: Placement) -> Placement:
    area = placement.area
    if area and placement.problem is Problem.OUTSIDE_PRINT_AREA:
        sides = {name: value / 1000 for name, value in placement.bounds._asdict().items()}
        size = {"width": area.width_um / 1000, "height": area.height_um / 1000}
        raise shop_errors.OutsidePrintArea(details={"placement": placement.name, "boundsMm": sides, "areaMm": size})
    return placement
