"""The catalogue as visitors see it: public, cached, and the same for everyone."""

from dataclasses import replace
from functools import partial

from flask import Response

from services.api.catalogue.schemas import (
    ENOUGH,
    FacetsOut,
    ProductItem,
    ProductOut,
    ProductPage,
    ProductsQuery,
    SlugPath,
    StockOut,
)
from services.api.catalogue.suggestions import suggestion
from services.api.dependencies import Dependencies
from services.api.schemas import ConditionalHeaders
from shared import errors
from shared.db import facets, products, variants
from shared.db.pagination import Cursor
from shared.db.products import Filter


def page(deps: Dependencies, header: ConditionalHeaders, query: ProductsQuery) -> Response:  # noqa: ARG001 - documents
    """List products.

    Lists products by category, colour, size and words, newest first. The list is cached for an hour;
    `Cache-Control: no-cache` asks for the newest.
    """
    after = Cursor.parse(query.cursor) if query.cursor else None
    usual = query.q is None and query.cursor is None and query.limit == ProductsQuery.model_fields["limit"].default
    return deps.catalogue.answer(
        f"products:{query.model_dump_json(exclude_defaults=True)}", partial(_page, deps, query, after), shared=usual
    )


def show(deps: Dependencies, header: ConditionalHeaders, path: SlugPath) -> Response:  # noqa: ARG001 - documents
    """Show product.

    Shows a product with its variants, pictures, size chart and print areas. It is cached like the list.
    """
    return deps.catalogue.answer(f"product:{path.slug}", partial(_product, deps, path.slug))


def stock(deps: Dependencies, path: SlugPath) -> StockOut:
    """Show stock.

    Says how many of each variant are left now, up to 20.
    """
    with deps.database.transaction() as connection:
        left = variants.stock(connection, path.slug)
    if left is None:
        raise errors.NotFound
    return StockOut(stock={sku: count if count < ENOUGH else "20+" for sku, count in left.items()})


def show_facets(deps: Dependencies, header: ConditionalHeaders) -> Response:  # noqa: ARG001 - documents
    """List facets.

    Lists categories, colours and sizes of products, with how many products there are of each: the filters of
    `GET /api/products`.
    """
    return deps.catalogue.answer("facets", partial(_facets, deps))


def _page(deps: Dependencies, query: ProductsQuery, after: Cursor | None) -> ProductPage:
    with deps.database.transaction() as connection:
        found = products.page(connection, query.filter, query.limit, after)
    items = [ProductItem.of(item, deps.settings.web.public_url) for item in found.items]
    nothing = bool(query.q) and not items and after is None
    return ProductPage(
        currency=deps.settings.pricing.currency,
        items=items,
        next_cursor=found.next_cursor,
        did_you_mean=_meant(deps, query.filter) if nothing else None,
    )


def _meant(deps: Dependencies, wanted: Filter) -> str | None:
    """A search like the one for `wanted` that finds something."""
    meant = suggestion(wanted.text or "", deps.catalogue.value("words", partial(_words, deps)).decode().split())
    if meant is None:
        return None
    with deps.database.transaction() as connection:
        return meant if products.page(connection, replace(wanted, text=meant), 1, None).items else None


def _words(deps: Dependencies) -> bytes:
    with deps.database.transaction() as connection:
        return " ".join(facets.words(connection)).encode()


def _product(deps: Dependencies, slug: str) -> ProductOut:
    with deps.database.transaction() as connection:
        product = products.by_slug(connection, slug)
        if product is None:
            raise errors.NotFound
        areas = products.print_areas(connection, product.id)
        sold = variants.of_product(connection, product.id)
    settings = deps.settings
    return ProductOut.of(product, areas, sold, public_url=settings.web.public_url, currency=settings.pricing.currency)


def _facets(deps: Dependencies) -> FacetsOut:
    with deps.database.transaction() as connection:
        return FacetsOut.of(facets.count(connection), deps.settings.pricing.currency)
