"""A product file as changes of products, with every fault by row and column; and what is there as such a file."""

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from services.api.catalogue import columns
from services.api.catalogue.changes import Problem, ProductChange, VariantChange
from services.api.catalogue.columns import Read
from services.api.catalogue.spreadsheet import Fault, Row, read

MOST_ROWS = 20_000
_DATABASE = {"color": "colour", "color_hex": "colour_hex", "price": "price_cents"}
_FILE = {database: name for name, database in _DATABASE.items()}
_OWN = ("version", "print_areas", "stock", "stock_change", "archived")  # no columns of the database's rows


def changes(data: bytes) -> tuple[list[ProductChange], list[Fault]]:
    """What a file asks for, and all faults that it has by itself."""
    rows, faults = read(data, columns.COLUMNS, columns.REQUIRED, MOST_ROWS)
    faults += _repeated_skus(rows)
    by_slug: dict[str, list[tuple[Row, dict[str, Any]]]] = {}
    for row in rows:
        by_slug.setdefault(row.cells.get("slug", ""), []).append((row, _values(row, faults)))
    return [_product(rows, faults) for rows in by_slug.values()], faults


def fault(problem: Problem) -> Fault:
    """A problem with what is there, as one of the file."""
    return Fault(problem.row, _FILE.get(problem.column, problem.column), problem.failure.public)


def _repeated_skus(rows: Iterable[Row]) -> list[Fault]:
    first: dict[str, int] = {}
    again = [row for row in rows if first.setdefault(row.cells.get("sku", ""), row.number) != row.number]
    return [
        Fault(row.number, "sku", f"This SKU is in row {first[row.cells['sku']]} as well.")
        for row in again
        if row.cells.get("sku")
    ]


def _values(row: Row, faults: list[Fault]) -> dict[str, Any]:
    """The values of the cells that are not empty and right."""
    values = {}
    readers: Mapping[str, Read] = {"slug": columns.SLUG, "sku": columns.SKU, **columns.PRODUCT, **columns.VARIANT}
    for name, reader in readers.items():
        cell = row.cells.get(name, "")
        if not cell:
            if name in columns.REQUIRED:
                faults.append(Fault(row.number, name, "Each row needs it."))
            continue
        try:
            values[name] = reader(cell)
        except ValueError as error:
            faults.append(Fault(row.number, name, f"{str(error).removeprefix('Value error, ')}."))
    return values


def _product(rows: Sequence[tuple[Row, dict[str, Any]]], faults: list[Fault]) -> ProductChange:
    product: dict[str, Any] = {}
    stated: dict[str, int] = {}
    for row, values in rows:
        for name in columns.PRODUCT.keys() & values.keys():
            if product.setdefault(name, values[name]) != values[name]:
                faults.append(Fault(row.number, name, f"Row {stated[name]} says something else of this product."))
            stated.setdefault(name, row.number)
    first, values = rows[0]
    own = {name: value for name, value in product.items() if name not in _OWN}
    return ProductChange(
        columns={**own, "slug": values.get("slug", "")},
        areas=product.get("print_areas"),
        variants=[_variant(row, values) for row, values in rows],
        version=product.get("version"),
        row=first.number,
    )


def _variant(row: Row, values: Mapping[str, Any]) -> VariantChange:
    own = columns.VARIANT.keys() & values.keys() - set(_OWN)
    return VariantChange(
        sku=values.get("sku", ""),
        columns={_DATABASE.get(name, name): values[name] for name in own},
        stock=values.get("stock", 0),
        stock_change=values.get("stock_change", 0),
        archived=values.get("archived"),
        row=row.number,
    )
