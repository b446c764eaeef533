"""Taking in what batches bring: addresses as well, through dead processes and full services, and never twice."""

import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import replace
from ipaddress import ip_network

import pytest

from services.api.batches import ingestion
from services.api.batches.ingestion import Ingestion
from services.api.middleware.url_fetcher import UrlFetcher
from shared import errors
from shared.db import batch_ingestion
from shared.models.batch import WaitingItem
from shared.models.job import JobError
from tests.services import pictures
from tests.services.api.batches.sending import PATH, send, some, taken_in
from tests.services.api.client import body
from tests.services.api.conftest import Api
from tests.services.api.sources import Source, page, serving


def _claimed(api: Api, *, addresses: bool = False, lease_s: float = 60) -> WaitingItem | None:
    with api.deps.database.transaction() as connection:
        return batch_ingestion.claim(connection, lease_s, addresses=addresses)


@pytest.fixture
def idle(api: Api) -> Api:
    """An instance whose ingestion has stopped, as if it had died."""
    api.deps.ingestion.stop()
    api.deps.ingestion.join(20)
    return api


@contextmanager
def _working(api: Api) -> Iterator[Ingestion]:
    """Another instance's ingestion."""
    other = Ingestion()
    other.start(api.deps)
    try:
        yield other
    finally:
        other.stop()
        other.join(20)


def _incoming(api: Api) -> list[str]:
    return [entry.key for entry in api.deps.storage.walk("incoming/")]


def test_what_a_dead_process_left_is_taken_in_by_another_once_its_lease_has_ended(idle: Api) -> None:
    guest = idle.guest()
    batch = body(send(guest, some(3)))
    first = _claimed(idle, lease_s=0.01)
    assert first is not None
    with _working(idle):
        found = taken_in(guest, batch)
    assert found["counts"]["queued"] == 3
    with idle.deps.database.transaction() as connection:
        assert not batch_ingestion.refused(connection, first, JobError("late", "Too late."))
    assert _incoming(idle) == []


def test_two_threads_never_have_the_same_picture(idle: Api) -> None:
    send(idle.guest(), some(5))
    seen: list[int] = []

    def claim() -> None:
        while item := _claimed(idle):
            seen.append(item.position)

    threads = [threading.Thread(target=claim) for _ in range(3)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(seen) == [0, 1, 2, 3, 4]


def test_a_picture_that_kills_its_process_each_time_is_given_up(idle: Api) -> None:
    guest = idle.guest()
    batch = body(send(guest, some(1)))
    with idle.deps.database.transaction() as connection:
        connection.execute("update batch_items set attempts = %s", [ingestion.MAX_ATTEMPTS])
    with _working(idle):
        (item,) = taken_in(guest, batch)["items"]
    assert (item["status"], item["error"]["code"]) == ("failed", "poison")


def test_pictures_of_a_cancelled_or_deleted_batch_are_not_taken_in(idle: Api) -> None:
    guest = idle.guest()
    cancelled, deleted = body(send(guest, some(1))), body(send(guest, some(2)))
    held = _claimed(idle)
    assert held is not None
    guest.post(f"{cancelled['statusUrl']}/cancel")
    guest.delete(deleted["statusUrl"])
    assert _claimed(idle) is None
    with idle.deps.database.transaction() as connection:
        assert batch_ingestion.hold(connection, held) is None
    assert body(guest.get(cancelled["statusUrl"]))["items"][0]["status"] == "cancelled"


def test_a_file_that_was_removed_before_fails_its_pictures(idle: Api) -> None:
    guest = idle.guest()
    batch = body(send(guest, some(2)))
    for key in _incoming(idle):
        idle.deps.storage.delete(key)
    with _working(idle):
        found = taken_in(guest, batch)
    assert [item["error"]["code"] for item in found["items"]] == ["source_missing"] * 2


def test_a_full_service_is_asked_again_later(idle: Api, monkeypatch: pytest.MonkeyPatch) -> None:
    guest = idle.guest()
    batch, busy = body(send(guest, some(1))), iter([errors.Busy(retry_after_s=1)])
    verify = idle.deps.decoder.verify

    def sometimes(*given: object) -> None:
        if refusal := next(busy, None):
            raise refusal
        verify(*given)  # type: ignore[arg-type]

    monkeypatch.setattr(idle.deps.decoder, "verify", sometimes)
    monkeypatch.setattr(ingestion, "IDLE_S", 0.2)
    with _working(idle):
        assert taken_in(guest, batch)["counts"]["queued"] == 1


def test_addresses_are_fetched_guarded_and_hold_no_request(idle: Api) -> None:
    go_on = threading.Event()

    def slow(say: Callable[[bytes], object]) -> None:
        go_on.wait(20)
        say(page(pictures.jpeg()))

    with serving(Source({"/a.jpg?x=1": slow, "/no": b"HTTP/1.1 404 No\r\n\r\n"})) as source:
        local = UrlFetcher(lambda *_: ["127.0.0.1"], allowed=[ip_network("127.0.0.0/8")], ports=[source.port])
        deps = replace(idle.deps, fetcher=local)
        guest, host = idle.guest(), f"http://pictures.example:{source.port}"
        urls = [f"{host}/a.jpg?x=1", f"{host}/no", "ftp://pictures.example/a.jpg", "http://[::2]:1/a.jpg"]
        batch = body(guest.post(PATH, json={"items": [{"imageUrl": url} for url in urls]}))
        assert batch["counts"] == {**batch["counts"], "waiting": 3, "failed": 1}  # no picture has come yet
        with _working(replace(idle, deps=deps)):
            go_on.set()
            found = taken_in(guest, batch)
    assert [item["name"] for item in found["items"]] == ["a.jpg", "no", "a (2).jpg", "a (3).jpg"]
    codes = [item["error"] and item["error"]["code"] for item in found["items"]]
    assert codes == [None, "source_unreachable", "url_not_allowed", "url_not_allowed"]
