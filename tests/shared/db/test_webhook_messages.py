"""The outbox of webhooks: who gets a message, which is claimed first, what is overdue, and when messages go."""

from uuid import UUID

import pytest

from shared.db import webhook_endpoints, webhook_messages
from shared.db.pool import Connection, Database
from shared.models.owner import Owner, OwnerType
from shared.models.webhook import Endpoint, EventType
from tests.shared.db.rows import run

ANN, SHOP = Owner(OwnerType.CUSTOMER, "ann"), Owner(OwnerType.KEY, "shop")
HOOK = "https://shop.example/hooks"


def _endpoint(connection: Connection, owner: Owner, *events: EventType) -> Endpoint:
    made = webhook_endpoints.add(connection, owner, HOOK, list(events))
    assert made is not None
    return made


def _add(connection: Connection, endpoint: Endpoint, count: int) -> None:
    for _ in range(count):
        webhook_messages.add(connection, endpoint.id, EventType.TEST, {})


def _claimed(database: Database, most: int) -> list[UUID]:
    return [message.endpoint_id for message in run(database, webhook_messages.claim, most, 60)]


def test_an_event_is_written_once_for_each_endpoint_that_wants_it(database: Database) -> None:
    with database.transaction() as connection:
        mine = _endpoint(connection, ANN, EventType.JOB_DONE)
        _endpoint(connection, ANN, EventType.JOB_FAILED)
        shop = _endpoint(connection, SHOP, EventType.JOB_DONE, EventType.ORDER_PAID)
        webhook_messages.announce(connection, EventType.JOB_DONE, {}, ANN)
        for _ in range(2):
            webhook_messages.announce(connection, EventType.ORDER_PAID, {}, once="paid:1")
        rows = connection.execute("select endpoint_id, type from webhook_messages order by id").fetchall()
    assert [(row["endpoint_id"], row["type"]) for row in rows] == [(mine.id, "job.done"), (shop.id, "order.paid")]


def test_endpoints_take_turns_and_one_that_fails_gets_one_at_a_time(database: Database) -> None:
    with database.transaction() as connection:
        busy, quiet, failing = (_endpoint(connection, SHOP, EventType.JOB_DONE) for _ in range(3))
        _add(connection, busy, 9)
        _add(connection, failing, 9)
        _add(connection, quiet, 1)
        webhook_endpoints.failed(connection, failing.id, 1000, gone=False)
    assert {*_claimed(database, 3)} == {busy.id, quiet.id, failing.id}
    assert _claimed(database, 16) == [busy.id] * (webhook_messages.AT_ONCE_EACH - 1)
    assert _claimed(database, 16) == []


def test_two_workers_never_claim_at_once(database: Database) -> None:
    with database.transaction() as connection:
        _add(connection, _endpoint(connection, SHOP, EventType.JOB_DONE), 8)
    with database.transaction() as one:
        assert len(webhook_messages.claim(one, 16, 60)) == webhook_messages.AT_ONCE_EACH
        assert _claimed(database, 16) == []


def test_what_waits_for_working_receivers_is_overdue(database: Database) -> None:
    assert run(database, webhook_messages.overdue_s) == 0
    with database.transaction() as connection:
        works, fails = (_endpoint(connection, SHOP, EventType.JOB_DONE) for _ in range(2))
        _add(connection, works, 1)
        _add(connection, fails, 1)
        webhook_endpoints.failed(connection, fails.id, 1000, gone=False)
        connection.execute("update webhook_messages set run_after = now() - interval '1 hour'")
        connection.execute(
            "update webhook_messages set run_after = now() - interval '1 day' where endpoint_id = %s", [fails.id]
        )
    assert run(database, webhook_messages.overdue_s) == pytest.approx(3600, abs=60)


def test_messages_go_after_their_time_a_bounded_number_at_once(database: Database) -> None:
    with database.transaction() as connection:
        _add(connection, _endpoint(connection, SHOP, EventType.JOB_DONE), 3)
        connection.execute("update webhook_messages set created_at = now() - interval '31 days'")
        _add(connection, _endpoint(connection, SHOP, EventType.JOB_DONE), 1)
    assert [run(database, webhook_messages.prune, 30 * 86_400, 2) for _ in range(3)] == [2, 1, 0]


def test_deleting_an_endpoint_neither_waits_for_its_events_nor_fails_them(database: Database) -> None:
    with database.transaction() as connection:
        endpoint = _endpoint(connection, ANN, EventType.JOB_DONE)
    with database.transaction() as ending:
        webhook_messages.announce(ending, EventType.JOB_DONE, {}, ANN)
        assert run(database, webhook_endpoints.remove, ANN, endpoint.id)
    assert _claimed(database, 16) == []
