"""Writing products, one or thousands, in a fixed number of statements.

All writers of the catalogue lock its version first (`lock`), so what is read after that stays true until the end of the
transaction; only sales go on, which change stock alone.
"""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import asdict, dataclass
from typing import Any
from uuid import UUID

import psycopg
from psycopg.types.json import Jsonb

from shared import shop_errors
from shared.db import ids, products, whole_products
from shared.db.pool import Connection
from shared.models.product import PrintArea
from shared.models.stock_move import MAX_STOCK, StockReason

_PRODUCT = """slug text, title text, description text, category text, tags text, pictures jsonb, size_chart jsonb,
    status text"""
_VARIANT = "sku text, colour text, colour_hex text, size text, price_cents bigint, weight_g integer"
_AREA = "placement text, width_um integer, height_um integer, methods text[], garment text"

_INSERT_PRODUCTS = f"""insert into products
        (id, slug, title, description, category, tags, pictures, size_chart, status, from_cents)
    select id, slug, title, coalesce(description, ''), category, coalesce(tags, ''), coalesce(pictures, '[]'),
        coalesce(size_chart, '[]'), coalesce(status, 'draft'), 1  -- until its variants are there
    from jsonb_to_recordset(%s) given (id uuid, new boolean, {_PRODUCT})
    where new"""
_UPDATE_PRODUCTS = f"""update products
    set slug = coalesce(given.slug, products.slug),
        title = coalesce(given.title, products.title),
        description = coalesce(given.description, products.description),
        category = coalesce(given.category, products.category),
        tags = coalesce(given.tags, products.tags),
        pictures = coalesce(given.pictures, products.pictures),
        size_chart = coalesce(given.size_chart, products.size_chart),
        status = coalesce(given.status, products.status),
        version = version + 1,
        updated_at = now()
    from jsonb_to_recordset(%s) given (id uuid, new boolean, {_PRODUCT})
    where products.id = given.id
    and not new"""
_PUT_AREAS = f"""insert into print_areas (product_id, placement, width_um, height_um, methods, garment)
    select product_id, placement, width_um, height_um, methods, garment
    from jsonb_to_recordset(%s) given (product_id uuid, {_AREA})
    on conflict (product_id, placement) do update
    set width_um = excluded.width_um, height_um = excluded.height_um, methods = excluded.methods,
        garment = excluded.garment"""
_DELETE_AREAS = """delete from print_areas
    where product_id = any(%s)
    and (product_id, placement) not in (
        select product_id, placement from jsonb_to_recordset(%s) given (product_id uuid, placement text))"""
_INSERT_VARIANTS = f"""insert into variants
        (id, product_id, sku, colour, colour_hex, size, price_cents, weight_g, stock, archived_at)
    select id, product_id, sku, colour, colour_hex, size, price_cents, weight_g, 0, case when archived then now() end
    from jsonb_to_recordset(%s) given (id uuid, product_id uuid, new boolean, archived boolean, {_VARIANT})
    where new"""
_UPDATE_VARIANTS = f"""update variants
    set colour = coalesce(given.colour, variants.colour),
        colour_hex = coalesce(given.colour_hex, variants.colour_hex),
        size = coalesce(given.size, variants.size),
        price_cents = coalesce(given.price_cents, variants.price_cents),
        weight_g = coalesce(given.weight_g, variants.weight_g),
        archived_at = case
            when archived then coalesce(archived_at, now())
            when archived is null then archived_at
        end
    from jsonb_to_recordset(%s) given (id uuid, new boolean, archived boolean, {_VARIANT})
    where variants.id = given.id
    and not new"""
# Rows are locked by id, as sales lock them, so that the two cannot deadlock.
_MOVE_STOCK = f"""with given as materialized (
        select variants.id, move_id, quantity, reason
        from variants join jsonb_to_recordset(%s) moved (id uuid, move_id uuid, quantity integer, reason text)
            using (id)
        order by variants.id
        for update of variants
    ), changed as (
        update variants
        set stock = stock + quantity
        from given
        where variants.id = given.id
        and stock + quantity between 0 and {MAX_STOCK}
        returning move_id, variants.id, quantity, reason
    ), noted as (
        insert into stock_moves (id, variant_id, quantity, reason, actor)
        select move_id, id, quantity, reason, %s
        from changed
    )
    select count(*) as changed from changed"""
# The least price of what is sold, or of everything where nothing is.
_REFRESH = """update products
    set from_cents = lowest
    from (
        select product_id, coalesce(min(price_cents) filter (where archived_at is null), min(price_cents)) as lowest
        from variants
        where product_id = any(%s)
        group by product_id
    ) prices
    where products.id = product_id
    and from_cents <> lowest"""


_COLUMNS = ("slug", "title", "description", "category", "tags", "pictures", "size_chart", "status")


@dataclass(frozen=True, slots=True)
class KnownProduct:
    """A product that is there; `columns` are those that a change may name, `areas` are by placement."""

    id: UUID
    slug: str
    version: int
    columns: Mapping[str, object]
    areas: Sequence[PrintArea]


