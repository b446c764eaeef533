"""A job's event stream: what it says, when it speaks, and when it ends."""

import json
import time
from collections.abc import Callable, Iterator
from typing import Any

import pytest
from flask.testing import FlaskClient
from werkzeug.test import TestResponse

from services.api.jobs import events
from shared import timeouts
from shared.db import job_queue
from shared.models.job import JobFailure, Timings
from tests.services.api.client import body, cut_out, refused
from tests.services.api.conftest import Api, Start


def _follow(guest: FlaskClient, promise: dict[str, Any]) -> tuple[TestResponse, Iterator[str]]:
    answer = guest.get(promise["eventsUrl"])
    assert answer.status_code == 200, answer.text
    return answer, (part.decode() for part in answer.iter_encoded())


def _job(event: str) -> tuple[int, dict[str, Any]]:
    kind, number, data = event.removesuffix("\n\n").split("\n")
    assert kind == "event: status"
    return int(number.removeprefix("id: ")), json.loads(data.removeprefix("data: "))


def test_a_stream_begins_with_the_job_as_it_is_now(guest: FlaskClient) -> None:
    promise = cut_out(guest)
    answer, deps = _follow(guest, promise)
    assert answer.content_type == "text/event-stream; charset=utf-8"
    assert answer.headers["Cache-Control"] == "no-store"
    assert answer.headers["X-Accel-Buffering"] == "no"
    assert next(deps) == "retry: 1000\n\n"
    assert _job(next(deps)) == (1, guest.get(promise["statusUrl"]).json)
    answer.close()


def test_each_change_is_an_event_and_the_last_one_ends_the_stream(api: Api) -> None:
    guest = api.guest()
    answer, deps = _follow(guest, cut_out(guest))
    next(deps)
    seen = [_job(next(deps))]
    job = api.claim()
    seen.append(_job(next(deps)))
    with api.deps.database.transaction() as connection:
        job_queue.advance(connection, job, 70)
    seen.append(_job(next(deps)))
    with api.deps.database.transaction() as connection:
        job_queue.fail(connection, job, JobFailure.UNKNOWN_FOREGROUND, "Nothing stands out.", Timings())
    seen.append(_job(next(deps)))
    assert next(deps, "over") == "over"
    answer.close()
    assert [(number, job["status"], job["progress"]) for number, job in seen] == [
        (1, "queued", 0),
        (2, "running", 5),
        (3, "running", 70),
        (4, "failed", 70),
    ]
    assert seen[-1][1]["error"]["code"] == "unknown_foreground"


def test_a_change_is_told_at_once(api: Api) -> None:
    guest = api.guest()
    promise = cut_out(guest)
    answer, deps = _follow(guest, promise)
    next(deps), next(deps)
    while not api.deps.hub.listening:
        time.sleep(0.01)
    guest.delete(promise["statusUrl"])
    assert _job(next(deps))[1]["status"] == "cancelled"  # while it listens it looks only every 10 s, and comments
    answer.close()


def test_the_stream_of_an_ended_job_says_so_and_ends(guest: FlaskClient) -> None:
    promise = cut_out(guest)
    guest.delete(promise["statusUrl"])
    answer, deps = _follow(guest, promise)
    said = list(deps)
    answer.close()
    assert said[0] == "retry: 1000\n\n"
    assert _job(said[1])[1] == guest.get(promise["statusUrl"]).json
    assert len(said) == 2


def test_silence_is_commented_on_and_ends_after_a_while(guest: FlaskClient, monkeypatch: pytest.MonkeyPatch) -> None:
    assert (events.COMMENT_S, events.STREAM_S) == (10, 30)
    monkeypatch.setattr(events, "COMMENT_S", 0.2)
    monkeypatch.setattr(events, "STREAM_S", 0.5)
    answer, deps = _follow(guest, cut_out(guest))
    said = list(deps)
    answer.close()
    assert said[2:] == [": waiting\n\n"] * len(said[2:])
    assert len(said) > 3


def test_a_newer_stream_of_the_same_guest_and_job_ends_the_older_one(api: Api) -> None:
    guest = api.guest()
    promise = cut_out(guest)
    older, deps = _follow(guest, promise)
    next(deps), next(deps)
    newer, others = _follow(guest, promise)
    next(others), next(others)
    assert next(deps, "over") == "over"
    guest.delete(promise["statusUrl"])
    assert _job(next(others))[1]["status"] == "cancelled"
    older.close()
    newer.close()


def test_streams_of_two_jobs_do_not_disturb_each_other(api: Api) -> None:
    guest = api.guest()
    one, other = cut_out(guest), cut_out(guest)
    first, deps = _follow(guest, one)
    second, others = _follow(guest, other)
    for stream in (deps, others):
        next(stream), next(stream)
    guest.delete(other["statusUrl"])
    guest.delete(one["statusUrl"])
    assert _job(next(deps))[1]["id"] == one["id"]
    assert _job(next(others))[1]["id"] == other["id"]
    first.close()
    second.close()


def test_streams_have_a_limited_number_of_places(start: Start, monkeypatch: pytest.MonkeyPatch) -> None:
    assert events.MAX_STREAMS == 20
    monkeypatch.setattr(events, "MAX_STREAMS", 1)
    guest = start().guest()
    promise = cut_out(guest)
    answer, _ = _follow(guest, promise)
    refused(guest.get(promise["eventsUrl"]), 503, "busy")
    assert body(guest.get(promise["statusUrl"]))["status"] == "queued"  # what the answer advises
    answer.close()
    guest.head(promise["eventsUrl"]).close()
    again, deps = _follow(guest, promise)
    assert next(deps) == "retry: 1000\n\n"
    again.close()


def test_a_stopping_process_ends_its_streams(api: Api) -> None:
    guest = api.guest()
    answer, deps = _follow(guest, cut_out(guest))
    next(deps), next(deps)
    api.deps.hub.stop()
    assert next(deps, "over") == "over"
    answer.close()


def test_a_stream_ends_with_the_database_and_the_browser_hears_why(
    start: Start, monkeypatch: pytest.MonkeyPatch, lose_database: Callable[[], None]
) -> None:
    monkeypatch.setattr(timeouts, "POOL_WAIT_S", 0.2)
    guest = start().guest()
    promise = cut_out(guest)
    answer, deps = _follow(guest, promise)
    next(deps), next(deps)
    lose_database()
    assert set(deps) <= {": waiting\n\n"}
    answer.close()
    refused(guest.get(promise["eventsUrl"]), 503, "unavailable")


def test_a_stream_outlives_the_loss_of_its_listener(api: Api) -> None:
    guest = api.guest()
    promise = cut_out(guest)
    answer, deps = _follow(guest, promise)
    next(deps), next(deps)
    with api.deps.database.transaction() as connection:
        connection.execute(
            "select pg_terminate_backend(pid) from pg_stat_activity where application_name = 'stolentee session'"
            " and datname = current_database()"
        )
    guest.delete(promise["statusUrl"])
    said = next(part for part in deps if not part.startswith(":"))
    assert _job(said)[1]["status"] == "cancelled"
    answer.close()
