"""The statements of the catalogue at the scale of a large shop: how long they take, and by which indexes."""

import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from shared.db import catalogue_load, facets, products, variants
from shared.db.pagination import Cursor
from shared.db.pool import Database
from shared.db.products import Filter
from tests.shared.db import plans

PRODUCTS, VARIANTS_EACH = 10_000, 12
RUNS = 200
COUNTS, BY_ID, JOIN, LIST, SEARCH, CACHED = 5, 10, 50, 100, 200, 1000  # ms that 95 of 100 may take


@dataclass(frozen=True, slots=True)
class Query:
    """`run` gets a connection and the number of the run, so that no two look the same up."""

    run: Callable[[Any, int], object]
    bound_ms: float


@dataclass(frozen=True, slots=True)
class Row:
    name: str
    p50_ms: float
    p95_ms: float
    bound_ms: float
    plan: plans.Plan


def load(database: Database) -> float:
    """Fill an empty database; returns the seconds it took."""
    began = time.perf_counter()
    with database.transaction() as connection:
        catalogue_load.add(connection, PRODUCTS, VARIANTS_EACH, "bench")
        connection.execute("update variants set colour = 'Rare' where sku in ('LOAD-8-0', 'LOAD-9-0')")
    with database.transaction() as connection:
        catalogue_load.analyze(connection)
    return time.perf_counter() - began


def queries(database: Database) -> Mapping[str, Query]:
    with database.transaction() as connection:
        known = connection.execute(
            "select id, slug, created_at from products where status = 'active' order by created_at desc, id desc"
        ).fetchall()
        skus = [row["sku"] for row in connection.execute("select sku from variants order by id limit 5000").fetchall()]
    deep = [Cursor(row["created_at"], row["id"]) for row in known[len(known) // 2 :]]

    def listed(wanted: Filter, after: bool = False) -> Callable[[Any, int], object]:
        return lambda connection, run: products.page(connection, wanted, 20, deep[run] if after else None)

    def shown(connection: Any, run: int) -> None:
        found = products.by_slug(connection, known[run * 17 % len(known)]["slug"])
        assert found is not None
        products.print_areas(connection, found.id)
        variants.of_product(connection, found.id)

    return {
        "product by id": Query(
            lambda connection, run: products.find(connection, known[run * 31 % len(known)]["id"]), BY_ID
        ),
        "product by slug, variants and print areas": Query(shown, JOIN),
        "stock by slug": Query(
            lambda connection, run: variants.stock(connection, known[run * 13 % len(known)]["slug"]), BY_ID
        ),
        "5 variants by SKU": Query(
            lambda connection, run: variants.by_sku(connection, skus[run * 5 : run * 5 + 5]), JOIN
        ),
        "newest": Query(listed(Filter()), LIST),
        "newest, from the middle": Query(listed(Filter(), after=True), LIST),
        "of a category": Query(listed(Filter(category="hoodies")), LIST),
        "of a category, from the middle": Query(listed(Filter(category="hoodies"), after=True), LIST),
        "of a colour": Query(listed(Filter(colour="Navy")), LIST),
        "of a colour and a size": Query(listed(Filter(colour="Navy", size="Size 2")), LIST),
        "of a colour that hardly any has": Query(listed(Filter(colour="Rare")), LIST),
        "of a colour that none has": Query(listed(Filter(colour="None")), LIST),
        "of a size": Query(listed(Filter(size="Size 2")), LIST),
        "of a size that none has": Query(listed(Filter(size="None")), LIST),
        "search, common words": Query(listed(Filter(text="organic hoodie")), SEARCH),
        "search, common words, from the middle": Query(listed(Filter(text="organic"), after=True), SEARCH),
        "search, one product": Query(
            lambda connection, run: products.page(connection, Filter(text=f"hoodie {run * 48 + 9}"), 20, None), SEARCH
        ),
        "search, nothing found": Query(listed(Filter(text="xylophone")), SEARCH),
        "version": Query(lambda connection, _: products.catalogue_version(connection), BY_ID),
        "facets, once a version": Query(lambda connection, _: facets.count(connection), CACHED),
        "words, once a version": Query(lambda connection, _: facets.words(connection), CACHED),
    }


def measure(database: Database, wanted: Mapping[str, Query]) -> bool:
    """Print how long each statement takes, and its plan; returns whether all keep their bounds."""
    print(f"{'ms of a statement in its transaction':44} {'p50':>6} {'p95':>6} {'bound':>6}  indexes; tables read whole")
    rows = [_row(database, name, query) for name, query in wanted.items()]
    for row in rows:
        plan = ", ".join(sorted(row.plan.indexes)) + "".join(f"; {table}" for table in sorted(row.plan.whole))
        print(f"  {row.name:42} {row.p50_ms:6.1f} {row.p95_ms:6.1f} {row.bound_ms:6.0f}  {plan}")
    return all(row.p95_ms < row.bound_ms for row in rows)


def _row(database: Database, name: str, query: Query) -> Row:
    runs = RUNS if query.bound_ms < CACHED else 10
    times = sorted(_ms(database, query, number) for number in range(runs))
    plan = plans.of(database, lambda connection: query.run(connection, 0))
    return Row(name, times[runs // 2], times[int(runs * 0.95)], query.bound_ms, plan)


def _ms(database: Database, query: Query, number: int) -> float:
    began = time.perf_counter()
    with database.transaction() as connection:
        query.run(connection, number)
    return (time.perf_counter() - began) * 1000
