"""The catalogue: what its tables refuse, what visitors find in it, and when its version changes."""

from collections.abc import Mapping
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta

import psycopg
import pytest

from shared.db import products, variants
from shared.db.pagination import Cursor
from shared.db.pool import Connection, Database
from shared.db.products import Filter
from shared.models.print_check import PrintMethod
from shared.models.product import Measures, Picture, PrintArea, ProductStatus
from tests.shared.db import catalogue
from tests.shared.db.rows import run

AT = datetime(2026, 1, 1, tzinfo=UTC)
_LONG = "a" * 101

REFUSED: tuple[tuple[str, Mapping[str, object]], ...] = (
    ("products_slug_key", {"slug": "taken"}),
    *(("products_slug_check", {"slug": slug}) for slug in ("", "Tee", "a--b", "-a", "a-", "a_b", "ä", _LONG)),
    *(("products_title_check", {"title": title}) for title in ("", "a" * 201)),
    ("products_description_check", {"description": "a" * 10_001}),
    *(("products_category_check", {"category": name}) for name in ("", "T shirts", _LONG)),
    ("products_tags_check", {"tags": "a" * 1001}),
    ("products_pictures_check", {"pictures": "{}"}),
    ("products_size_chart_check", {"size_chart": "null"}),
    ("products_status_check", {"status": "gone"}),
    ("products_version_check", {"version": 0}),
    ("products_from_cents_check", {"from_cents": 0}),
)
REFUSED_VARIANTS: tuple[tuple[str, Mapping[str, object]], ...] = (
    ("variants_sku_key", {"sku": "taken", "size": "L"}),
    ("variants_product_id_colour_size_key", {"size": "M"}),
    *(("variants_sku_check", {"sku": sku}) for sku in ("", "a b", "ä", "a" * 65)),
    *(("variants_colour_check", {"colour": name}) for name in ("", "a" * 61)),
    *(("variants_colour_hex_check", {"colour_hex": name}) for name in ("", "1C1C1F", "1c1c1", "1c1c1f0", "#1c1c1")),
    *(("variants_size_check", {"size": name}) for name in ("", "a" * 31)),
    ("variants_price_cents_check", {"price_cents": 0}),
    ("variants_weight_g_check", {"weight_g": 0}),
    ("variants_stock_check", {"stock": -1}),
)
REFUSED_AREAS: tuple[tuple[str, Mapping[str, object]], ...] = (
    ("print_areas_pkey", {"placement": "front"}),
    *(("print_areas_placement_check", {"placement": name}) for name in ("", "Front", "left_sleeve", "a" * 41)),
    ("print_areas_width_um_check", {"width_um": 0}),
    ("print_areas_height_um_check", {"height_um": 0}),
    ("print_areas_methods_check", {"methods": []}),
)


def _refused(error: pytest.ExceptionInfo[psycopg.IntegrityError]) -> str | None:
    return error.value.diag.constraint_name


@pytest.mark.parametrize(("constraint", "changes"), REFUSED)
def test_products_are_refused_by(database: Database, constraint: str, changes: Mapping[str, object]) -> None:
    run(database, catalogue.product, slug="taken")
    with pytest.raises(psycopg.IntegrityError) as error:
        run(database, catalogue.product, **changes)
    assert _refused(error) == constraint


@pytest.mark.parametrize(("constraint", "changes"), REFUSED_VARIANTS)
def test_variants_are_refused_by(database: Database, constraint: str, changes: Mapping[str, object]) -> None:
    made = run(database, catalogue.product)
    run(database, catalogue.variant, made, "taken")
    with pytest.raises(psycopg.IntegrityError) as error:
        run(database, catalogue.variant, made, "new", **{"size": "S", **changes})
    assert _refused(error) == constraint


@pytest.mark.parametrize(("constraint", "changes"), REFUSED_AREAS)
def test_print_areas_are_refused_by(database: Database, constraint: str, changes: Mapping[str, object]) -> None:
    made = run(database, catalogue.product)
    run(database, catalogue.area, made)
    with pytest.raises(psycopg.IntegrityError) as error:
        run(database, catalogue.area, made, **{"placement": "back", **changes})
    assert _refused(error) == constraint


def test_a_product_with_variants_is_not_deleted_and_one_without_goes_with_its_areas(database: Database) -> None:
    sold, unsold = catalogue.tee(database), catalogue.tee(database, "never-sold", sizes=())
    with pytest.raises(psycopg.errors.ForeignKeyViolation), database.transaction() as connection:
        connection.execute("delete from products where id = %s", [sold])
    with database.transaction() as connection:
        connection.execute("delete from products where id = %s", [unsold])
    assert run(database, products.print_areas, unsold) == []


