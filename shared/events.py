"""Job events inside one process: one listener receives Postgres' notifications and wakes the followers of that job.

A notification only says that the job changed: followers read the job itself, so a missed notification (while the
listener reconnects) or a duplicate does no harm. Events cost no Redis commands.
"""

import threading
import time
from collections.abc import Callable, Iterable, Sequence
from typing import Self
from uuid import uuid4

from shared import errors, log, timeouts

RETRY_S = 1.0  # before the listener connects again
_log = log.get("events")


class Subscription:
    """One follower of one job. Use as a context manager."""

    def __init__(self, hub: "Hub", topic: str, owner: str, address: str, *, counted: bool = True) -> None:
        self._hub = hub
        self.topic = topic
        self.owner = owner
        self.address = address
        self.counted = counted
        self.key = (owner, topic)
        self._changed = threading.Event()
        self.superseded = False

    def wait(self, timeout_s: float) -> bool:
        """Whether the job may have changed; returns after `timeout_s` at the latest, sooner without a listener."""
        heard = self._changed.wait(timeout_s if self._hub.listening else min(timeout_s, RETRY_S))
        if heard:  # otherwise this would lose a change that came just after the timeout
            self._changed.clear()
        return heard or not self._hub.listening

    def wake(self) -> None:
        self._changed.set()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self._hub.leave(self)


class Hub:
    """`source()` yields the topic of each notification, and None regularly, to show that it is listening.

    There are at most `most` followers, and at most `most_each` of one owner and of one address.
    """

    def __init__(self, source: Callable[[], Iterable[str | None]], most: int, most_each: int) -> None:
        self._source = source
        self._most = most
        self._most_each = most_each
        self._followers: dict[tuple[str, str], Subscription] = {}
        self._lock = threading.Lock()
        self._stopped = threading.Event()
        self.listening = False

    def start(self) -> None:
        threading.Thread(target=self._listen, name="events", daemon=True).start()

    def stop(self) -> None:
        """Stop the listener and wake all followers, so that streams end before the process."""
        self._stopped.set()
        self._wake_all()

    @property
    def stopped(self) -> bool:
        return self._stopped.is_set()

    def follow(self, topic: str, owner: str, address: str) -> Subscription:
        """Follow a job. An older stream of the same caller and job ends: reconnecting browsers leave one behind.

        Raises RateLimited or Busy if too many are open.
        """
        fresh = Subscription(self, topic, owner, address)
        with self._lock:
            older = self._followers.get(fresh.key)
            self._admit(fresh, [other for other in self._followers.values() if other.counted and other is not older])
            self._followers[fresh.key] = fresh
        if older:
            older.superseded = True
            older.wake()
        return fresh

    def _admit(self, fresh: Subscription, others: Sequence[Subscription]) -> None:
        same_owner = sum(other.owner == fresh.owner for other in others)
        same_address = sum(other.address == fresh.address for other in others)
        if max(same_owner, same_address) >= self._most_each:
            raise errors.RateLimited(
                "You follow too many jobs at once; poll this one instead.", retry_after_s=timeouts.REQUEST_S
            )
        if len(others) >= self._most:
            raise errors.Busy("Too many streams are open; poll the job itself in the meantime.", retry_after_s=2)

    def await_end(self, topic: str) -> Subscription:
        """Follow a job besides those that `most` counts: for callers with bounds of their own."""
        waiting = Subscription(self, topic, owner=uuid4().hex, address="", counted=False)
        with self._lock:
            self._followers[waiting.key] = waiting
        return waiting

    def leave(self, subscription: Subscription) -> None:
        with self._lock:
            if self._followers.get(subscription.key) is subscription:
                del self._followers[subscription.key]

    def _listen(self) -> None:
        while not self._stopped.is_set():
            try:
                for topic in self._source():
                    if not self.listening:
                        self.listening = True
                        self._wake_all()  # for changes while nothing was listening
                    if topic:
                        self._wake(topic)
                    if self._stopped.is_set():
                        return
            except Exception as error:  # noqa: BLE001 - the listener must survive every error of the driver
                _log.warning("listener_lost", error=type(error).__name__)
            self.listening = False
            time.sleep(RETRY_S)

    def _wake(self, topic: str) -> None:
        with self._lock:
            interested = [s for s in self._followers.values() if s.topic == topic]
        for subscription in interested:
            subscription.wake()

    def _wake_all(self) -> None:
        with self._lock:
            followers = list(self._followers.values())
        for subscription in followers:
            subscription.wake()
