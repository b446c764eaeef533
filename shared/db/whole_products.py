"""Products with their print areas and all of their variants, archived ones too: for admins, and for files."""

from collections.abc import Sequence
from dataclasses import dataclass
from uuid import UUID

from shared.db import pagination, products, variants
from shared.db.pool import Connection
from shared.models.print_check import PrintMethod
from shared.models.product import PrintArea, Product, ProductStatus, Variant

_SELECT = f"select {products.COLUMNS} from products"


@dataclass(frozen=True, slots=True)
class WholeProduct:
    """Print areas by placement, variants in the order in which they were made."""

    product: Product
    areas: Sequence[PrintArea]
    variants: Sequence[Variant]


def page(
    connection: Connection, status: ProductStatus, limit: int, after: pagination.Cursor | None
) -> pagination.Page[Product]:
    """The products of a status, newest first."""
    select = f"{_SELECT} where status = %(status)s"
    return pagination.fetch(connection, select, {"status": status}, products.from_row, limit, after)


def find(connection: Connection, product_id: UUID) -> WholeProduct | None:
    found = products.find(connection, product_id)
    return _whole(connection, [found])[0] if found else None


def following(connection: Connection, slug: str, limit: int) -> list[WholeProduct]:
    """The next products of any status by slug, after this one."""
    rows = connection.execute(f"{_SELECT} where slug > %s order by slug limit %s", [slug, limit]).fetchall()
    return _whole(connection, [products.from_row(row) for row in rows])


def print_areas(connection: Connection, product_ids: Sequence[UUID]) -> dict[UUID, list[PrintArea]]:
    """Those of each of these products, by placement."""
    areas: dict[UUID, list[PrintArea]] = {product_id: [] for product_id in product_ids}
    for row in connection.execute(_AREAS, [list(product_ids)]):
        methods = tuple(map(PrintMethod, row.pop("methods")))
        areas[row.pop("product_id")].append(PrintArea(**row, methods=methods))
    return areas


def _whole(connection: Connection, found: Sequence[Product]) -> list[WholeProduct]:
    ids = [product.id for product in found]
    areas = print_areas(connection, ids)
    made: dict[UUID, list[Variant]] = {product_id: [] for product_id in ids}
    for row in connection.execute(_VARIANTS, [ids]):
        made[row["product_id"]].append(Variant(**row))
    return [WholeProduct(product, areas[product.id], made[product.id]) for product in found]


_AREAS = """select product_id, placement, width_um, height_um, methods, garment
    from print_areas
    where product_id = any(%s)
    order by product_id, placement"""
_VARIANTS = f"""select {variants.COLUMNS}
    from variants join products on products.id = product_id
    where product_id = any(%s)
    order by variants.id"""
