"""What the reconciler does: each function claims a row and asks Stripe about it, or says that there is none."""

from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from itertools import islice

from services.api.books import checking
from services.api.dependencies import Dependencies
from services.api.orders import cancelling
from services.api.payments import events, withdrawal
from services.api.refunds import readers, sending
from shared import log, metrics
from shared.db import reconciliation, webhook_events

_LIST = "events"
_LIST_EVERY, _FIRST = timedelta(minutes=10), timedelta(days=1)
_DELIVERY = timedelta(minutes=2)  # an event that is younger, or an answer, may still be on its way
_MOST_EVENTS = 20_000  # of one list: more than Stripe keeps for a busy shop
_log = log.get("reconciler")
Task = Callable[[Dependencies], bool]


def payment(deps: Dependencies) -> bool:
    """A payment that is open, or whose fee is not known yet."""
    if deps.stripe is None:
        return False
    with deps.database.transaction() as connection:
        before = reconciliation.claim_payment(connection)
    if before is None:
        return False
    after = withdrawal.reconcile(deps, deps.stripe, before)
    if after.status is not before.status:
        _found("payment", str(before.id))
    return True


def refund(deps: Dependencies) -> bool:
    """A refund that is open: asked for with its stored key, or how it stands."""
    if deps.stripe is None:
        return False
    with deps.database.transaction() as connection:
        before = reconciliation.claim_refund(connection)
    if before is None:
        return False
    after = sending.settle(deps, before)
    if after.status is not before.status and datetime.now(UTC) - before.created_at > _DELIVERY:
        _found("refund", str(before.id))
    return True


def event(deps: Dependencies) -> bool:
    """An event that is not applied yet."""
    return deps.stripe is not None and events.retry(deps, deps.stripe, 1) > 0


def dispute(deps: Dependencies) -> bool:
    """A dispute that is open, and was last read a day ago."""
    if deps.stripe is None:
        return False
    with deps.database.transaction() as connection:
        dispute_id = reconciliation.claim_dispute(connection)
    change = dispute_id and readers.dispute(deps, deps.stripe, dispute_id)
    if change:
        with deps.database.transaction() as connection:
            change(connection)
    return dispute_id is not None


def hold(deps: Dependencies) -> bool:
    """Orders whose reservation has run out before they were paid."""
    expired = cancelling.expire(deps)
    if expired:
        _log.info("holds_expired", orders=expired)
    return False


def missed_events(deps: Dependencies) -> bool:
    """What happened at Stripe since the last list, and was not told: it is stored, and applied as other events are."""
    if deps.stripe is None:
        return False
    with deps.database.transaction() as connection:
        since = reconciliation.begin(connection, _LIST, _LIST_EVERY, _FIRST)
    if since is None:
        return False
    until = datetime.now(UTC) - _DELIVERY
    listed = islice(deps.stripe.events(since - _DELIVERY), _MOST_EVENTS)
    wanted = [one for one in listed if one.type in events.READERS and one.happened_at < until]
    with deps.database.transaction() as connection:
        missed = webhook_events.add_missing(connection, wanted)
        reconciliation.advance(connection, _LIST, until)
    for event_id in missed:
        _found("event", event_id)
    return False


def books(deps: Dependencies) -> bool:
    """Days of the books that are to be compared with Stripe's."""
    checking.run(deps)
    return False


def _found(what: str, name: str) -> None:
    metrics.RECONCILED.labels(what).inc()
    _log.warning("reconciler_found", found=what, name=name)


TASKS: tuple[Task, ...] = (payment, refund, event, hold, missed_events, dispute, books)
