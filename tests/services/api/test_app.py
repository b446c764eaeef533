"""The api as a whole: health, behaviour without its dependencies, and what it never reveals."""

import socket
import time
from collections.abc import Callable, Iterator

import pytest
import redis
from flask.testing import FlaskClient

from shared import health
from tests.services.api.client import body, cut_out, refused, upload
from tests.services.api.conftest import Api, Start

_FAR = {"REMOTE_ADDR": "203.0.113.7"}


def test_liveness_checks_no_dependency(guest: FlaskClient) -> None:
    for path in ("/health", "/health/live"):
        response = guest.get(path)
        assert response.status_code == 200
        assert response.headers["Cache-Control"] == "no-store"
        assert set(body(response)) == {"status", "timestamp"}
        assert body(response)["status"] == "ok"


def test_without_rembg_the_api_is_degraded_but_ready(guest: FlaskClient) -> None:
    response = guest.get("/health/ready")
    assert response.status_code == 200
    assert body(response)["status"] == "degraded"
    assert body(response)["checks"] == {"database": "ok", "storage": "ok", "redis": "ok", "rembg": "down"}


def test_without_the_database_the_api_is_not_ready_after_three_checks(
    start: Start, monkeypatch: pytest.MonkeyPatch, lose_database: Callable[[], None]
) -> None:
    monkeypatch.setattr(health, "FRESH_S", 0)
    monkeypatch.setattr(health, "ANSWER_S", 5)
    guest = start().guest()
    assert guest.get("/health/ready").status_code == 200
    lose_database()
    said = [guest.get("/health/ready") for _ in range(3)]
    assert [(response.status_code, body(response)["status"]) for response in said] == [
        (200, "degraded"),
        (200, "degraded"),
        (503, "unavailable"),
    ]
    assert guest.get("/health/live").status_code == 200


def test_operations_routes_are_for_this_machine_and_the_token(start: Start, environment: pytest.MonkeyPatch) -> None:
    environment.setenv("OPS_TOKEN", "the token of operations")
    environment.setenv("TRUSTED_HOPS", "1")
    guest = start().guest()
    right, wrong = {"Authorization": "Bearer the token of operations"}, {"Authorization": "Bearer another"}
    for path in ("/health/detailed", "/metrics"):
        assert guest.get(path).status_code == 200
        refused(guest.get(path, headers={"X-Forwarded-For": "127.0.0.1"}), 404, "not_found")
        refused(guest.get(path, environ_base=_FAR), 404, "not_found")
        refused(guest.get(path, environ_base=_FAR, headers=wrong), 404, "not_found")
        assert guest.get(path, environ_base=_FAR, headers=right).status_code == 200


def test_health_details_hold_no_secret(api: Api, database_url: str, redis_url: str) -> None:
    response = api.guest().get("/health/detailed")
    facts = body(response)
    assert {"database", "storage", "redis", "rembg", "memory", "cpu", "uptime", "service"} < set(facts)
    assert facts["service"] == "api"
    assert set(facts["database"]["pool"]) == {"total", "idle", "waiting"}
    for url in (database_url, redis_url, api.deps.secret):
        for part in (url, url.rpartition("@")[0].rpartition(":")[2]):
            assert not part or part not in response.text


def test_metrics_count_by_route_not_by_id(guest: FlaskClient) -> None:
    accepted = cut_out(guest)
    guest.get(accepted["statusUrl"])
    text = guest.get("/metrics").text
    assert 'stolentee_http_requests_total{method="GET",route="/api/jobs/<uuid:job_id>",status="200"}' in text
    assert 'stolentee_uploads_total{outcome="ok"}' in text
    assert accepted["id"] not in text


def test_a_cut_out_sends_one_wake_up_and_an_upload_none(guest: FlaskClient, redis_url: str) -> None:
    with redis.Redis.from_url(redis_url) as server:
        upload(guest)
        assert server.llen("jobs") == 0
        accepted = cut_out(guest)
        assert server.llen("jobs") == 1
        guest.delete(accepted["statusUrl"])
        guest.post(f"{accepted['statusUrl']}/retry")
        assert server.llen("jobs") == 2


@pytest.fixture
def silent_port() -> Iterator[int]:
    """The port of a server that accepts connections and never answers."""
    with socket.create_server(("127.0.0.1", 0)) as server:
        yield server.getsockname()[1]


@pytest.mark.parametrize("silent", [False, True], ids=["refusing", "silent"])
def test_without_a_broker_a_cut_out_is_still_accepted(
    start: Start, environment: pytest.MonkeyPatch, silent_port: int, silent: bool
) -> None:
    environment.setenv("REDIS_URL", f"redis://127.0.0.1:{silent_port if silent else 1}/0")
    guest = start().guest()
    began = time.monotonic()
    accepted = cut_out(guest)
    assert time.monotonic() - began < 20  # unbounded, the wait for a silent server would not end
    assert body(guest.get(accepted["statusUrl"]))["status"] == "queued"
    until = time.monotonic() + 20  # the check connects to Redis itself, which takes a moment
    while body(guest.get("/health/ready"))["checks"]["redis"] != "down":
        assert time.monotonic() < until
        time.sleep(0.1)


def test_a_valid_request_id_is_kept_and_any_other_replaced(guest: FlaskClient) -> None:
    for given in ("abc-123", "x" * 64):
        assert guest.get("/health", headers={"X-Request-Id": given}).headers["X-Request-Id"] == given
    for given in ("", "a b", "x" * 65, "é", "{}"):
        made = guest.get("/health", headers={"X-Request-Id": given}).headers["X-Request-Id"]
        assert made != given
        assert len(made) == 16


def test_unknown_paths_and_methods_get_the_error_body(guest: FlaskClient) -> None:
    refused(guest.get("/nowhere"), 404, "not_found")
    refused(guest.get("/api/jobs/not-an-id"), 404, "not_found")
    response = guest.put("/api/jobs")
    refused(response, 405, "method_not_allowed")
    assert set(response.headers["Allow"].split(", ")) == {"GET", "HEAD", "OPTIONS", "POST"}


def test_an_internal_error_reveals_nothing(api: Api) -> None:
    guest = api.guest()
    upload(guest)
    with api.deps.database.transaction() as connection:
        connection.execute("drop table jobs cascade")
    refused(guest.post("/api/cutouts", data={}), 400, "missing_file")
    response = guest.get("/api/jobs")
    refused(response, 500, "internal")
    assert "jobs" not in response.text
