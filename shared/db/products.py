"""Products as visitors and the shop's other parts read them. Triggers renew the catalogue's version with each write."""

from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from shared.db import pagination
from shared.db.pool import Connection
from shared.models.print_check import PrintMethod
from shared.models.product import Measures, Picture, PrintArea, Product, ProductStatus

COLUMNS = (
    "id, slug, title, description, category, tags, pictures, size_chart, status, version, from_cents, created_at, "
    "updated_at"
)
# One look at an index for each row shown: an `exists` is planned as a scan of all variants.
_IN_STOCK = """coalesce((
        select true from variants
        where product_id = products.id and archived_at is null and stock > 0
        limit 1), false)"""
_SUMMARY = f"""select id, slug, title, from_cents, pictures -> 0 as picture, created_at, {_IN_STOCK} as in_stock
    from products
    where status = 'active'"""
_SAME_SIZE = {"xxl": "2xl", "xxxl": "3xl"}  # as shops write it
_QUERY = "websearch_to_tsquery('english', %(text)s)"  # in the words of `products.search`


@dataclass(frozen=True, slots=True)
class Filter:
    """Which products a list shows, in any case; None means any. `text` is what a visitor searches for.

    A category may be named in the singular, and XXL is 2XL.
    """

    category: str | None = None
    colour: str | None = None
    size: str | None = None
    text: str | None = None


@dataclass(frozen=True, slots=True)
class Summary:
    """A product as lists show it."""

    id: UUID
    slug: str
    title: str
    from_cents: int
    picture: Picture | None
    in_stock: bool
    created_at: datetime


def page(
    connection: Connection, wanted: Filter, limit: int, after: pagination.Cursor | None
) -> pagination.Page[Summary]:
    """The active products that are wanted, newest first."""
    category = (wanted.category or "").lower()
    parameters = {
        "category": [category, f"{category}s"],
        "colour": wanted.colour,
        "size": _spellings(wanted.size or ""),
        "text": wanted.text,
    }
    clauses = [_SUMMARY]
    if wanted.category is not None:
        clauses.append("category = any(%(category)s)")
    if wanted.colour is not None or wanted.size is not None:
        clauses.append(_with_variant(wanted))
    if wanted.text is not None and _says_something(connection, wanted.text):
        clauses.append(f"search @@ {_QUERY}")
    return pagination.fetch(connection, " and ".join(clauses), parameters, _summary, limit, after)


def by_slug(connection: Connection, slug: str) -> Product | None:
    """An active product."""
    row = connection.execute(f"select {COLUMNS} from products where slug = %s and status = 'active'", [slug]).fetchone()
    return from_row(row) if row else None


def find(connection: Connection, product_id: UUID) -> Product | None:
    """A product of any status."""
    row = connection.execute(f"select {COLUMNS} from products where id = %s", [product_id]).fetchone()
    return from_row(row) if row else None


def print_areas(connection: Connection, product_id: UUID) -> list[PrintArea]:
    """By placement."""
    rows = connection.execute(
        """select placement, width_um, height_um, methods, garment
        from print_areas
        where product_id = %s
        order by placement""",
        [product_id],
    ).fetchall()
    return [PrintArea(**{**row, "methods": tuple(map(PrintMethod, row["methods"]))}) for row in rows]


def catalogue_version(connection: Connection) -> str:
    """Differs after each transaction that wrote to the catalogue; sales of stock are none."""
    row = connection.execute("select version from catalogue_version").fetchone()
    return str(row["version"]) if row else "empty"


def renew_version(connection: Connection) -> None:
    """For a change of stock that the catalogue is to show at once. Call it before the change, or writers deadlock."""
    connection.execute("select renew_catalogue_version()")


def _with_variant(wanted: Filter) -> str:
    asked = {"lower(colour) = lower(%(colour)s)": wanted.colour, "lower(size) = any(%(size)s)": wanted.size}
    same = " and ".join(clause for clause, value in asked.items() if value is not None)
    return f"exists (select from variants where product_id = products.id and archived_at is null and {same})"


def _spellings(size: str) -> list[str]:
    """Those by which a size is known, in small letters."""
    folded = size.lower()
    return [folded, *(other for pair in _SAME_SIZE.items() if folded in pair for other in pair if other != folded)]


def _says_something(connection: Connection, text: str) -> bool:
    """False for stop words and signs, with which a search would find nothing."""
    row = connection.execute(f"select numnode({_QUERY}) > 0 as said", {"text": text}).fetchone()
    return bool(row and row["said"])


def _summary(row: dict[str, Any]) -> Summary:
    return Summary(**{**row, "picture": Picture(**row["picture"]) if row["picture"] else None})


def from_row(row: dict[str, Any]) -> Product:
    """A product from a row with COLUMNS."""
    read = {
        "pictures": tuple(Picture(**picture) for picture in row["pictures"]),
        "size_chart": tuple(Measures(**measures) for measures in row["size_chart"]),
        "status": ProductStatus(row["status"]),
    }
    return Product(**{**row, **read})