def test_there_is_one_version_of_the_catalogue(database: Database) -> None:
    with pytest.raises(psycopg.IntegrityError) as error, database.transaction() as connection:
        connection.execute("insert into catalogue_version values (false, gen_random_uuid(), '1')")
    assert _refused(error) == "catalogue_version_singleton_check"


def test_every_constraint_of_the_catalogue_has_a_row_here_that_breaks_it(database: Database) -> None:
    with database.transaction() as connection:
        rows = connection.execute(
            """select conname from pg_constraint
            where conrelid in ('products'::regclass, 'print_areas'::regclass, 'variants'::regclass)
            and contype in ('c', 'u')"""
        ).fetchall()
    broken = {constraint for constraint, _ in (*REFUSED, *REFUSED_VARIANTS, *REFUSED_AREAS)}
    assert {row["conname"] for row in rows} == broken - {"print_areas_pkey"}


def test_an_active_product_is_read_as_it_was_written(database: Database) -> None:
    made = catalogue.tee(database)
    found = run(database, products.by_slug, "heavy-tee")
    assert found == run(database, products.find, made)
    assert found is not None
    assert (found.id, found.title, found.status) == (made, "Heavyweight tee", ProductStatus.ACTIVE)
    assert found.pictures == (Picture("/garments/tshirt-front/1c1c1f.webp", "A black T-shirt"),)
    assert found.size_chart == (Measures("S", {"Chest width": 460, "Length": 710.5}),)
    expected = PrintArea("front", 305_000, 406_000, (PrintMethod.DTG, PrintMethod.DTF), "tshirt-front")
    assert run(database, products.print_areas, made) == [expected]


@pytest.mark.parametrize("status", ["draft", "archived"])
def test_only_active_products_are_shown_and_sold(database: Database, status: str) -> None:
    made = catalogue.tee(database, status=status)
    assert run(database, products.by_slug, "heavy-tee") is None
    assert run(database, products.page, Filter(), 10, None).items == []
    assert run(database, variants.by_sku, ["heavy-tee-S"]) == []
    assert run(database, variants.stock, "heavy-tee") is None
    assert run(database, products.find, made) is not None


def _found(database: Database, **wanted: str) -> list[str]:
    return [item.slug for item in run(database, products.page, Filter(**wanted), 10, None).items]


def test_lists_are_filtered_by_category_and_by_one_variant_with_both_colour_and_size(database: Database) -> None:
    tee = catalogue.tee(database, "tee", sizes=("S",))
    run(database, catalogue.variant, tee, "tee-red-m", colour="Red", size="M")
    catalogue.tee(database, "hood", category="hoodies", sizes=("M",))
    assert _found(database) == ["hood", "tee"]
    assert _found(database, category="hoodies") == ["hood"]
    assert _found(database, colour="Red") == ["tee"]
    assert _found(database, size="M") == ["hood", "tee"]
    assert _found(database, colour="Red", size="S") == []
    assert _found(database, category="hoodies", colour="Red") == []


def test_filters_match_in_any_case_a_category_in_the_singular_and_a_size_by_its_other_name(database: Database) -> None:
    tee = catalogue.tee(database, "tee", sizes=("2XL",))
    run(database, catalogue.variant, tee, "tee-3xl", colour="Navy", size="XXXL")
    for category in ("t-shirts", "T-Shirts", "t-shirt", "T-SHIRT"):
        assert _found(database, category=category) == ["tee"], category
    for colour, size in (("black", "xxl"), ("BLACK", "XXL"), ("Black", "2xl"), ("nAVY", "3XL"), ("navy", "xxxl")):
        assert _found(database, colour=colour, size=size) == ["tee"], (colour, size)
    misses = ({"category": "t"}, {"colour": "blac"}, {"size": "xl"}, {"colour": "black", "size": "3xl"}, {"size": ""})
    for wanted in misses:
        assert _found(database, **wanted) == [], wanted


def test_a_search_finds_words_of_titles_tags_and_descriptions_in_any_inflection(database: Database) -> None:
    catalogue.tee(database)
    for text in ("heavyweight", "tees", "ORGANIC", "thick COTTON", '"every day"', "tee -wool"):
        assert _found(database, text=text) == ["heavy-tee"], text
    for text in ("wool", "tee -organic", "tee wool", "' or 1=1 --"):
        assert _found(database, text=text) == [], text


