"""Limits: what counts against which, over all instances, with Redis or without."""

import math
import time

import pytest
from flask.testing import FlaskClient
from werkzeug.test import TestResponse

from tests.services import pictures
from tests.services.api.asking import cut_out, refused, send, upload
from tests.services.api.conftest import Start


def _upload(guest: FlaskClient, **headers: str) -> TestResponse:
    return send(guest, "/api/uploads", pictures.jpeg(), headers=headers)


def test_uploads_and_cut_outs_share_a_limit(start: Start, environment: pytest.MonkeyPatch) -> None:
    environment.setenv("RATE_LIMIT_UPLOADS", "2/h")
    guest = start().guest()
    upload(guest)
    cut_out(guest)
    refusal = _upload(guest)
    refused(refusal, 429, "rate_limited")
    assert 1 <= int(refusal.headers["Retry-After"]) <= 3601
    refused(send(guest, "/api/cutouts", pictures.jpeg()), 429, "rate_limited")


def test_whoever_waits_as_told_is_served(start: Start, environment: pytest.MonkeyPatch) -> None:
    environment.setenv("RATE_LIMIT_UPLOADS", "2/2s")
    guest = start().guest()
    promised, last_refused = math.inf, 0.0
    served = 0
    until = time.monotonic() + 10
    while served < 3 and time.monotonic() < until:
        now = time.monotonic()
        answer = _upload(guest)
        if answer.status_code == 429:
            last_refused = now
            promised = min(promised, time.monotonic() + int(answer.headers["Retry-After"]))
        else:
            served += 1
        time.sleep(0.02)
    assert served == 3
    assert promised >= last_refused
    assert promised - last_refused < 2  # whole seconds, so up to one more than there is to wait


def test_reading_is_never_counted(start: Start, environment: pytest.MonkeyPatch) -> None:
    environment.setenv("RATE_LIMIT_API", "2/h")
    environment.setenv("RATE_LIMIT_UPLOADS", "2/h")
    guest = start().guest()
    promise, asset = cut_out(guest), upload(guest)
    refused(_upload(guest), 429, "rate_limited")
    reads = ["/api/jobs", promise["statusUrl"], "/api/assets", f"/api/assets/{asset['id']}", asset["url"]]
    for path in [*reads, "/health", "/health/ready", "/metrics", "/docs", "/openapi.json"]:
        assert guest.get(path, buffered=True).status_code == 200


def test_other_writes_count_against_the_general_limit_only(start: Start, environment: pytest.MonkeyPatch) -> None:
    environment.setenv("RATE_LIMIT_API", "3/h")
    environment.setenv("RATE_LIMIT_UPLOADS", "2/h")
    guest = start().guest()
    promise = cut_out(guest)
    assert guest.delete(promise["statusUrl"]).status_code == 200
    assert guest.post(f"{promise['statusUrl']}/retry").status_code == 202
    refused(guest.delete(promise["statusUrl"]), 429, "rate_limited")
    refused(_upload(guest), 429, "rate_limited")  # an upload is a write as well


def test_equal_limits_are_counted_apart(start: Start, environment: pytest.MonkeyPatch) -> None:
    environment.setenv("RATE_LIMIT_API", "4/h")
    environment.setenv("RATE_LIMIT_UPLOADS", "4/h")
    guest = start().guest()
    for _ in range(4):
        upload(guest)
    refused(_upload(guest), 429, "rate_limited")


def test_two_instances_share_their_counts(start: Start, environment: pytest.MonkeyPatch) -> None:
    environment.setenv("RATE_LIMIT_UPLOADS", "2/h")
    one, other = start().guest(), start().guest()
    upload(one)
    upload(other)
    refused(_upload(one), 429, "rate_limited")
    refused(_upload(other), 429, "rate_limited")


def test_without_redis_each_instance_counts_alone(start: Start, environment: pytest.MonkeyPatch) -> None:
    environment.setenv("REDIS_URL", "redis://127.0.0.1:1/0")
    environment.setenv("RATE_LIMIT_UPLOADS", "1/h")
    one, other = start().guest(), start().guest()
    upload(one)
    refused(_upload(one), 429, "rate_limited")
    upload(other)


def test_a_spoofed_address_does_not_make_another_caller(start: Start, environment: pytest.MonkeyPatch) -> None:
    environment.setenv("RATE_LIMIT_UPLOADS", "1/h")
    guest = start().guest()
    assert _upload(guest, **{"X-Forwarded-For": "198.51.100.1"}).status_code == 201
    refused(_upload(guest, **{"X-Forwarded-For": "198.51.100.2"}), 429, "rate_limited")


def test_behind_a_proxy_only_its_own_word_counts(start: Start, environment: pytest.MonkeyPatch) -> None:
    environment.setenv("TRUSTED_HOPS", "1")
    environment.setenv("RATE_LIMIT_UPLOADS", "1/h")
    guest = start().guest()
    assert _upload(guest, **{"X-Forwarded-For": "203.0.113.9, 198.51.100.1"}).status_code == 201
    assert _upload(guest, **{"X-Forwarded-For": "198.51.100.1, 198.51.100.2"}).status_code == 200  # another caller
    spoofed = {"X-Forwarded-For": "198.51.100.2, 198.51.100.1"}
    refused(_upload(guest, **spoofed), 429, "rate_limited")


def test_a_refused_caller_keeps_what_is_his(start: Start, environment: pytest.MonkeyPatch) -> None:
    environment.setenv("RATE_LIMIT_UPLOADS", "1/h")
    guest = start().guest()
    upload(guest)
    refused(_upload(guest), 429, "rate_limited")
    assert len(guest.get("/api/assets").get_json()["items"]) == 1


def test_with_limits_off_nobody_is_counted(start: Start) -> None:
    guest = start().guest()
    for _ in range(15):
        upload(guest)
