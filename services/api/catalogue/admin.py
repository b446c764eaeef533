"""The catalogue's administration: products with variants, print areas, size charts and pictures, and their stock."""

from uuid import UUID

from services.api.catalogue import admin_schemas as schemas
from services.api.catalogue.changes import ProductChange, VariantChange, planned
from services.api.dependencies import Dependencies
from services.api.middleware import auth
from services.api.middleware.idempotency import once
from services.api.schemas import IdempotencyHeaders, PageQuery, VersionHeaders
from shared import errors, shop_errors
from shared.db import product_writes, products, stock_moves, variants, whole_products
from shared.db.pagination import Cursor
from shared.db.pool import Connection
from shared.db.product_writes import KnownProduct


def admin_page(deps: Dependencies, query: schemas.AdminProductsQuery) -> schemas.AdminProductPage:
    """List admin products.

    Lists the products of one status, newest first.
    """
    after = Cursor.parse(query.cursor) if query.cursor else None
    with deps.database.transaction() as connection:
        found = whole_products.page(connection, query.status, query.limit, after)
    items = [schemas.AdminProductItem.from_row(product) for product in found.items]
    return schemas.AdminProductPage(items=items, next_cursor=found.next_cursor)


def admin_show(deps: Dependencies, path: schemas.ProductPath) -> schemas.AdminProduct:
    """Get admin product.

    Shows a product with its stock and its archived variants. `version` goes into the `If-Match` of a change.
    """
    with deps.database.transaction() as connection:
        return _shown(connection, path.product_id)


def create(deps: Dependencies, body: schemas.ProductIn) -> schemas.AdminProduct:
    """Create product.

    Visitors see it once its status is `active`, within the hour that pages may be cached.
    """
    change = ProductChange(body.columns(), [area.area() for area in body.print_areas], _variants(body.variants))
    with deps.database.transaction() as connection:
        product_writes.lock(connection)
        if product_writes.known_products(connection, [body.slug]):
            raise shop_errors.SlugTaken
        made = _shown(connection, _write(connection, change, None))
    deps.catalogue.forget_version()
    return made


def change(
    deps: Dependencies, path: schemas.ProductPath, header: VersionHeaders, body: schemas.ProductPatch
) -> schemas.AdminProduct:
    """Change product.

    Only what is sent changes; what is there already changes nothing. If someone else has changed the product since
    `version`, nothing changes, and the response is 412.
    """
    areas = None if body.print_areas is None else [area.area() for area in body.print_areas]
    asked = ProductChange(body.columns(), areas, _variants(body.variants), header.version)
    with deps.database.transaction() as connection:
        product_writes.lock(connection)
        found = products.find(connection, path.product_id)
        if found is None:
            raise errors.NotFound
        if body.slug not in (None, found.slug) and product_writes.known_products(connection, [str(body.slug)]):
            raise shop_errors.SlugTaken
        known = product_writes.known_products(connection, [found.slug])[found.slug]
        changed = _shown(connection, _write(connection, asked, known))
    deps.catalogue.forget_version()
    return changed


def move_stock(
    deps: Dependencies,
    path: schemas.VariantPath,
    header: IdempotencyHeaders,  # noqa: ARG001 - documents
    body: schemas.StockMoveIn,
) -> schemas.StockMoved:
    """Move stock.

    Adds to the stock of a variant, or takes from it: never below zero, and never a sale lost in between. The reason is
    stored with the name of the key or customer.
    """
    owner = auth.identified()
    with once(deps.database, owner, body.model_dump_json()) as record, deps.database.transaction() as connection:
        products.renew_version(connection)
        move, stock = stock_moves.move(connection, path.variant_id, body.delta, body.reason, body.note, auth.actor())
        moved = schemas.StockMoved(move=schemas.StockMoveOut.of(move), stock=stock)
        record(connection, moved.response(201))
    deps.catalogue.forget_version()
    return moved


def list_stock_moves(deps: Dependencies, path: schemas.VariantPath, query: PageQuery) -> schemas.StockMovePage:
    """List stock moves.

    Lists the moves of a variant's stock, newest first. Their sum is its stock.
    """
    after = Cursor.parse(query.cursor) if query.cursor else None
    with deps.database.transaction() as connection:
        if variants.find(connection, path.variant_id) is None:
            raise errors.NotFound
        found = stock_moves.page(connection, path.variant_id, query.limit, after)
    items = [schemas.StockMoveOut.of(move) for move in found.items]
    return schemas.StockMovePage(items=items, next_cursor=found.next_cursor)


def _shown(connection: Connection, product_id: UUID) -> schemas.AdminProduct:
    found = whole_products.find(connection, product_id)
    if found is None:
        raise errors.NotFound
    return schemas.AdminProduct.of(found.product, found.areas, found.variants)


def _variants(given: list[schemas.VariantIn]) -> list[VariantChange]:
    return [
        VariantChange(
            sku=variant.sku,
            columns={
                "colour": variant.color,
                "colour_hex": variant.color_hex,
                "size": variant.size,
                "price_cents": variant.price_cents,
                "weight_g": variant.weight_g,
            },
            stock=variant.stock,
            archived=variant.archived,
        )
        for variant in given
    ]


def _write(connection: Connection, asked: ProductChange, product: KnownProduct | None) -> UUID:
    """Write one product, and return its id. Raises the failure of the first problem."""
    skus = [variant.sku for variant in asked.variants]
    known = product_writes.known_variants(connection, [product.id] if product else [], skus)
    written, problems = planned(asked, product, known)
    for problem in problems:
        raise problem.failure
    if written.changes:
        product_writes.write(connection, [written], auth.actor())
    return written.id
