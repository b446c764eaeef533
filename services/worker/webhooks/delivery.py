"""Delivers the messages of webhooks from the outbox, in threads of its own.

    claim ──> send, in a thread ──> record ──> ...       records and claims are one transaction of the thread `webhooks`

Cut-outs share nothing with it but one connection of the pool. A receiver that is slow occupies a few of the threads,
one that fails a single one; the others go on. What a worker that dies had sent and not recorded is sent again.
"""

import threading
import time
from concurrent.futures import FIRST_COMPLETED, Future, ThreadPoolExecutor, wait
from contextlib import suppress

from services.worker.webhooks import recording
from services.worker.webhooks.sending import Sender
from shared import errors, log, timeouts
from shared.db import webhook_endpoints, webhook_messages
from shared.db.pool import Connection, Database
from shared.models.webhook import Attempt, Endpoint, Message

EVERY_S = 1.0  # between two looks at an outbox with nothing due
AWAY_S = 2.0  # added while Postgres is unavailable
AT_ONCE = 16  # attempts of one worker
_LOOK_S = 0.5  # at the outbox, while attempts are under way
_TURN_S = 20.0  # then the thread shows that it is alive

_log = log.get("webhooks")


class Delivery:
    """Any number of workers may run one: the outbox gives each message to one of them."""

    def __init__(self, database: Database, sender: Sender, lease_s: float = timeouts.WEBHOOK_LEASE_S) -> None:
        self._database = database
        self._sender = sender
        self._lease_s = lease_s
        self._threads = ThreadPoolExecutor(AT_ONCE, thread_name_prefix="webhook")
        self._under_way: dict[Future[Attempt], Message] = {}
        self._closed = False
        self._turn = threading.Lock()

    def run(self) -> None:
        """Deliver what is due, until nothing is, or for a while."""
        until = time.monotonic() + _TURN_S
        with self._turn:
            self._step()
            while self._under_way and time.monotonic() < until:
                wait(self._under_way, _LOOK_S, FIRST_COMPLETED)
                self._step()

    def stop(self) -> None:
        """Claim no more; may be repeated."""
        self._closed = True

    def close(self) -> None:
        """Record what is under way: what a process that ends earlier has sent is sent once more."""
        self.stop()
        with self._turn, suppress(errors.Unavailable):
            wait(self._under_way, timeouts.WEBHOOK_S)
            self._step()
        self._threads.shutdown(wait=False, cancel_futures=True)

    def _step(self) -> None:
        """Record the attempts that have ended, and begin others in their place."""
        ended = [(future, message) for future, message in self._under_way.items() if future.done()]
        with self._database.transaction() as connection:
            for future, message in ended:
                recording.record(connection, message, future.result())
            claimed = [] if self._closed else self._claim(connection, AT_ONCE - len(self._under_way) + len(ended))
        for future, message in ended:
            del self._under_way[future]
            recording.report(message, future.result())
        for message, endpoint in claimed:
            self._under_way[self._threads.submit(self._sender.send, message, endpoint)] = message

    def _claim(self, connection: Connection, most: int) -> list[tuple[Message, Endpoint]]:
        claimed = webhook_messages.claim(connection, most, self._lease_s)
        found = webhook_endpoints.by_id(connection, {message.endpoint_id for message in claimed}) if claimed else {}
        return [(message, found[message.endpoint_id]) for message in claimed if message.endpoint_id in found]
