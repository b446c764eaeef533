"""Followers of a job wake for its events only, and no failure leaves them waiting."""

import queue
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack

import psycopg
import pytest

from shared import errors, events
from shared.db import pool
from shared.events import Hub

SOON_S = 10  # a safety limit; waking takes milliseconds
MOST, MOST_EACH = 6, 3
HERE = "192.0.2.1"


class Notifications:
    """A source that yields what a test puts in; an exception is raised, as by a driver that lost its connection."""

    def __init__(self) -> None:
        self._items: queue.Queue[str | Exception | None] = queue.Queue()
        self.connected = 0

    def tell(self, item: str | Exception | None) -> None:
        self._items.put(item)

    def __call__(self) -> Iterator[str | None]:
        self.connected += 1
        yield None
        while True:
            try:
                item = self._items.get(timeout=0.05)
            except queue.Empty:
                item = None
            if isinstance(item, Exception):
                raise item
            yield item


@pytest.fixture
def source() -> Notifications:
    return Notifications()


@pytest.fixture
def hub(source: Notifications, monkeypatch: pytest.MonkeyPatch) -> Iterator[Hub]:
    monkeypatch.setattr(events, "RETRY_S", 0.2)
    hub = Hub(source, MOST, MOST_EACH)
    hub.start()
    await_that(lambda: hub.listening)
    yield hub
    hub.stop()
    await_that(lambda: "events" not in {thread.name for thread in threading.enumerate()})


def await_that(holds: Callable[[], bool]) -> None:
    until = time.monotonic() + SOON_S
    while not holds():
        assert time.monotonic() < until
        time.sleep(0.005)


def test_a_follower_wakes_for_an_event_of_its_job(hub: Hub, source: Notifications) -> None:
    with hub.follow("job-1", "ann", HERE) as news:
        source.tell("job-1")
        assert news.wait(SOON_S)


def test_a_follower_ignores_events_of_other_jobs(hub: Hub, source: Notifications) -> None:
    with hub.follow("job-1", "ann", HERE) as mine, hub.follow("job-2", "ann", HERE) as other:
        source.tell("job-2")
        assert other.wait(SOON_S)
        assert not mine.wait(0.1)


def test_all_followers_of_a_job_wake(hub: Hub, source: Notifications) -> None:
    with ExitStack() as stack:
        followers = [stack.enter_context(hub.follow("job-1", owner, HERE)) for owner in ("ann", "bob", "cleo")]
        source.tell("job-1")
        assert all(follower.wait(SOON_S) for follower in followers)


def test_an_event_before_the_wait_is_not_missed_and_counts_once(hub: Hub, source: Notifications) -> None:
    with hub.follow("job-1", "ann", HERE) as news, hub.follow("job-2", "ann", HERE) as after:
        for topic in ("job-1", "job-1", "job-2"):
            source.tell(topic)
        assert after.wait(SOON_S)
        assert news.wait(0)
        assert not news.wait(0)


def test_those_who_await_an_end_are_woken_and_take_no_place(hub: Hub, source: Notifications) -> None:
    with ExitStack() as stack:
        waiting = [stack.enter_context(hub.await_end("job-1")) for _ in range(MOST + 1)]
        with hub.follow("job-1", "ann", HERE):
            source.tell("job-1")
            assert all(caller.wait(SOON_S) for caller in waiting)


def test_without_events_the_wait_times_out(hub: Hub) -> None:
    with hub.follow("job-1", "ann", HERE) as news:
        start = time.monotonic()
        assert not news.wait(0.05)
        assert 0.04 < time.monotonic() - start < SOON_S


def test_a_newer_stream_of_a_caller_and_job_ends_the_older_one(hub: Hub, source: Notifications) -> None:
    older = hub.follow("job-1", "ann", HERE)
    others = [hub.follow("job-1", "bob", HERE), hub.follow("job-2", "ann", HERE)]
    newer = hub.follow("job-1", "ann", HERE)
    assert older.superseded
    assert older.wait(0)
    assert not any(each.superseded for each in (newer, *others))
    with older:
        pass  # its end must not remove the newer one
    source.tell("job-1")
    assert newer.wait(SOON_S)


def test_a_follower_that_left_is_forgotten(hub: Hub, source: Notifications) -> None:
    with hub.follow("job-1", "ann", HERE) as left, hub.follow("job-1", "bob", HERE) as stayed:
        hub.leave(left)
        source.tell("job-1")
        assert stayed.wait(SOON_S)
        assert not left.wait(0.05)
        assert not hub.follow("job-1", "ann", HERE).superseded
        assert not left.superseded
        hub.leave(left)  # may be called twice


