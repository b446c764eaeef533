"""Products as a file for spreadsheet programs: all of them out, and any number of them in, or none."""

from collections.abc import Iterator, Sequence

from flask import Response, request

from services.api.catalogue import columns, file_schemas, importing, spreadsheet
from services.api.catalogue.changes import ProductChange, planned
from services.api.catalogue.spreadsheet import Fault
from services.api.dependencies import Dependencies
from services.api.middleware import auth, request_body
from services.api.route import Csv
from shared import errors, shop_errors
from shared.db import product_writes, whole_products
from shared.db.pool import Connection
from shared.db.product_writes import KnownVariant, ProductWrite

_AT_ONCE = 200  # products read in one transaction
_TYPES = ("text/csv", "application/csv", "application/vnd.ms-excel", "application/octet-stream")


def export(deps: Dependencies, query: file_schemas.ExportQuery) -> Response:
    """Export products.

    Writes every product as CSV, one row a variant, archived ones as well. Spreadsheet programs open it; cells that they
    would run as formulas begin with an apostrophe. The same file can be changed and imported.
    """
    lines = spreadsheet.write(_records(deps), file_schemas.SEPARATORS[query.separator])
    response = Response(spreadsheet.encoded(lines), content_type="text/csv; charset=utf-8")
    response.headers.set("Content-Disposition", "attachment", filename="products.csv")
    return response


def import_products(deps: Dependencies, query: file_schemas.ImportQuery) -> file_schemas.ImportOut:
    """Import products.

    Reads CSV with the columns of the export, in any order; `slug` and `sku` are needed, an empty cell changes nothing.
    A row with a new SKU adds a variant, with `stock` as its first stock; the stock of others changes by `stock_change`
    alone. Pictures stay. `dryRun=true` changes nothing and lists every fault by row and column.
    Otherwise everything is imported or, with a single fault, nothing. Rows that say what is there already change
    nothing. With `version` filled in, a change of a product that was changed since the export is a fault. At most
    20,000 rows and 4 MB.
    """
    if request.mimetype not in _TYPES:
        raise errors.InvalidRequest("Send the file as the body, with `Content-Type: text/csv`.")
    request_body.allow(Csv.max_bytes, "The file is larger than 4 MB; send it in parts.")
    asked, faults = importing.changes(request.stream.read())
    with deps.database.transaction() as connection:
        if not query.dry_run:
            product_writes.lock(connection)
        written, more = _planned(connection, asked)
        faults = _sorted([*faults, *more])
        if not query.dry_run:
            if faults:
                raise shop_errors.FaultyFile(details=file_schemas.faults(faults))
            product_writes.write(connection, written, auth.actor())
    deps.catalogue.forget_version()
    return file_schemas.ImportOut.of(written, faults, dry_run=query.dry_run)


def _records(deps: Dependencies) -> Iterator[Sequence[object]]:
    yield columns.COLUMNS
    slug = ""
    while True:
        with deps.database.transaction() as connection:
            found = whole_products.following(connection, slug, _AT_ONCE)
        for whole in found:
            for number, variant in enumerate(whole.variants):
                yield columns.cells(whole.product, whole.areas, variant, first=number == 0)
        if len(found) < _AT_ONCE:
            return
        slug = found[-1].product.slug


def _planned(connection: Connection, asked: Sequence[ProductChange]) -> tuple[list[ProductWrite], list[Fault]]:
    known = product_writes.known_products(connection, [change.slug for change in asked])
    skus = [variant.sku for change in asked for variant in change.variants]
    by_product: dict[object, list[KnownVariant]] = {}
    by_sku: dict[str, KnownVariant] = {}
    for variant in product_writes.known_variants(connection, [product.id for product in known.values()], skus):
        by_product.setdefault(variant.product_id, []).append(variant)
        by_sku[variant.sku] = variant
    written, faults = [], []
    for change in asked:
        product = known.get(change.slug)
        own = by_product.get(product.id, []) if product else []
        others = [by_sku[wanted.sku] for wanted in change.variants if wanted.sku in by_sku]
        rows, problems = planned(change, product, {variant.sku: variant for variant in (*own, *others)}.values())
        if rows.changes:
            written.append(rows)
        else:  # it does not matter what it was exported from
            problems = [problem for problem in problems if problem.column != "version"]
        faults += [importing.fault(problem) for problem in problems]
    return written, faults


def _sorted(faults: Sequence[Fault]) -> list[Fault]:
    """In the order of rows; of two about one cell, such as a wrong value that is then missing, the first."""
    first: dict[tuple[int, str | None], Fault] = {}
    for fault in faults:
        first.setdefault((fault.row, fault.column), fault)
    return sorted(first.values(), key=lambda fault: fault.row)
