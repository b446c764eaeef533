"""Products for tests, written by statements of their own."""

import json
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from uuid import UUID

from shared.db import ids
from shared.db.pool import Connection, Database

SIZES = ("S", "M", "L")
PRODUCT: Mapping[str, object] = {
    "slug": "heavy-tee",
    "title": "Heavyweight tee",
    "description": "Thick cotton for every day.",
    "category": "t-shirts",
    "tags": "organic unisex",
    "pictures": json.dumps([{"url": "/garments/tshirt-front/1c1c1f.webp", "alt": "A black T-shirt"}]),
    "size_chart": json.dumps([{"size": "S", "mm": {"Chest width": 460, "Length": 710.5}}]),
    "status": "active",
    "from_cents": 1900,
}
VARIANT: Mapping[str, object] = {
    "colour": "Black",
    "colour_hex": "1c1c1f",
    "size": "M",
    "price_cents": 1900,
    "weight_g": 180,
    "stock": 7,
}
AREA: Mapping[str, object] = {
    "placement": "front",
    "width_um": 305_000,
    "height_um": 406_000,
    "methods": ["dtg", "dtf"],
    "garment": "tshirt-front",
}


def insert(connection: Connection, table: str, row: Mapping[str, object]) -> None:
    columns, places = ", ".join(row), ", ".join(f"%({name})s" for name in row)
    connection.execute(f"insert into {table} ({columns}) values ({places})".encode(), row)


def product(connection: Connection, /, **changes: object) -> UUID:
    """A product without variants."""
    row = {"id": ids.new(), "created_at": datetime.now(UTC), **PRODUCT, **changes}
    insert(connection, "products", row)
    assert isinstance(row["id"], UUID)
    return row["id"]


def variant(connection: Connection, product_id: UUID, sku: str = "heavy-tee-M", /, **changes: object) -> UUID:
    row = {"id": ids.new(), "product_id": product_id, **VARIANT, "sku": sku, **changes}
    insert(connection, "variants", row)
    assert isinstance(row["id"], UUID)
    return row["id"]


def area(connection: Connection, product_id: UUID, /, **changes: object) -> None:
    insert(connection, "print_areas", {"product_id": product_id, **AREA, **changes})


def tee(database: Database, slug: str = "heavy-tee", sizes: Sequence[str] = SIZES, **changes: object) -> UUID:
    """An active product that can be printed on its front, with a black variant of each size: SKUs `heavy-tee-S` ..."""
    with database.transaction() as connection:
        made = product(connection, slug=slug, **changes)
        area(connection, made)
        for size in sizes:
            variant(connection, made, f"{slug}-{size}", size=size)
    return made