@pytest.mark.parametrize("text", ["", "  ", "the", "!?", '"', "-", "\\", ":*", "&", "' or"])
def test_a_search_for_nothing_lists_everything(database: Database, text: str) -> None:
    catalogue.tee(database)
    assert _found(database, text=text) == ["heavy-tee"]


def test_pages_continue_where_the_one_before_ended(database: Database) -> None:
    for number in range(5):
        catalogue.tee(database, f"tee-{number}", created_at=AT + timedelta(hours=number // 2))
    seen: list[str] = []
    after: Cursor | None = None
    while True:
        page = run(database, products.page, Filter(text="tee"), 2, after)
        seen += [item.slug for item in page.items]
        if (after := page.next) is None:
            break
    assert sorted(seen) == [f"tee-{number}" for number in range(5)]
    assert seen[0] == "tee-4"


def test_a_product_is_in_stock_while_one_of_its_variants_can_be_sold(database: Database) -> None:
    made = run(database, catalogue.product)
    gone = run(database, catalogue.variant, made, "gone", stock=3, size="S", archived_at=AT)
    left = run(database, catalogue.variant, made, "left", stock=1)

    def in_stock() -> bool:
        return run(database, products.page, Filter(), 1, None).items[0].in_stock

    assert in_stock()
    with database.transaction() as connection:
        connection.execute("update variants set stock = 0 where id = %s", [left])
    assert not in_stock()
    assert [item.id for item in run(database, variants.of_product, made)] == [left]
    assert run(database, variants.stock, "heavy-tee") == {"left": 0}
    archived = run(database, variants.find, gone)
    assert archived is not None
    assert archived.archived_at == AT


def test_variants_are_found_by_sku_with_the_title_of_their_product(database: Database) -> None:
    catalogue.tee(database)
    found = run(database, variants.by_sku, ["heavy-tee-M", "heavy-tee-S", "unknown"])
    assert [(item.sku, item.title, item.price_cents) for item in found] == [
        ("heavy-tee-M", "Heavyweight tee", 1900),
        ("heavy-tee-S", "Heavyweight tee", 1900),
    ]
    assert run(database, variants.by_sku, []) == []


WRITES = (
    "update products set title = 'New'",
    "update print_areas set width_um = 1",
    "update variants set price_cents = 1",
    "update variants set archived_at = now()",
    "delete from print_areas",
    "delete from variants",
)


@pytest.mark.parametrize("statement", WRITES)
def test_each_write_to_the_catalogue_changes_its_version(database: Database, statement: str) -> None:
    assert run(database, products.catalogue_version) == "empty"
    catalogue.tee(database)
    before = run(database, products.catalogue_version)
    with database.transaction() as connection:
        connection.execute(statement.encode())
        changed = products.catalogue_version(connection)
        connection.execute("update products set tags = 'again'")
        assert products.catalogue_version(connection) == changed  # once a transaction
    assert run(database, products.catalogue_version) == changed != before


def test_a_sale_leaves_the_version_alone_and_stock_can_renew_it(database: Database) -> None:
    catalogue.tee(database)
    before = run(database, products.catalogue_version)
    with database.transaction() as connection:
        connection.execute("update variants set stock = stock - 1")
    assert run(database, products.catalogue_version) == before
    run(database, products.renew_version)
    assert run(database, products.catalogue_version) != before


def test_writers_of_the_same_products_in_opposite_orders_do_not_deadlock(database: Database) -> None:
    made = [catalogue.tee(database, f"tee-{number}") for number in range(2)]

    def write(number: int) -> None:
        with database.transaction() as connection:
            for product_id in made if number % 2 else reversed(made):
                connection.execute("update products set version = version + 1 where id = %s", [product_id])
                connection.execute("update variants set price_cents = %s where product_id = %s", [100, product_id])

    with ThreadPoolExecutor(8) as threads:
        list(threads.map(write, range(40)))  # a deadlock would raise
    versions = [run(database, products.find, product_id) for product_id in made]
    assert [product.version for product in versions if product] == [41, 41]


def test_a_write_that_is_rolled_back_leaves_the_version_alone(database: Database) -> None:
    catalogue.tee(database)
    before = run(database, products.catalogue_version)

    def fail(connection: Connection) -> None:
        connection.execute("update products set title = 'New'")
        raise RuntimeError

    with pytest.raises(RuntimeError):
        run(database, fail)
    assert run(database, products.catalogue_version) == before
