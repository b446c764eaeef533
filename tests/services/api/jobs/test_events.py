"""A job's event stream: its events, its timing and its end."""

import json
import time
from collections.abc import Callable, Iterator
from typing import Any

import pytest
from flask.testing import FlaskClient
from werkzeug.test import TestResponse

from services.api.jobs import events
from services.api.keys import digest, make
from services.api.middleware.auth import API_KEY
from shared import timeouts
from shared.db import api_keys, job_queue
from shared.models.job import JobFailure, Timings
from shared.models.owner import Scope
from tests.services import pictures
from tests.services.api.client import body, cut_out, refused
from tests.services.api.conftest import Api, Start


def _follow(guest: FlaskClient, accepted: dict[str, Any]) -> tuple[TestResponse, Iterator[str]]:
    response = guest.get(accepted["eventsUrl"])
    assert response.status_code == 200, response.text
    return response, (part.decode() for part in response.iter_encoded())


def _job(event: str) -> tuple[int, dict[str, Any]]:
    kind, number, data = event.removesuffix("\n\n").split("\n")
    assert kind == "event: status"
    return int(number.removeprefix("id: ")), json.loads(data.removeprefix("data: "))


def test_a_stream_begins_with_the_job_as_it_is_now(guest: FlaskClient) -> None:
    accepted = cut_out(guest)
    response, deps = _follow(guest, accepted)
    assert response.content_type == "text/event-stream; charset=utf-8"
    assert response.headers["Cache-Control"] == "no-store"
    assert response.headers["X-Accel-Buffering"] == "no"
    assert next(deps) == "retry: 1000\n\n"
    assert _job(next(deps)) == (1, guest.get(accepted["statusUrl"]).json)
    response.close()


def test_each_change_is_an_event_and_the_last_one_ends_the_stream(api: Api) -> None:
    guest = api.guest()
    response, deps = _follow(guest, cut_out(guest))
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
    response.close()
    assert [(number, job["status"], job["progress"]) for number, job in seen] == [
        (1, "queued", 0),
        (2, "running", 5),
        (3, "running", 70),
        (4, "failed", 70),
    ]
    assert seen[-1][1]["error"]["code"] == "unknown_foreground"


def test_a_change_is_sent_at_once(api: Api) -> None:
    guest = api.guest()
    accepted = cut_out(guest)
    response, deps = _follow(guest, accepted)
    next(deps), next(deps)
    while not api.deps.hub.listening:
        time.sleep(0.01)
    guest.delete(accepted["statusUrl"])
    assert _job(next(deps))[1]["status"] == "cancelled"  # by notification: it polls only every 10 s, with a comment
    response.close()


def test_the_stream_of_a_finished_job_sends_its_state_and_ends(guest: FlaskClient) -> None:
    accepted = cut_out(guest)
    guest.delete(accepted["statusUrl"])
    response, deps = _follow(guest, accepted)
    said = list(deps)
    response.close()
    assert said[0] == "retry: 1000\n\n"
    assert _job(said[1])[1] == guest.get(accepted["statusUrl"]).json
    assert len(said) == 2