@dataclass(frozen=True, slots=True)
class KnownVariant:
    """A variant that is there, archived or not."""

    id: UUID
    product_id: UUID
    sku: str
    colour: str
    size: str
    stock: int
    colour_hex: str
    price_cents: int
    weight_g: int
    archived: bool


@dataclass(frozen=True, slots=True)
class VariantWrite:
    """`columns` are all of a new variant, or those of another that change. `quantity` is added to its stock."""

    id: UUID
    new: bool
    columns: Mapping[str, object]
    quantity: int = 0
    archived: bool | None = None

    @property
    def changes(self) -> bool:
        return self.new or bool(self.columns) or self.quantity != 0 or self.archived is not None


@dataclass(frozen=True, slots=True)
class ProductWrite:
    """`columns` as of a variant. Without `areas` the print areas stay; variants that are not named stay in any case."""

    id: UUID
    new: bool
    columns: Mapping[str, object]
    areas: Sequence[PrintArea] | None
    variants: Sequence[VariantWrite]

    @property
    def changes(self) -> bool:
        return self.new or bool(self.columns) or self.areas is not None or bool(self.variants)


def lock(connection: Connection) -> None:
    """Let no other write to the catalogue until the end of this transaction."""
    products.renew_version(connection)


def known_products(connection: Connection, slugs: Collection[str]) -> dict[str, KnownProduct]:
    """Of any status, by slug."""
    rows = connection.execute(
        f"select id, version, {', '.join(_COLUMNS)} from products where slug = any(%s)", [list(slugs)]
    ).fetchall()
    areas = whole_products.print_areas(connection, [row["id"] for row in rows])
    return {row["slug"]: _known(row, areas[row["id"]]) for row in rows}


def _known(row: Mapping[str, Any], areas: Sequence[PrintArea]) -> KnownProduct:
    columns = {name: row[name] for name in _COLUMNS}
    return KnownProduct(row["id"], row["slug"], row["version"], columns, areas)


def known_variants(connection: Connection, product_ids: Collection[UUID], skus: Collection[str]) -> list[KnownVariant]:
    """All of these products, and those with these SKUs of any other."""
    rows = connection.execute(
        """select id, product_id, sku, colour, size, stock, colour_hex, price_cents, weight_g,
            archived_at is not null as archived
        from variants
        where product_id = any(%s)
        or sku = any(%s)""",
        [list(product_ids), list(skus)],
    )
    return [KnownVariant(**row) for row in rows]


def write(connection: Connection, written: Sequence[ProductWrite], actor: str) -> None:
    """Write all or nothing; call `lock` first. Raises OutOfStock."""
    _write_products(connection, written)
    _write_areas(connection, [product for product in written if product.areas is not None])
    variants = [(product.id, variant) for product in written for variant in product.variants]
    _write_variants(connection, variants)
    _move_stock(connection, [variant for _, variant in variants if variant.quantity], actor)
    _refresh(connection, [product.id for product in written])


def _write_products(connection: Connection, written: Sequence[ProductWrite]) -> None:
    given = Jsonb([{**product.columns, "id": str(product.id), "new": product.new} for product in written])
    connection.execute(_INSERT_PRODUCTS, [given])
    connection.execute(_UPDATE_PRODUCTS, [given])


def _write_areas(connection: Connection, written: Sequence[ProductWrite]) -> None:
    given = Jsonb([{**asdict(area), "product_id": str(each.id)} for each in written for area in each.areas or ()])
    connection.execute(_PUT_AREAS, [given])
    connection.execute(_DELETE_AREAS, [[product.id for product in written], given])


def _write_variants(connection: Connection, written: Sequence[tuple[UUID, VariantWrite]]) -> None:
    given = Jsonb([_variant(product_id, variant) for product_id, variant in written])
    try:
        connection.execute(_INSERT_VARIANTS, [given])
        connection.execute(_UPDATE_VARIANTS, [given])
    except psycopg.errors.UniqueViolation as error:  # two that change places, one after the other
        raise shop_errors.VariantTaken from error


def _variant(product_id: UUID, variant: VariantWrite) -> dict[str, object]:
    facts = {"id": str(variant.id), "product_id": str(product_id), "new": variant.new, "archived": variant.archived}
    return {**variant.columns, **facts}


def _move_stock(connection: Connection, moved: Sequence[VariantWrite], actor: str) -> None:
    given = Jsonb(
        [
            {
                "move_id": str(ids.new()),
                "id": str(variant.id),
                "quantity": variant.quantity,
                "reason": StockReason.INITIAL if variant.new else StockReason.COUNTED,
            }
            for variant in moved
        ]
    )
    row = connection.execute(_MOVE_STOCK, [given, actor]).fetchone()
    if row is None or row["changed"] < len(moved):
        raise shop_errors.OutOfStock


def _refresh(connection: Connection, product_ids: Sequence[UUID]) -> None:
    connection.execute(_REFRESH, [list(product_ids)])
