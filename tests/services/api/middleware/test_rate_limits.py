"""Rate limits: what counts against which limit, across instances, with and without Redis."""

import time
from collections import Counter
from concurrent.futures import ThreadPoolExecutor
from urllib.parse import urlsplit

import pytest
import redis
from flask.testing import FlaskClient
from werkzeug.test import TestResponse

from shared.db import ids
from tests.chaos.proxy import Proxy
from tests.services import pictures
from tests.services.api.client import cut_out, refused, send, upload
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


def test_a_caller_that_waits_for_retry_after_is_served(start: Start, environment: pytest.MonkeyPatch) -> None:
    environment.setenv("RATE_LIMIT_UPLOADS", "2/3s")
    guest = start().guest()
    while (response := _upload(guest)).status_code != 429:
        pass
    wait_s = int(response.headers["Retry-After"])
    assert 1 <= wait_s <= 3
    time.sleep(wait_s)
    upload(guest)


def test_reading_is_never_counted(start: Start, environment: pytest.MonkeyPatch) -> None:
    environment.setenv("RATE_LIMIT_API", "2/h")
    environment.setenv("RATE_LIMIT_UPLOADS", "2/h")
    guest = start().guest()
    accepted, asset = cut_out(guest), upload(guest)
    refused(_upload(guest), 429, "rate_limited")
    reads = ["/api/jobs", accepted["statusUrl"], "/api/assets", f"/api/assets/{asset['id']}", asset["url"]]
    for path in [*reads, "/health", "/health/ready", "/metrics", "/docs", "/openapi.json"]:
        assert guest.get(path, buffered=True).status_code == 200


def test_other_writes_count_against_the_general_limit_only(start: Start, environment: pytest.MonkeyPatch) -> None:
    environment.setenv("RATE_LIMIT_API", "3/h")
    environment.setenv("RATE_LIMIT_UPLOADS", "2/h")
    guest = start().guest()
    accepted = cut_out(guest)
    assert guest.delete(accepted["statusUrl"]).status_code == 200
    assert guest.post(f"{accepted['statusUrl']}/retry").status_code == 202
    refused(guest.delete(accepted["statusUrl"]), 429, "rate_limited")
    refused(_upload(guest), 429, "rate_limited")  # an upload counts as a write too


def test_refused_uploads_leave_the_general_limit_alone(start: Start, environment: pytest.MonkeyPatch) -> None:
    environment.setenv("RATE_LIMIT_API", "5/h")
    environment.setenv("RATE_LIMIT_UPLOADS", "1/h")
    guest = start().guest()
    upload(guest)
    for _ in range(6):
        refused(_upload(guest), 429, "rate_limited")
    for _ in range(4):
        assert guest.delete(f"/api/jobs/{ids.new()}").status_code == 404
    refused(guest.delete(f"/api/jobs/{ids.new()}"), 429, "rate_limited")


def test_writes_refused_by_the_general_limit_leave_the_upload_limit_alone(
    start: Start, environment: pytest.MonkeyPatch
) -> None:
    environment.setenv("RATE_LIMIT_API", "2/5s")  # five calls take less
    environment.setenv("RATE_LIMIT_UPLOADS", "2/h")
    guest = start().guest()
    for _ in range(2):
        guest.delete(f"/api/jobs/{ids.new()}")
    refusals = [_upload(guest) for _ in range(3)]
    for refusal in refusals:
        refused(refusal, 429, "rate_limited")
    time.sleep(int(refusals[-1].headers["Retry-After"]))
    upload(guest)
    upload(guest)


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


def test_behind_a_proxy_only_the_proxy_s_header_counts(start: Start, environment: pytest.MonkeyPatch) -> None:
    environment.setenv("TRUSTED_HOPS", "1")
    environment.setenv("RATE_LIMIT_UPLOADS", "1/h")
    guest = start().guest()
    assert _upload(guest, **{"X-Forwarded-For": "203.0.113.9, 198.51.100.1"}).status_code == 201
    assert _upload(guest, **{"X-Forwarded-For": "198.51.100.1, 198.51.100.2"}).status_code == 200  # another caller
    spoofed = {"X-Forwarded-For": "198.51.100.2, 198.51.100.1"}
    refused(_upload(guest, **spoofed), 429, "rate_limited")


def test_a_refused_caller_keeps_its_rows(start: Start, environment: pytest.MonkeyPatch) -> None:
    environment.setenv("RATE_LIMIT_UPLOADS", "1/h")
    guest = start().guest()
    upload(guest)
    refused(_upload(guest), 429, "rate_limited")
    assert len(guest.get("/api/assets").get_json()["items"]) == 1


def test_with_limits_off_no_request_is_counted(start: Start) -> None:
    guest = start().guest()
    for _ in range(15):
        upload(guest)


def test_a_burst_at_the_end_of_a_window_is_not_followed_by_another(
    start: Start, environment: pytest.MonkeyPatch
) -> None:
    """In any stretch as long as the window, at most the limit passes; fixed windows let twice as many through."""
    environment.setenv("RATE_LIMIT_API", "8/2s")
    guest = start().guest()
    passed: list[tuple[float, float]] = []  # the earliest and latest moment at which it was counted
    until = time.monotonic() + 4.5
    while time.monotonic() < until:
        before = time.monotonic()
        if guest.delete(f"/api/jobs/{ids.new()}").status_code == 404:
            passed.append((before, time.monotonic()))
        time.sleep(1.7 if len(passed) == 1 else 0.05)  # the first opens a window, the others come at its end
    assert len(passed) > 8
    for (first, _), (_, ninth) in zip(passed, passed[8:], strict=False):
        assert ninth - first > 2


