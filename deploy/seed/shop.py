"""The sample shop: its products as rows, added where they are missing, and products and orders for load tests."""

import zlib
from collections.abc import Iterable

from deploy.seed.samples import SAMPLES, Sample
from shared.db import catalogue_load, ids, orders_load, product_writes
from shared.db.pool import Database
from shared.db.product_writes import ProductWrite, VariantWrite
from shared.models.garment import GARMENTS
from shared.models.print_check import PrintMethod
from shared.models.product import PrintArea, ProductStatus

ACTOR = "sample shop"
ORDERS_A_PRODUCT, VARIANTS_EACH = 20, 12  # 200,000 orders come with 10,000 products, 120,000 variants
_MOST, _SOLD_OUT = 60, 11  # stock below the first; none of one variant in the second


def fill(database: Database) -> int:
    """Add the samples that are missing; returns how many. What is there stays as it is."""
    with database.transaction() as connection:
        product_writes.lock(connection)
        known = product_writes.known_products(connection, [sample.slug for sample in SAMPLES])
        missing = [_rows(sample) for sample in reversed(SAMPLES) if sample.slug not in known]  # the newest is first
        if missing:
            product_writes.write(connection, missing, ACTOR)
    return len(missing)


def fill_if_empty(database: Database) -> int:
    """As `fill`, in a database without any product, so that a shop's own are left alone."""
    with database.transaction() as connection:
        if catalogue_load.any_product(connection):
            return 0
    return fill(database)


def load(database: Database, orders: int) -> tuple[int, int]:
    """Add so many orders, and as many products as a shop with them has; returns how many products, and orders."""
    products = max(1, orders // ORDERS_A_PRODUCT)
    with database.transaction() as connection:
        added = catalogue_load.add(connection, products, VARIANTS_EACH, ACTOR)
        catalogue_load.analyze(connection)
        placed = orders_load.add(connection, orders)
        orders_load.analyze(connection)
    return added, placed


def _rows(sample: Sample) -> ProductWrite:
    shown, colours = sample.shown, sample.colours or sample.shown.colours
    pictures = [
        {"url": f"/garments/{shown.name}/{colour}.webp", "alt": f"{sample.title}, {name.lower()}"}
        for name, colour in shown.colours
    ]
    columns = {
        "slug": sample.slug,
        "title": sample.title,
        "description": sample.description,
        "tags": sample.tags,
        "category": sample.category,
        "status": ProductStatus.ACTIVE,
        "pictures": pictures,
        "size_chart": [{"size": size, "mm": measures} for size, measures in sample.chart.items()],
    }
    variants = [_variant(sample, colour, size) for colour in colours for size in sample.sizes]
    areas = [_area(placement, garment, sample.methods) for placement, garment in sample.areas.items()]
    return ProductWrite(ids.new(), True, columns, areas, variants)


def _variant(sample: Sample, colour: tuple[str, str], size: str) -> VariantWrite:
    name, digits = colour
    sku = f"{sample.code}-{name}-{size}".upper().replace(" ", "")
    number = zlib.crc32(sku.encode())
    columns = {
        "sku": sku,
        "colour": name,
        "colour_hex": digits,
        "size": size,
        "price_cents": sample.price_cents + sample.dearer.get(size, 0),
        "weight_g": sample.weight_g,
    }
    return VariantWrite(ids.new(), True, columns, number % _MOST if number % _SOLD_OUT else 0)


def _area(placement: str, garment: str, methods: Iterable[PrintMethod]) -> PrintArea:
    width, height = GARMENTS[garment].area_mm
    return PrintArea(placement, round(width * 1000), round(height * 1000), tuple(methods), garment)
