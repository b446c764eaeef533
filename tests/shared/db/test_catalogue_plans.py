"""No statement of the catalogue reads a whole table, but those whose results are cached for a version."""

from collections.abc import Callable, Iterator, Mapping
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID

import pytest

from shared.db import catalogue_load, products, variants
from shared.db.pagination import Cursor
from shared.db.pool import Database
from shared.db.products import Filter
from tests.databases import Databases
from tests.shared.db import plans

PRODUCTS, VARIANTS_EACH = 3000, 6
MIDDLE = Cursor(datetime.now(UTC) - timedelta(minutes=PRODUCTS // 2), UUID(int=0))
KEY = UUID(int=0)


@pytest.fixture(scope="module")
def shop(databases: Databases) -> Iterator[Database]:
    """A database with many products, of which few have the rare category, colour and size."""
    database = Database(databases.lasting(), statement_s=60)
    database.open()
    with database.transaction() as connection:
        catalogue_load.add(connection, PRODUCTS, VARIANTS_EACH, "test")
        connection.execute("update products set category = 'rare' where slug in ('load-8', 'load-9')")
        connection.execute("update variants set colour = 'Rare', size = 'Rare' where sku in ('LOAD-8-0', 'LOAD-9-0')")
        connection.execute("analyze products, print_areas, variants")
    yield database
    database.close()


def _listed(after: Cursor | None = None, **wanted: str) -> Callable[[Any], object]:
    return lambda connection: products.page(connection, Filter(**wanted), 20, after)


STATEMENTS: Mapping[str, tuple[Callable[[Any], object], set[str]]] = {
    "by id": (lambda connection: products.find(connection, KEY), {"products_pkey"}),
    "by slug": (lambda connection: products.by_slug(connection, "load-9"), {"products_slug_key"}),
    "print areas": (lambda connection: products.print_areas(connection, KEY), {"print_areas_pkey"}),
    "variants": (lambda connection: variants.of_product(connection, KEY), {"products_pkey"}),
    "variant by id": (lambda connection: variants.find(connection, KEY), {"variants_pkey", "products_pkey"}),
    "by SKU": (lambda connection: variants.by_sku(connection, ["LOAD-9-0"]), {"variants_sku_key", "products_pkey"}),
    "stock": (lambda connection: variants.stock(connection, "load-9"), {"products_slug_key"}),
    "newest": (_listed(), {"products_status"}),
    "from the middle": (_listed(MIDDLE), {"products_status"}),
    "of a common category": (_listed(category="hoodies"), {"products_status"}),
    "of a rare category": (_listed(category="rare"), {"products_category"}),
    "of a common colour": (_listed(colour="Navy"), {"products_status"}),
    "of a rare colour": (_listed(colour="Rare"), {"variants_colour"}),
    "of an unknown colour": (_listed(colour="Unknown"), {"variants_colour"}),
    "of a rare size": (_listed(size="Rare"), {"variants_size"}),
    "of an unknown size": (_listed(size="Unknown"), {"variants_size"}),
    "of a size with two names": (_listed(size="XXL"), {"variants_size"}),
    "of a colour and a size": (_listed(colour="Navy", size="Size 0"), {"products_status"}),
    "search, common word": (_listed(text="hoodie"), {"products_status"}),
    "search, common word, from the middle": (_listed(MIDDLE, text="hoodie"), {"products_status"}),
    "search, rare word": (_listed(text="2999"), {"products_search"}),
    "search, nothing found": (_listed(text="xylophone"), {"products_search"}),
}


@pytest.mark.parametrize("name", STATEMENTS)
def test_a_statement_of_the_catalogue_reads_indexes(shop: Database, name: str) -> None:
    work, indexes = STATEMENTS[name]
    plan = plans.of(shop, work)
    assert plan.whole == set()
    assert indexes <= plan.indexes


def test_a_product_whose_stock_is_shown_costs_one_look_at_an_index(shop: Database) -> None:
    assert plans.of(shop, _listed()).indexes & {"variants_product_id_colour_size_key", "variants_size"}


def test_the_indexes_that_others_rely_on_are_there(shop: Database) -> None:
    with shop.transaction() as connection:
        rows = connection.execute(
            """select indrelid::regclass::text as on_table, attname as first
            from pg_index join pg_attribute on attrelid = indrelid and attnum = indkey[0]
            where indrelid in ('products'::regclass, 'variants'::regclass)"""
        ).fetchall()
    leading = {(row["on_table"], row["first"]) for row in rows}
    promised = {("products", "slug"), ("products", "status"), ("variants", "product_id"), ("variants", "sku")}
    assert promised <= leading