def test_fifty_concurrent_requests_share_one_limit(start: Start, environment: pytest.MonkeyPatch) -> None:
    environment.setenv("RATE_LIMIT_API", "20/h")
    one, other = start(), start()
    for _ in range(15):
        assert one.guest().delete(f"/api/jobs/{ids.new()}").status_code == 404

    def ask(number: int) -> int:
        return (one, other)[number % 2].guest().delete(f"/api/jobs/{ids.new()}").status_code

    with ThreadPoolExecutor(16) as callers:
        assert Counter(callers.map(ask, range(50))) == {404: 5, 429: 45}


def test_counted_responses_have_rate_limit_headers_and_others_do_not(
    start: Start, environment: pytest.MonkeyPatch
) -> None:
    environment.setenv("RATE_LIMIT_API", "9/h")
    environment.setenv("RATE_LIMIT_UPLOADS", "2/h")
    guest = start().guest()

    def report(response: TestResponse) -> tuple[str | None, str | None]:
        return response.headers.get("RateLimit-Limit"), response.headers.get("RateLimit-Remaining")

    assert report(_upload(guest)) == ("2", "1")
    assert report(guest.delete(f"/api/jobs/{ids.new()}")) == ("9", "7")
    assert report(_upload(guest)) == ("2", "0")
    refusal = _upload(guest)
    assert report(refusal) == ("2", "0")
    assert refusal.headers["RateLimit-Reset"] == refusal.headers["Retry-After"]
    assert report(guest.get("/api/jobs")) == (None, None)


def test_without_redis_each_instance_gets_a_share_of_the_uploads_only(
    start: Start, environment: pytest.MonkeyPatch
) -> None:
    environment.setenv("REDIS_URL", "redis://127.0.0.1:1/0")
    environment.setenv("RATE_LIMIT_UPLOADS", "9/h")
    environment.setenv("RATE_LIMIT_API", "9/h")
    environment.setenv("API_INSTANCES", "4")
    guest = start().guest()
    for _ in range(2):
        upload(guest)
    refused(_upload(guest), 429, "rate_limited")
    for _ in range(7):
        assert guest.delete(f"/api/jobs/{ids.new()}").status_code == 404
    refused(guest.delete(f"/api/jobs/{ids.new()}"), 429, "rate_limited")


def test_counts_are_shared_again_when_redis_is_back(
    start: Start, environment: pytest.MonkeyPatch, redis_url: str
) -> None:
    environment.setenv("RATE_LIMIT_API", "1000/h")
    server = urlsplit(redis_url)
    with redis.Redis.from_url(redis_url) as shared, Proxy(server.port or 0) as network:
        environment.setenv("REDIS_URL", redis_url.replace(f":{server.port}/", f":{network.port}/"))
        guest = start().guest()
        network.refusing = True
        assert guest.delete(f"/api/jobs/{ids.new()}").status_code == 404
        assert shared.keys("stolentee:calls:*") == []
        network.heal()
        until = time.monotonic() + 20
        while not shared.keys("stolentee:calls:*"):
            assert time.monotonic() < until
            assert guest.delete(f"/api/jobs/{ids.new()}").status_code == 404
            time.sleep(0.05)


@pytest.mark.parametrize(
    ("first", "second", "same"),
    [
        ("2001:db8:1:2::1", "2001:db8:1:2:ffff::9", True),  # one customer's network
        ("2001:db8:1:2::1", "2001:db8:1:3::1", False),
        ("::ffff:192.0.2.1", "192.0.2.1", True),
        ("::ffff:192.0.2.1", "::ffff:192.0.2.2", False),
        ("192.0.2.1", "192.0.2.2", False),
        ("192.0.2.1:4711", "192.0.2.1:4712", True),  # as some proxies append it
        ("192.0.2.1:4711", "192.0.2.1", True),
        ("192.0.2.1:4711", "192.0.2.2:4711", False),
        ("[2001:db8:1:2::1]:4711", "[2001:db8:1:2::9]:4712", True),
        ("[2001:db8:1:2::1]", "2001:db8:1:2::1", True),
        ("[2001:db8:1:2::1]:4711", "[2001:db8:1:3::1]:4711", False),
        ("[::ffff:192.0.2.1]:4711", "192.0.2.1", True),
        ("fe80::1%eth0", "fe80::2%eth1", True),
        ("unknown", "_hidden", True),  # whatever is no address is one client
    ],
)
def test_a_client_is_an_ipv4_address_or_an_ipv6_network(
    start: Start, environment: pytest.MonkeyPatch, first: str, second: str, same: bool
) -> None:
    environment.setenv("TRUSTED_HOPS", "1")
    environment.setenv("RATE_LIMIT_API", "1/h")
    guest = start().guest()
    path = f"/api/jobs/{ids.new()}"
    assert guest.delete(path, headers={"X-Forwarded-For": first}).status_code == 404
    assert guest.delete(path, headers={"X-Forwarded-For": second}).status_code == (429 if same else 404)


def test_wrong_keys_are_counted_too(start: Start, environment: pytest.MonkeyPatch) -> None:
    environment.setenv("RATE_LIMIT_API", "2/h")
    guest = start().guest()
    for _ in range(2):
        refused(guest.get("/api/admin/jobs", headers={"X-Api-Key": "sk_wrong"}), 401, "unauthorized")
    refused(guest.get("/api/admin/jobs", headers={"X-Api-Key": "sk_wrong"}), 429, "rate_limited")
