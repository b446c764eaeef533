"""No statement about refunds, disputes and the reconciler's work reads a whole table, however many there are."""

from collections.abc import Callable, Iterator, Mapping
from datetime import UTC, datetime
from typing import Any
from uuid import UUID

import pytest

from shared.db import catalogue_load, disputes, orders_load, payments, reconciliation, refunds, webhook_events
from shared.db.pagination import Cursor
from shared.db.pool import Database
from shared.models.payment import WebhookEvent
from tests.databases import Databases
from tests.shared.db import plans

ORDERS = 20_000
KEY = UUID(int=0)
NOW = Cursor(datetime.now(UTC), KEY)
EVENTS = [WebhookEvent(f"evt_{number}", "refund.created", "re_1", datetime.now(UTC)) for number in range(100)]
_LOAD = """
insert into refunds (
    id, payment_id, order_id, idempotency_key, stripe_id, amount_cents, lines, status, actor, refunded_at, checked_at
)
select gen_random_uuid(), id, order_id, 'ref_' || id, 're_' || id, 1, '[]', 'succeeded', 'ann', now(), now()
from payments
where status = 'succeeded';
update refunds set status = 'pending' where id in (select id from refunds limit 20);
insert into disputes (stripe_id, order_id, payment_id, status, amount_cents, opened_at, created_at)
select 'du_' || id, order_id, id, 'lost', 1, now(), now() - random() * interval '300 days'
from payments
where status = 'succeeded'
limit 5000;
update disputes set status = 'needs_response' where stripe_id in (select stripe_id from disputes limit 5);
insert into webhook_events (id, type, object_id, happened_at, handled_at)
select 'evt_load_' || id, 'refund.created', 're_' || id, now(), now() from payments;
analyze refunds, disputes, webhook_events, payments, orders;
"""


@pytest.fixture(scope="module")
def shop(databases: Databases) -> Iterator[Database]:
    """A database with many refunds and disputes, of which few are open."""
    database = Database(databases.lasting(), statement_s=60)
    database.open()
    with database.transaction() as connection:
        catalogue_load.add(connection, 500, 6, "test")
        orders_load.add(connection, ORDERS)
        connection.execute(_LOAD.encode())
    yield database
    database.close()


STATEMENTS: Mapping[str, tuple[Callable[[Any], object], set[str]]] = {
    "by id": (lambda connection: refunds.find(connection, KEY), {"refunds_pkey"}),
    "by Stripe's id": (lambda connection: refunds.by_stripe_id(connection, "re_1"), {"refunds_stripe_id_key"}),
    "of an order": (lambda connection: refunds.of_order(connection, KEY), {"refunds_order"}),
    "left": (lambda connection: refunds.left_of_payments(connection, KEY), {"payments_order", "refunds_payment"}),
    "summed up": (lambda connection: refunds.sum_up(connection, KEY), {"refunds_order", "orders_pkey"}),
    "received": (lambda connection: payments.received(connection, KEY), {"payments_order"}),
    "disputes of an order": (lambda connection: disputes.of_order(connection, KEY), {"disputes_order"}),
    "newest disputes": (lambda connection: disputes.page(connection, 20, None), {"disputes_created"}),
    "older disputes": (lambda connection: disputes.page(connection, 20, NOW), {"disputes_created"}),
    "a payment to ask about": (reconciliation.claim_payment, {"payments_unsettled", "payments_without_fee"}),
    "a refund to ask about": (reconciliation.claim_refund, {"refunds_unsettled"}),
    "a dispute to ask about": (reconciliation.claim_dispute, {"disputes_open"}),
    "overdue": (reconciliation.overdue_s, {"payments_unsettled", "refunds_unsettled", "orders_hold"}),
    "events missed": (lambda connection: webhook_events.add_missing(connection, EVENTS), set()),
}


@pytest.mark.parametrize("name", STATEMENTS)
def test_a_statement_about_refunds_reads_indexes(shop: Database, name: str) -> None:
    work, indexes = STATEMENTS[name]
    plan = plans.of(shop, work)
    assert plan.whole == set()
    assert indexes <= plan.indexes
