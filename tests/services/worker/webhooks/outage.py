"""An hour in which a receiver is down, and what comes after it."""

import time
from collections.abc import Callable

from services.worker.webhooks.delivery import Delivery
from shared.models.webhook import Endpoint
from tests.services.worker.webhooks.conftest import Outbox
from tests.services.worker.webhooks.receiver import Received, Receiver

HOUR_S = 3600


def outlast(outbox: Outbox, receiver: Receiver, delivery: Delivery, endpoint: Endpoint, count: int) -> list[Received]:
    """Write `count` messages, refuse them for an hour, then accept them; returns the requests that were accepted."""
    ids = outbox.add(endpoint, count)
    receiver.status = 503
    for _ in range(3):  # at once, within seconds, within minutes
        _deliver(delivery, lambda: outbox.due() == 0)
        outbox.pass_time(HOUR_S / 3)
    failures = len(receiver.received)
    assert {*receiver.ids()} == {*ids}
    assert failures >= 2 * count
    assert outbox.states() == {"pending": count}
    receiver.status = 200
    outbox.pass_time(3 * HOUR_S)
    _deliver(delivery, lambda: outbox.states() == {"delivered": count})
    assert len({(one.id, one.body) for one in receiver.received}) == count, "every time the same"
    assert sorted(receiver.ids()[failures:]) == sorted(ids), "each is accepted once"
    return receiver.received[failures:]


def _deliver(delivery: Delivery, done: Callable[[], bool]) -> None:
    until = time.monotonic() + 300
    while not done():
        delivery.run()
        assert time.monotonic() < until
