"""The statements of an order's transaction alone: recorded from the api's own functions, then replayed by psycopg."""

import time
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from typing import Any, cast
from uuid import UUID

from services.api.orders import placing
from services.api.orders.schemas import OrderOut
from shared.db import idempotency, ids
from shared.db.pool import Connection, Database
from shared.models.customer import Customer
from tests.services.api.orders import rows

Statements = Sequence[tuple[Any, Any]]  # query, parameters


class _Undone(Exception):
    """Rolls a recording back."""


class _Recorder:
    """A connection that remembers its statements."""

    def __init__(self, connection: Connection, statements: list[tuple[Any, Any]]) -> None:
        self._connection, self._statements = connection, statements

    def execute(self, query: Any, parameters: Any = None) -> Any:
        self._statements.append((query, parameters))
        return self._connection.execute(query, parameters)


def record(database: Database, customer: Customer, quote_id: UUID) -> Statements:
    """Of placing an order, and recording the response under a key that is claimed here."""
    claim = idempotency.Claim(ids.new(), customer.owner, f"bare-{quote_id.hex}")
    idempotency.claim(database, claim, "bare", 3600)
    statements: list[tuple[Any, Any]] = []
    try:
        with database.transaction() as connection:
            recorded = cast("Connection", _Recorder(connection, statements))
            placed = placing.place(recorded, customer, quote_id, rows.SHIP_TO, test=True)
            body = OrderOut.of(placed).model_dump_json(by_alias=True)
            idempotency.record(recorded, claim, idempotency.StoredResponse(201, None, body))
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
        for query, parameters in statements:
            connection.execute(query, parameters).rownumber  # noqa: B018 - fetched with the result