def test_a_lost_listener_reconnects_and_all_followers_look_again(hub: Hub, source: Notifications) -> None:
    with hub.follow("job-1", "ann", HERE) as news:
        source.tell(psycopg.OperationalError("the connection is lost"))
        await_that(lambda: source.connected == 2 and hub.listening)
        assert news.wait(SOON_S)  # for events that were missed meanwhile
        assert not news.wait(0)
        source.tell("job-1")
        assert news.wait(SOON_S)


def test_the_listener_survives_any_error_of_its_source(hub: Hub, source: Notifications) -> None:
    for count, error in enumerate((OSError(), RuntimeError(), ValueError()), start=2):
        source.tell(error)
        await_that(lambda count=count: source.connected == count and hub.listening)  # type: ignore[misc]


def test_a_source_that_ends_is_opened_again(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(events, "RETRY_S", 0.01)
    asked = 0

    def source() -> Iterator[str | None]:
        nonlocal asked
        asked += 1
        yield None

    hub = Hub(source, MOST, MOST_EACH)
    hub.start()
    await_that(lambda: asked >= 3)
    hub.stop()


def test_followers_poll_while_no_listener_runs(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(events, "RETRY_S", 0.05)
    hub = Hub(Notifications(), MOST, MOST_EACH)  # never started
    with hub.follow("job-1", "ann", HERE) as news:
        start = time.monotonic()
        assert news.wait(60)
        assert time.monotonic() - start < SOON_S


def test_stopping_wakes_all_followers_and_ends_the_listener(source: Notifications) -> None:
    hub = Hub(source, MOST, MOST_EACH)
    hub.start()
    await_that(lambda: hub.listening)
    with hub.follow("job-1", "ann", HERE) as news:
        woken: list[bool] = []
        waiting = threading.Thread(target=lambda: woken.append(news.wait(60)))
        waiting.start()
        assert not hub.stopped
        hub.stop()
        waiting.join(SOON_S)
        assert woken == [True]
        assert hub.stopped
    await_that(lambda: "events" not in {thread.name for thread in threading.enumerate()})


def test_an_event_between_two_waits_is_not_lost(hub: Hub) -> None:
    """The wait times out just as the event arrives: the next wait must return it."""
    with hub.follow("job-1", "ann", HERE) as news:

        class Late(threading.Event):
            def wait(self, timeout: float | None = None) -> bool:
                told = super().wait(0)
                self.set()
                return told

        news._changed = Late()
        assert not news.wait(0)
        assert news.wait(0)


def test_a_notification_of_postgres_wakes_a_follower(database_url: str) -> None:
    hub = Hub(lambda: pool.notifications(database_url, "jobs"), MOST, MOST_EACH)
    hub.start()
    await_that(lambda: hub.listening)
    with hub.follow("job-1", "ann", HERE) as news, psycopg.connect(database_url, autocommit=True) as connection:
        connection.execute("select pg_notify('jobs', 'job-1')")
        assert news.wait(SOON_S)
        connection.execute(
            "select pg_terminate_backend(pid) from pg_stat_activity "
            "where datname = current_database() and pid <> pg_backend_pid()"
        )
        await_that(lambda: not hub.listening)
        await_that(lambda: hub.listening)
        news.wait(0)
        connection.execute("select pg_notify('jobs', 'job-1')")
        assert news.wait(SOON_S)
    hub.stop()


def test_one_owner_and_one_address_have_a_few_followers_and_all_together_a_bounded_number() -> None:
    hub = Hub(Notifications(), MOST, MOST_EACH)
    first = [hub.follow(f"job-{number}", "ann", HERE) for number in range(MOST_EACH)]
    with pytest.raises(errors.RateLimited):
        hub.follow("job-9", "ann", "192.0.2.2")
    with pytest.raises(errors.RateLimited):
        hub.follow("job-9", "bob", HERE)
    for number in range(MOST - MOST_EACH):
        hub.follow("job-9", f"guest-{number}", f"192.0.2.{number + 10}")
    with pytest.raises(errors.Busy):
        hub.follow("job-9", "cleo", "192.0.2.3")
    assert not hub.follow("job-0", "ann", HERE).superseded  # takes its predecessor's place
    hub.leave(first[1])
    hub.follow("job-9", "ann", HERE)


def test_an_owner_s_limit_is_not_loosened_by_reconnecting() -> None:
    hub = Hub(Notifications(), MOST, MOST_EACH)
    for number in range(3 * MOST_EACH):
        hub.follow(f"job-{number % MOST_EACH}", "ann", HERE)
    with pytest.raises(errors.RateLimited):
        hub.follow("job-9", "ann", HERE)