def test_a_silent_stream_sends_comments_and_ends_after_its_limit(
    guest: FlaskClient, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert (events.COMMENT_S, events.STREAM_S) == (10, 30)
    monkeypatch.setattr(events, "COMMENT_S", 0.2)
    monkeypatch.setattr(events, "STREAM_S", 0.5)
    response, deps = _follow(guest, cut_out(guest))
    said = list(deps)
    response.close()
    assert said[2:] == [": waiting\n\n"] * len(said[2:])
    assert len(said) > 3


def test_a_newer_stream_of_the_same_guest_and_job_ends_the_older_one(api: Api) -> None:
    guest = api.guest()
    accepted = cut_out(guest)
    older, deps = _follow(guest, accepted)
    next(deps), next(deps)
    newer, others = _follow(guest, accepted)
    next(others), next(others)
    assert next(deps, "over") == "over"
    guest.delete(accepted["statusUrl"])
    assert _job(next(others))[1]["status"] == "cancelled"
    older.close()
    newer.close()


def test_streams_of_two_jobs_are_independent(api: Api) -> None:
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


def test_the_number_of_streams_is_limited(start: Start, monkeypatch: pytest.MonkeyPatch) -> None:
    assert events.MAX_STREAMS == 20
    monkeypatch.setattr(events, "MAX_STREAMS", 1)
    guest, other = (api := start()).guest(), api.guest()
    accepted, others = cut_out(guest), cut_out(other)
    response, _ = _follow(guest, accepted)
    refused(other.get(others["eventsUrl"]), 503, "busy")
    assert body(other.get(others["statusUrl"]))["status"] == "queued"  # as the error message advises
    response.close()
    guest.head(accepted["eventsUrl"]).close()
    again, deps = _follow(other, others)
    assert next(deps) == "retry: 1000\n\n"
    again.close()


def test_a_caller_follows_only_a_few_jobs_at_once(start: Start, environment: pytest.MonkeyPatch) -> None:
    assert events.MAX_STREAMS_EACH == 4
    environment.setenv("TRUSTED_HOPS", "1")
    guest = start().guest()
    accepted = [cut_out(guest) for _ in range(5)]
    streams = [_follow(guest, each)[0] for each in accepted[:4]]
    for address in ("192.0.2.1", "192.0.2.2"):  # of the caller, wherever it is
        refusal = guest.get(accepted[4]["eventsUrl"], headers={"X-Forwarded-For": address})
        refused(refusal, 429, "rate_limited")
        assert refusal.headers["Retry-After"] == str(events.STREAM_S)
    again, deps = _follow(guest, accepted[0])  # a browser that reconnects
    assert next(deps) == "retry: 1000\n\n"
    streams[1].close()
    _follow(guest, accepted[4])[0].close()
    for stream in (*streams, again):
        stream.close()


def test_an_address_follows_only_a_few_jobs_at_once(start: Start, environment: pytest.MonkeyPatch) -> None:
    environment.setenv("TRUSTED_HOPS", "1")
    api = start()
    guests = [api.guest() for _ in range(6)]
    accepted = [cut_out(guest) for guest in guests]

    def follow(number: int, address: str) -> TestResponse:
        return guests[number].get(accepted[number]["eventsUrl"], headers={"X-Forwarded-For": address})

    streams = [follow(number, f"192.0.2.1:{number}") for number in range(4)]
    assert [stream.status_code for stream in streams] == [200] * 4
    refused(follow(4, "192.0.2.1"), 429, "rate_limited")
    streams.append(follow(5, "192.0.2.2"))
    assert streams[-1].status_code == 200
    for stream in streams:
        stream.close()


def test_a_key_s_streams_do_not_count_for_its_address(api: Api) -> None:
    key = make()
    with api.deps.database.transaction() as connection:
        api_keys.add(connection, "some shop", Scope.PREMIUM, digest(key))
    client, headers = api.app.test_client(use_cookies=False), {API_KEY: key}
    ours = [cut_out(client, pictures.png(shade=shade), headers=headers) for shade in range(5)]
    guests = [api.guest() for _ in range(4)]
    streams = [_follow(guest, cut_out(guest))[0] for guest in guests]  # all that their address, which is ours, may have
    streams += [client.get(accepted["eventsUrl"], headers=headers) for accepted in ours[:4]]
    assert [stream.status_code for stream in streams] == [200] * 8
    refused(client.get(ours[4]["eventsUrl"], headers=headers), 429, "rate_limited")
    for stream in streams:
        stream.close()


def test_a_stopping_process_ends_its_streams(api: Api) -> None:
    guest = api.guest()
    response, deps = _follow(guest, cut_out(guest))
    next(deps), next(deps)
    api.deps.hub.stop()
    assert next(deps, "over") == "over"
    response.close()


def test_a_stream_ends_when_the_database_is_lost_and_a_new_one_gets_the_error(
    start: Start, monkeypatch: pytest.MonkeyPatch, lose_database: Callable[[], None]
) -> None:
    monkeypatch.setattr(timeouts, "POOL_WAIT_S", 0.2)
    guest = start().guest()
    accepted = cut_out(guest)
    response, deps = _follow(guest, accepted)
    next(deps), next(deps)
    lose_database()
    assert set(deps) <= {": waiting\n\n"}
    response.close()
    refused(guest.get(accepted["eventsUrl"]), 503, "unavailable")


def test_a_stream_survives_the_loss_of_its_listener(api: Api) -> None:
    guest = api.guest()
    accepted = cut_out(guest)
    response, deps = _follow(guest, accepted)
    next(deps), next(deps)
    with api.deps.database.transaction() as connection:
        connection.execute(
            "select pg_terminate_backend(pid) from pg_stat_activity where application_name = 'stolentee session'"
            " and datname = current_database()"
        )
    guest.delete(accepted["statusUrl"])
    said = next(part for part in deps if not part.startswith(":"))
    assert _job(said)[1]["status"] == "cancelled"
    response.close()
