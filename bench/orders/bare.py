"""The statements of an order's transaction alone: recorded from the api's own functions, then replayed by psycopg."""

import time
from collections.abc import Iterable, Sequence
from concurrent.futures import ThreadPoolExecutor
from typing import Any, cast
from uuid import UUID

from services.api.orders import placing
from services.api.orders.schemas import OrderOut
from shared.db import idempotency, ids
from shared.db.pool import Connection, Database
from shared.models.customer import Customer
from tests.services.api.orders import rows

Statements = Sequence[tuple[Any, Any, bool]]  # query, parameters, whether for many rows


class _Undone(Exception):
    """Rolls a recording back."""


class _Recorder:
    """A connection, or a cursor of it, that remembers its statements."""

    def __init__(self, within: Any, statements: list[tuple[Any, Any, bool]]) -> None:
        self._within, self._statements = within, statements

    def __getattr__(self, name: str) -> Any:
        return getattr(self._within, name)

    def __enter__(self) -> "_Recorder":
        return self

    def __exit__(self, *_: object) -> None:
        self._within.close()

    def cursor(self) -> "_Recorder":
        return _Recorder(self._within.cursor(), self._statements)

    def execute(self, query: Any, parameters: Any = None) -> Any:
        self._statements.append((query, parameters, False))
        return self._within.execute(query, parameters)

    def executemany(self, query: Any, parameters: Iterable[Any]) -> None:
        rows_of = list(parameters)
        self._statements.append((query, rows_of, True))
        self._within.executemany(query, rows_of)


def record(database: Database, customer: Customer, quote_id: UUID) -> Statements:
    """Of placing an order, and recording the response under a key that is claimed here."""
    claim = idempotency.Claim(ids.new(), customer.owner, f"bare-{quote_id.hex}")
    with database.transaction() as connection:
        idempotency.claim(connection, claim, "bare", 3600)
    statements: list[tuple[Any, Any, bool]] = []
    try:
        with database.transaction() as connection:
            recorder = cast("Connection", _Recorder(connection, statements))
            placed = placing.place(recorder, customer, quote_id, rows.SHIP_TO, test=True)
            body = OrderOut.of(placed).model_dump_json(by_alias=True)
            idempotency.record(recorder, claim, idempotency.StoredResponse(201, None, body))
            raise _Undone
    except _Undone:
        return statements


def replay(database: Database, threads: int, orders: Sequence[Statements]) -> float:
    """Orders a second, each in a transaction of its own."""
    began = time.perf_counter()
    with ThreadPoolExecutor(threads) as pool:
        list(pool.map(lambda statements: _replay(database, statements), orders))
    return len(orders) / (time.perf_counter() - began)


def _replay(database: Database, statements: Statements) -> None:
    with database.transaction() as connection:
        for query, parameters, many in statements:
            if many:
                with connection.cursor() as cursor:
                    cursor.executemany(query, parameters)
            else:
                connection.execute(query, parameters).rownumber  # noqa: B018 - fetched with the result
