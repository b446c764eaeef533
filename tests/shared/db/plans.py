"""How Postgres runs the statements of a function of `shared.db`."""

import json
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any

from shared.db.pool import Connection, Database


@dataclass(frozen=True, slots=True)
class Plan:
    """The indexes that are read, and the tables that are read whole."""

    indexes: frozenset[str]
    whole: frozenset[str]


class _Recorder:
    """A connection that remembers its statements."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection
        self.statements: list[tuple[Any, Any]] = []

    def execute(self, query: Any, parameters: Any = None) -> Any:
        self.statements.append((query, parameters))
        return self._connection.execute(query, parameters)


def of(database: Database, work: Callable[[Any], object]) -> Plan:
    """The plans of all statements that `work` runs, taken together."""
    with database.transaction() as connection:
        recorder = _Recorder(connection)
        work(recorder)
        nodes = [
            node
            for query, parameters in recorder.statements
            for node in _nodes(_explained(connection, query, parameters))
        ]
    return Plan(
        frozenset(node["Index Name"] for node in nodes if "Index Name" in node),
        frozenset(node["Relation Name"] for node in nodes if node["Node Type"] == "Seq Scan"),
    )


def _explained(connection: Connection, query: Any, parameters: Any) -> dict[str, Any]:
    row = connection.execute(f"explain (format json) {query}".encode(), parameters).fetchone()
    assert row is not None
    found = row["QUERY PLAN"]
    plan: dict[str, Any] = (found if isinstance(found, list) else json.loads(found))[0]["Plan"]
    return plan


def _nodes(plan: dict[str, Any]) -> Iterator[dict[str, Any]]:
    yield plan
    for child in plan.get("Plans", []):
        yield from _nodes(child)
