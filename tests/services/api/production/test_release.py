"""Orders go into production once they are paid, and stop there for a reason and as long as it lasts."""

import pytest

from services.api.production import release
from shared.db import order_events, order_items, production
from shared.db.pool import Connection, Database
from shared.models.order import Hold, Order, ProductionStatus
from tests.services.api.orders import rows

S = ProductionStatus


def waiting(connection: Connection, **facts: object) -> Order:
    """Paid a moment ago."""
    return rows.paid(connection, rows.order(connection), production="waiting", **facts)


def released(connection: Connection, order: Order) -> Order:
    release.release(connection, order, order_items.of_order(connection, order.id))
    return rows.found(connection, order.id)


def history(connection: Connection, order: Order) -> list[str]:
    return [event.what for event in order_events.of_order(connection, order.id)][1:]


def test_a_paid_order_is_queued_once_with_its_files(database: Database) -> None:
    with database.transaction() as connection:
        order = waiting(connection)
        once = released(connection, order)
        assert (once.production_status, once.version) == (S.QUEUED, order.version + 1)
        assert released(connection, once) == once
        assert history(connection, order) == ["queued"]
        items = order_items.of_order(connection, order.id)
    assert all(one.print_job_id for item in items for one in item.prints)


def test_what_is_not_paid_in_full_waits(database: Database) -> None:
    with database.transaction() as connection:
        unpaid = rows.order(connection)
        assert released(connection, unpaid) == unpaid
        review = waiting(connection, review="paid twice")
        assert released(connection, review) == review


def test_an_order_held_before_it_was_paid_is_queued_when_it_is_resumed(database: Database) -> None:
    with database.transaction() as connection:
        held = release.hold(connection, rows.order(connection), Hold.DISPUTE)
        assert (held.production_status, held.held_from, held.held_for) == (S.HELD, S.WAITING, "dispute")
        order = released(connection, rows.paid(connection, held, production="held"))
        assert (order.production_status, order.held_from, order.hold_until) == (S.HELD, S.QUEUED, None)
        assert release.resume(connection, order, Hold.DISPUTE).production_status is S.QUEUED
        assert history(connection, order) == ["held", "queued", "resumed"]


def test_a_review_that_ends_releases_the_order(database: Database) -> None:
    with database.transaction() as connection:
        order = release.hold(connection, waiting(connection, review="paid twice"), Hold.REVIEW)
        order = rows.change(connection, order.id, review=None)
        assert release.resume(connection, order, Hold.REVIEW).production_status is S.QUEUED


@pytest.mark.parametrize("status", [S.QUEUED, S.PRINTING, S.PRINTED, S.PACKED])
def test_a_held_order_goes_on_where_it_stopped(database: Database, status: ProductionStatus) -> None:
    with database.transaction() as connection:
        order = rows.paid(connection, rows.order(connection), production=status)
        held = release.hold(connection, order, Hold.ADMIN, "anne", "The printer is broken")
        assert (held.production_status, held.held_from, held.version) == (S.HELD, status, order.version + 1)
        assert release.resume(connection, held, Hold.DISPUTE) == held
        resumed = release.resume(connection, held, Hold.ADMIN, "anne")
        assert (resumed.production_status, resumed.held_from, resumed.held_for) == (status, None, None)
        assert resumed.held_reason is None


@pytest.mark.parametrize("status", [S.SHIPPED, S.DELIVERED])
def test_what_has_left_is_not_held(database: Database, status: ProductionStatus) -> None:
    with database.transaction() as connection:
        order = rows.paid(connection, rows.order(connection), production=status)
        assert release.hold(connection, order, Hold.DISPUTE) == order


def test_the_next_reason_holds_an_order_that_the_first_holds_no_more(database: Database) -> None:
    with database.transaction() as connection:
        order = rows.paid(connection, rows.order(connection))
        items = order_items.of_order(connection, order.id)
        production.reject(connection, [items[0].prints[0].id], "too small")
        held = release.hold(connection, order, Hold.DISPUTE)
        still = release.resume(connection, held, Hold.DISPUTE)
        assert (still.production_status, still.held_for, still.held_from) == (S.HELD, "artwork", S.QUEUED)
        disputed = rows.change(connection, order.id, dispute="open")
        assert release.resume(connection, disputed, Hold.ARTWORK).held_for == "dispute"
