"""Migration 0036 tells the words of an admin's hold from the shop's own reasons, also where they are spelled alike."""

from contextlib import suppress

from shared.db import migrate, order_items, production
from shared.db.pool import Connection, Database
from tests.services.api.orders import rows

MIGRATION = (migrate.FOLDER / "0036_kinds_of_holds.sql").read_bytes()
HELD: list[tuple[str, dict[str, object], tuple[str, str | None]]] = [
    ("dispute", {"dispute": "open"}, ("dispute", None)),
    ("dispute", {"dispute": "lost"}, ("dispute", None)),
    ("dispute", {}, ("admin", "dispute")),
    ("review", {"review": "amount"}, ("review", None)),
    ("review", {}, ("admin", "review")),
    ("artwork", {"rejected": True}, ("artwork", None)),
    ("artwork", {}, ("admin", "artwork")),
    ("Ask first", {}, ("admin", "Ask first")),
]


class UndoneError(Exception):
    """Undoes a transaction, so that no other test sees its tables changed."""


def _held(connection: Connection, held_for: str, *, rejected: object = False, **facts: object) -> str:
    """An order held as before the migration."""
    order = rows.order(connection)
    if rejected:
        (item, *_) = order_items.of_order(connection, order.id)
        production.reject(connection, [item.prints[0].id], "too small")
    rows.paid(connection, order, production="held", held_from="queued", held_for="artwork", **facts)
    connection.execute("alter table orders drop constraint if exists orders_held_for_check")
    connection.execute("update orders set held_for = %s where id = %s", [held_for, order.id])
    return str(order.id)


def test_the_words_of_an_admin_s_hold_become_its_reason(database: Database) -> None:
    with suppress(UndoneError), database.transaction() as connection:
        made = [_held(connection, held_for, **facts) for held_for, facts, _ in HELD]
        connection.execute("alter table orders drop column held_reason")
        connection.execute("alter table webhook_events add column body jsonb")
        connection.execute(MIGRATION)
        found = {
            str(row["id"]): (row["held_for"], row["held_reason"])
            for row in connection.execute("select id, held_for, held_reason from orders")
        }
        assert [found[order_id] for order_id in made] == [wanted for *_, wanted in HELD]
        raise UndoneError
