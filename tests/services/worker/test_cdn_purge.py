"""The CDN's purge hook: what it is told, and what happens when it refuses, hangs or is away."""

import json
import threading
import time
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass
from functools import partial
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

import pytest
from prometheus_client import REGISTRY

from services.worker.cdn_purge import AT_ONCE, CdnPurge
from services.worker.periodic import PeriodicTask
from services.worker.providers import http_exchange
from shared import errors, timeouts
from shared.db import assets
from tests.services import pictures
from tests.services.conftest import NOBODY
from tests.services.worker.conftest import OWNER, Bench

TOKEN = "the token of the tests"


@dataclass(frozen=True, slots=True)
class Call:
    path: str
    authorization: str | None
    body: dict[str, Any]


class Cdn(ThreadingHTTPServer):
    """A CDN's API: answers with `status`, after `silence_s`."""

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), _Handler)
        self.status, self.silence_s = 200, 0.0
        self.calls: list[Call] = []

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.server_port}/zones/1/purge_cache"


class _Handler(BaseHTTPRequestHandler):
    server: Cdn

    def do_POST(self) -> None:
        body = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
        self.server.calls.append(Call(self.path, self.headers["Authorization"], body))
        time.sleep(self.server.silence_s)
        with suppress(ConnectionError):  # the worker has given up
            self.send_response(self.server.status)
            self.send_header("Location", NOBODY)
            self.send_header("Content-Length", "2")
            self.end_headers()
            self.wfile.write(b"{}")

    def log_message(self, *_: object) -> None:
        pass


@pytest.fixture
def cdn() -> Iterator[Cdn]:
    server = Cdn()
    threading.Thread(target=server.serve_forever, args=(0.01,), daemon=True).start()
    yield server
    server.shutdown()
    server.server_close()


def _purge(bench: Bench, url: str, token: str | None = TOKEN, public_url: str = "https://shop.example") -> CdnPurge:
    return CdnPurge(bench.database, partial(http_exchange.post, bench.client, url), token, public_url)


@pytest.fixture
def purge(bench: Bench, cdn: Cdn) -> CdnPurge:
    return _purge(bench, cdn.url)


def _delete(bench: Bench, shade: int = 0) -> str:
    """Delete a new picture; its key."""
    job_id = bench.order(pictures.png(shade=shade))
    key = bench.source_key(job_id)
    with bench.database.transaction() as connection:
        assets.delete(connection, OWNER, bench.job(job_id).asset_id)
    return key


def _counted(outcome: str) -> float:
    return REGISTRY.get_sample_value("stolentee_cdn_purges_total", {"outcome": outcome}) or 0.0


def test_a_deleted_picture_is_purged_once_under_all_its_addresses(bench: Bench, cdn: Cdn, purge: CdnPurge) -> None:
    bench.order(pictures.png(shade=99))
    key = _delete(bench)
    assert purge.run() == 1
    assert cdn.calls == [Call("/zones/1/purge_cache", f"Bearer {TOKEN}", {"prefixes": [f"shop.example/assets/{key}"]})]
    assert purge.run() == 0
    assert len(cdn.calls) == 1


def test_nothing_is_called_while_nothing_is_deleted(bench: Bench, cdn: Cdn, purge: CdnPurge) -> None:
    bench.order()
    assert purge.run() == 0
    assert cdn.calls == []


def test_a_hook_without_a_token_gets_none(bench: Bench, cdn: Cdn) -> None:
    _delete(bench)
    assert _purge(bench, cdn.url, None, "https://shop.example:8443").run() == 1
    assert cdn.calls[0].authorization is None
    assert cdn.calls[0].body["prefixes"][0].startswith("shop.example:8443/assets/")


@pytest.mark.parametrize("status", [302, 400, 401, 429, 500])
def test_a_refusal_is_counted_and_tried_again(bench: Bench, cdn: Cdn, purge: CdnPurge, status: int) -> None:
    key, before = _delete(bench), _counted("failed")
    cdn.status = status
    with pytest.raises(errors.Unavailable, match=f"status {status}") as raised:
        purge.run()
    assert TOKEN not in str(raised.value)
    assert _counted("failed") == before + 1
    cdn.status = 204
    assert purge.run() == 1
    assert cdn.calls[-1].body == {"prefixes": [f"shop.example/assets/{key}"]}


def test_a_hook_that_is_away_is_tried_again(bench: Bench, cdn: Cdn, purge: CdnPurge) -> None:
    _delete(bench)
    with pytest.raises(errors.Unavailable) as raised:
        _purge(bench, f"{NOBODY}/secret-path").run()
    assert "secret-path" not in str(raised.value)
    assert purge.run() == 1


def test_a_silent_hook_is_given_up_in_time(
    bench: Bench, cdn: Cdn, purge: CdnPurge, monkeypatch: pytest.MonkeyPatch
) -> None:
    _delete(bench)
    monkeypatch.setattr(timeouts, "PROVIDER_READ_S", 0.2)
    cdn.silence_s = 2
    with pytest.raises(errors.Unavailable, match="ReadTimeout"):
        purge.run()


def test_many_deletions_are_purged_in_bounded_calls(bench: Bench, cdn: Cdn, purge: CdnPurge) -> None:
    for shade in range(AT_ONCE + 2):
        _delete(bench, shade)
    assert [purge.run() for _ in range(3)] == [AT_ONCE, 2, 0]
    assert [len(call.body["prefixes"]) for call in cdn.calls] == [AT_ONCE, 2]


def test_retries_end_a_week_after_the_deletion(bench: Bench, cdn: Cdn, purge: CdnPurge) -> None:
    _delete(bench)
    cdn.status = 500
    bench.say("update assets set deleted_at = now() - interval '6 days' where deleted_at is not null")
    with pytest.raises(errors.Unavailable):
        purge.run()
    bench.say("update assets set deleted_at = now() - interval '8 days' where deleted_at is not null")
    assert purge.run() == 0
    assert len(cdn.calls) == 1


def test_the_worker_goes_on_calling_until_it_is_told(bench: Bench, cdn: Cdn, purge: CdnPurge) -> None:
    cdn.status = 500
    _delete(bench)
    task = PeriodicTask("cdn_purge", purge.run, 0.05, tolerance_s=60)
    task.start()
    _wait(lambda: len(cdn.calls) >= 2)
    cdn.status = 200
    _wait(lambda: bench.say("select id from assets where purged_at is not null") != [])
    task.stop()
    assert not task.late


def _wait(happened: Any) -> None:
    until = time.monotonic() + 10
    while not happened():
        assert time.monotonic() < until
        time.sleep(0.02)
