"""A change of the catalogue is seen by who made it at once, and by everyone soon."""

import threading
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor

import pytest
from flask.testing import FlaskClient

from services.api import answers
from services.api.answers import Version
from shared import errors
from shared.db.pool import Database
from tests.services.api.client import body
from tests.services.api.conftest import Api, Start
from tests.shared.db import catalogue

NEWEST = {"Cache-Control": "no-cache"}


@pytest.fixture
def clock(monkeypatch: pytest.MonkeyPatch) -> Callable[[float], None]:
    """Moves the time of versions."""
    now = [1000.0]

    class Clock:
        @staticmethod
        def monotonic() -> float:
            return now[0]

    monkeypatch.setattr(answers, "time", Clock)

    def move(seconds: float) -> None:
        now[0] += seconds

    return move


class Source:
    """A version that can be read."""

    def __init__(self) -> None:
        self.version = "1"
        self.reads = 0
        self.failing = False
        self.open = threading.Event()
        self.open.set()

    def __call__(self) -> str:
        self.reads += 1
        version = self.version
        assert self.open.wait(10)
        if self.failing:
            raise errors.Unavailable
        return version


def _rename(database: Database, title: str) -> None:
    with database.transaction() as connection:
        connection.execute("update products set title = %s", [title])


def _titles(client: FlaskClient, **headers: str) -> list[str]:
    paths = ("/api/products", "/api/products/heavy-tee")
    listed, shown = (body(client.get(path, headers=dict(headers))) for path in paths)
    return [listed["items"][0]["title"], shown["title"]]


def test_a_writer_sees_its_change_at_once_and_others_as_soon_as_they_ask_for_the_version(
    start: Start, clock: Callable[[float], None]
) -> None:
    writing, other = start(), start()
    catalogue.tee(writing.deps.database)
    old, new = ["Heavyweight tee"] * 2, ["New"] * 2
    assert _titles(writing.guest()) == _titles(other.guest()) == old
    _rename(writing.deps.database, "New")
    writing.deps.catalogue.forget_version()
    assert _titles(writing.guest()) == new
    assert _titles(other.guest()) == old
    clock(answers.VERSION_S)
    assert _titles(other.guest()) == new


def test_a_request_for_the_newest_is_answered_with_it_by_every_instance(start: Start) -> None:
    writing, other = start(), start()
    catalogue.tee(writing.deps.database)
    _titles(other.guest())
    _rename(writing.deps.database, "New")
    assert body(other.guest().get("/api/products", headers=NEWEST))["items"][0]["title"] == "New"
    assert _titles(other.guest()) == ["New"] * 2  # and so is everyone after it


def test_instances_share_what_one_has_computed(start: Start) -> None:
    first, second = start(), start()
    catalogue.tee(first.deps.database)
    before = first.guest().get("/api/products").data
    with second.deps.database.transaction() as connection:  # neither the version nor what it stands for is read again
        connection.execute("alter table products disable trigger catalogue_written")
        connection.execute("update products set title = 'Unseen'")
        connection.execute("alter table products enable trigger catalogue_written")
    assert second.guest().get("/api/products").data == before
    assert b"Unseen" in second.guest().get("/api/products?limit=19").data


@pytest.mark.parametrize("encoding", ["identity", "gzip", "br", "zstd"])
def test_an_answer_has_an_etag_of_its_bytes_in_each_encoding(api: Api, encoding: str) -> None:
    catalogue.tee(api.deps.database, sizes=[str(size) for size in range(40)])
    guest, headers = api.guest(), {"Accept-Encoding": encoding}
    tag = guest.get("/api/products/heavy-tee", headers=headers).headers["ETag"]
    for _ in range(2):  # computed, and kept
        response = guest.get("/api/products/heavy-tee", headers=headers)
        assert (response.headers["ETag"], response.headers.get("Content-Encoding", "identity")) == (tag, encoding)
        again = guest.get("/api/products/heavy-tee", headers={**headers, "If-None-Match": tag})
        assert (again.status_code, again.data, again.headers["ETag"]) == (304, b"", tag)
        assert again.headers["Cache-Control"] == response.headers["Cache-Control"]
        assert again.headers["Vary"] == response.headers["Vary"]
    _rename(api.deps.database, "New")
    api.deps.catalogue.forget_version()
    assert guest.get("/api/products/heavy-tee", headers={"If-None-Match": tag}).status_code == 200


def test_a_version_is_read_once_in_a_while(clock: Callable[[float], None]) -> None:
    source = Source()
    version = Version(source)
    assert [version.get() for _ in range(5)] == ["1"] * 5
    source.version = "2"
    assert (version.get(), source.reads) == ("1", 1)
    clock(answers.VERSION_S)
    assert (version.get(), source.reads) == ("2", 2)


def test_while_one_thread_reads_the_version_the_others_get_the_one_before(clock: Callable[[float], None]) -> None:
    source = Source()
    version = Version(source)
    version.get()
    source.version = "2"
    clock(answers.VERSION_S)
    source.open.clear()
    with ThreadPoolExecutor(1) as threads:
        reading = threads.submit(version.get)
        while source.reads < 2:
            pass
        assert version.get() == "1"
        source.open.set()
        assert reading.result(10) == "2"


def test_a_read_that_began_before_a_change_does_not_hide_it_from_its_writer(clock: Callable[[float], None]) -> None:
    source = Source()
    version = Version(source)
    version.get()
    clock(answers.VERSION_S)
    source.open.clear()
    with ThreadPoolExecutor(2) as threads:
        reading = threads.submit(version.get)  # has read the old one
        while source.reads < 2:
            pass
        source.version = "2"
        forgetting = threads.submit(version.forget)
        source.open.set()
        assert reading.result(10) == "1"
        forgetting.result(10)
    assert version.get() == "2"


def test_the_version_outlives_the_database_which_is_then_asked_once_in_a_while(
    clock: Callable[[float], None],
) -> None:
    source = Source()
    version = Version(source)
    version.get()
    source.failing = True
    clock(answers.VERSION_S)
    for newest in (False, False, True, True):
        assert version.get(newest=newest) == "1"
    version.forget()
    assert version.get() == "1"
    assert source.reads == 3
    source.failing, source.version = False, "2"
    clock(answers.VERSION_S)
    assert version.get(newest=True) == "2"


def test_without_any_version_there_is_no_answer() -> None:
    source = Source()
    source.failing = True
    with pytest.raises(errors.Unavailable):
        Version(source).get()
