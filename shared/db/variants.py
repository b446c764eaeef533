"""Variants of products: what is sold, at which price, and how many are left."""

from collections.abc import Collection, Mapping
from uuid import UUID

from shared.db.pool import Connection
from shared.models.product import Variant

COLUMNS = (
    "variants.id, product_id, sku, title, colour, colour_hex, size, price_cents, weight_g, stock, variants.created_at, "
    "archived_at"
)
_SELECT = f"select {COLUMNS} from variants join products on products.id = product_id"


def of_product(connection: Connection, product_id: UUID) -> list[Variant]:
    """Those not archived, in the order in which they were made."""
    rows = connection.execute(
        f"{_SELECT} where product_id = %s and archived_at is null order by variants.id", [product_id]
    ).fetchall()
    return [Variant(**row) for row in rows]


def by_sku(connection: Connection, skus: Collection[str]) -> list[Variant]:
    """Those of the SKUs that can be bought, by SKU: neither archived nor of a product that is not active."""
    rows = connection.execute(
        f"{_SELECT} where sku = any(%s) and archived_at is null and status = 'active' order by sku", [list(skus)]
    ).fetchall()
    return [Variant(**row) for row in rows]


def find(connection: Connection, variant_id: UUID) -> Variant | None:
    """A variant, archived or not."""
    row = connection.execute(f"{_SELECT} where variants.id = %s", [variant_id]).fetchone()
    return Variant(**row) if row else None


def find_many(connection: Connection, variant_ids: Collection[UUID]) -> list[Variant]:
    """Those that exist, archived or not, in no order."""
    rows = connection.execute(f"{_SELECT} where variants.id = any(%s)", [list(variant_ids)]).fetchall()
    return [Variant(**row) for row in rows]


def stock(connection: Connection, slug: str) -> Mapping[str, int] | None:
    """How many of each SKU of an active product may still be sold; None if there is no such product."""
    rows = connection.execute(
        """select sku, stock
        from products left join variants on product_id = products.id and archived_at is null
        where slug = %s
        and status = 'active'
        order by variants.id""",
        [slug],
    ).fetchall()
    return {row["sku"]: row["stock"] for row in rows if row["sku"]} if rows else None
