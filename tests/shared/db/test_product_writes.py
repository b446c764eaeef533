"""Products written by the thousand: their stock is the sum of its moves, and all is written or nothing."""

from dataclasses import replace
from uuid import UUID

import pytest

from shared import shop_errors
from shared.db import ids, product_writes, whole_products
from shared.db.pool import Connection
from shared.db.product_writes import ProductWrite, VariantWrite
from shared.models.print_check import PrintMethod
from shared.models.product import PrintArea
from tests.shared.db.conftest import Records

FRONT = PrintArea("front", 305_000, 406_000, (PrintMethod.DTG, PrintMethod.DTF), "tshirt-front")


def product(slug: str, *variants: VariantWrite) -> ProductWrite:
    columns = {"slug": slug, "title": slug, "category": "t-shirts"}
    return ProductWrite(ids.new(), True, columns, [FRONT], variants)


def variant(sku: str, quantity: int = 0, **columns: object) -> VariantWrite:
    given = {"sku": sku, "colour": "Black", "colour_hex": "1c1c1f", "size": sku, "price_cents": 1900, "weight_g": 180}
    return VariantWrite(ids.new(), True, given | columns, quantity)


def write(connection: Connection, *written: ProductWrite) -> None:
    product_writes.lock(connection)
    product_writes.write(connection, written, "anne")


def stock(connection: Connection, product_id: UUID) -> list[int]:
    """Of each variant; the sum of its moves is the same."""
    rows = connection.execute(
        """select stock, (select coalesce(sum(quantity), 0) from stock_moves where variant_id = variants.id) as moved
        from variants where product_id = %s order by id""",
        [product_id],
    ).fetchall()
    assert all(row["stock"] == row["moved"] for row in rows)
    return [row["stock"] for row in rows]


def test_thousands_are_written_at_once(records: Records) -> None:
    products = [product(f"p-{n}", variant(f"A-{n}", n % 3), variant(f"B-{n}", price_cents=900)) for n in range(1500)]
    with records.database.transaction() as connection:
        write(connection, *products)
        assert stock(connection, products[2].id) == [2, 0]
        assert whole_products.find(connection, products[1499].id) is not None
        prices = connection.execute("select distinct from_cents from products").fetchall()
    assert [row["from_cents"] for row in prices] == [900]


def test_a_change_keeps_what_it_does_not_name(records: Records) -> None:
    first, second = variant("A", 5), variant("B", 1)
    made = product("tee", first, second)
    with records.database.transaction() as connection:
        write(connection, made)
        before = whole_products.find(connection, made.id)
        changed = VariantWrite(first.id, False, {"price_cents": 100}, -2)
        write(connection, replace(made, new=False, columns={}, areas=None, variants=[changed]))
        after = whole_products.find(connection, made.id)
        assert before
        assert after
        assert after.areas == before.areas == [FRONT]
        assert after.variants == [replace(before.variants[0], price_cents=100, stock=3), before.variants[1]]
        assert after.product == replace(before.product, version=2, from_cents=100, updated_at=after.product.updated_at)
        assert stock(connection, made.id) == [3, 1]


def test_the_least_price_is_that_of_what_is_sold(records: Records) -> None:
    cheap = variant("A", price_cents=500)
    made = product("tee", cheap, variant("B", price_cents=700))
    with records.database.transaction() as connection:
        write(connection, made)
        archived = VariantWrite(cheap.id, False, {}, archived=True)
        write(connection, replace(made, new=False, columns={}, areas=None, variants=[archived]))
        found = whole_products.find(connection, made.id)
        assert found
        assert found.product.from_cents == 700
        back = replace(archived, archived=False)
        write(connection, replace(made, new=False, columns={}, areas=None, variants=[back]))
        again = whole_products.find(connection, made.id)
        assert again
        assert again.product.from_cents == 500


def test_with_one_stock_below_zero_nothing_is_written(records: Records) -> None:
    made, other = product("tee", only := variant("A", 1)), product("cap", variant("C", 1))
    with records.database.transaction() as connection:
        write(connection, made)
    less = replace(made, new=False, columns={"title": "x"}, variants=[VariantWrite(only.id, False, {}, -2)])
    with pytest.raises(shop_errors.OutOfStock), records.database.transaction() as connection:
        write(connection, less, other)
    with records.database.transaction() as connection:
        assert connection.execute("select slug, title from products").fetchall() == [{"slug": "tee", "title": "tee"}]
