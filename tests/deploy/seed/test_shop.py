"""The sample shop: whole, true to its drawings, and never in the way of a shop's own products."""

from collections.abc import Sequence
from urllib.parse import urlsplit

import pytest

from deploy.seed import shop
from deploy.seed.samples import SAMPLES, Sample
from services.api.catalogue.admin_schemas import AdminProduct, ProductIn
from shared.db import catalogue_load, whole_products
from shared.db.pool import Connection, Database
from shared.db.whole_products import WholeProduct
from shared.models.garment import GARMENTS
from shared.models.product import ProductStatus
from tests.shared.db import catalogue


def everything(database: Database) -> Sequence[WholeProduct]:
    with database.transaction() as connection:
        return whole_products.following(connection, "", 100)


def test_it_is_filled_once(database: Database) -> None:
    assert shop.fill(database) == len(SAMPLES) == 7
    found = everything(database)
    assert shop.fill(database) == 0
    assert everything(database) == found
    with database.transaction() as connection:
        listed = whole_products.page(connection, ProductStatus.ACTIVE, 10, None).items
    assert [product.slug for product in listed] == [sample.slug for sample in SAMPLES]


def test_what_was_changed_stays_and_what_is_missing_is_added(database: Database) -> None:
    with database.transaction() as connection:
        catalogue.product(connection, slug="canvas-tote", title="My tote")
    assert shop.fill(database) == 6
    titles = {whole.product.slug: whole.product.title for whole in everything(database)}
    assert titles["canvas-tote"] == "My tote"


def test_a_shop_with_products_of_its_own_gets_none(database: Database) -> None:
    with database.transaction() as connection:
        catalogue.product(connection, slug="my-own")
    assert shop.fill_if_empty(database) == 0
    assert len(everything(database)) == 1


def test_an_admin_could_have_sent_each_product(database: Database) -> None:
    shop.fill_if_empty(database)
    for whole in everything(database):
        shown = AdminProduct.of(whole.product, whole.areas, whole.variants).json_ready()
        variants = [{name: value for name, value in row.items() if name != "id"} for row in shown["variants"]]
        sent = {name: shown[name] for name in ("slug", "title", "description", "category", "tags", "status")}
        lists = {name: shown[name] for name in ("pictures", "sizeChart", "printAreas")}
        assert ProductIn.model_validate({**sent, **lists, "variants": variants}).slug == whole.product.slug


def test_print_areas_and_pictures_are_those_of_the_drawn_garments(database: Database) -> None:
    shop.fill(database)
    drawn = set()
    for whole in everything(database):
        for area in whole.areas:
            garment = GARMENTS[str(area.garment)]
            assert (area.width_um / 1000, area.height_um / 1000) == garment.area_mm
            drawn.add(garment.name)
        for picture in whole.product.pictures:
            _, _, name, file = urlsplit(picture.url).path.split("/")
            assert file.removesuffix(".webp") in {digits for _, digits in GARMENTS[name].colours}
    assert drawn == GARMENTS.keys()


def test_each_size_is_in_its_chart_and_something_of_each_product_is_left(database: Database) -> None:
    shop.fill(database)
    for whole in everything(database):
        charted = [row.size for row in whole.product.size_chart]
        assert {variant.size for variant in whole.variants} == set(charted)
        assert any(variant.stock for variant in whole.variants)
        assert whole.product.from_cents == min(variant.price_cents for variant in whole.variants)
    stocks = [variant.stock for whole in everything(database) for variant in whole.variants]
    assert 0 < stocks.count(0) < len(stocks) / 5


def stocks_differ_from_moves(connection: Connection) -> int:
    row = connection.execute(
        """select count(*) as wrong from variants
        where stock <> (select coalesce(sum(quantity), 0) from stock_moves where variant_id = variants.id)"""
    ).fetchone()
    assert row
    return int(row["wrong"])


def test_a_load_has_the_shape_of_a_large_shop(database: Database) -> None:
    shop.fill(database)
    assert shop.load(database, 1000) == (50, 1000)
    assert shop.load(database, 1000) == (0, 0)
    assert shop.load(database, 1200) == (10, 200)
    with database.transaction() as connection:
        catalogue_load.analyze(connection)
        assert stocks_differ_from_moves(connection) == 0
        rows = connection.execute("select status, count(*) from products where slug like 'load-%' group by status")
        counts = {row["status"]: row["count"] for row in rows}
        assert counts == {"active": 54, "draft": 3, "archived": 3}
        row = connection.execute("select count(*) as variants from variants where sku like 'LOAD-%'").fetchone()
        assert row == {"variants": 720}
        found = connection.execute(
            "select count(*) as found from products where search @@ websearch_to_tsquery('english', 'organic')"
        ).fetchone()
        assert found
        assert found["found"] > 5


@pytest.mark.parametrize("sample", SAMPLES, ids=[sample.slug for sample in SAMPLES])
def test_each_description_is_one_for_customers(sample: Sample) -> None:
    assert 100 < len(sample.description) < 400
    assert sample.description.endswith(".")
