"""What `shared.web` gives every Flask app: one error body, request ids and logs without secrets."""

import re
from collections.abc import Iterator
from typing import Any

import pytest
import structlog
from flask import Flask, Response, abort, request
from flask.testing import FlaskClient
from prometheus_client import REGISTRY
from werkzeug.exceptions import ServiceUnavailable, TooManyRequests

from shared import errors, web
from shared.health import Check, Health
from tests.shared.test_health import HEADERS

SECRET = "the password is swordfish"
OPS_TOKEN = "the operators' token"


def create() -> tuple[Flask, Health]:
    """An app with one route for each kind of response."""
    app = Flask("tests")
    app.config["MAX_CONTENT_LENGTH"] = 1000
    state = Health("tests", (Check("nothing", dict, critical=True),))
    web.install(app, state, OPS_TOKEN)

    @app.get("/ok/<int:number>")
    def ok(number: int) -> str:
        return f"{number} {web.request_id()}"

    @app.get("/failure")
    def failure() -> Response:
        raise errors.Busy("All presses are taken.", details={"places": 3}, retry_after_s=7)

    @app.get("/broken")
    def broken() -> Response:
        raise RuntimeError(SECRET)

    @app.post("/body")
    def body() -> str:
        return str(len(request.get_data()))

    @app.get("/http/<int:status>")
    def http(status: int) -> Response:
        abort(status)

    @app.get("/later")
    def later() -> Response:
        raise ServiceUnavailable(retry_after=11)

    @app.get("/many")
    def many() -> Response:
        raise TooManyRequests(description="Not so fast.", retry_after=12)

    return app, state


@pytest.fixture
def client() -> FlaskClient:
    return create()[0].test_client()


@pytest.fixture
def lines() -> Iterator[list[Any]]:
    """The lines logged during the test."""
    with structlog.testing.capture_logs() as captured:
        yield captured


def error(answer: Any, status: int) -> dict[str, Any]:
    """The error of a response, after checking what every error has."""
    assert answer.status_code == status
    assert answer.content_type == "application/json"
    assert answer.headers["Cache-Control"] == "no-store"
    found: dict[str, Any] = answer.json["error"]
    assert found["requestId"] == answer.headers["X-Request-Id"]
    return found


def test_a_failure_gets_its_own_message(client: FlaskClient) -> None:
    answer = client.get("/failure")
    found = error(answer, 503)
    assert found.pop("requestId")
    assert found == {"code": "busy", "message": "All presses are taken.", "details": {"places": 3}}
    assert answer.headers["Retry-After"] == "7"


@pytest.mark.parametrize(
    ("path", "method", "status", "code"),
    [
        ("/nowhere", "GET", 404, "not_found"),
        ("/ok/one", "GET", 404, "not_found"),
        ("/ok/1", "POST", 405, "method_not_allowed"),
        ("/http/400", "GET", 400, "invalid_request"),
        ("/http/401", "GET", 401, "unauthorized"),
        ("/http/403", "GET", 403, "forbidden"),
        ("/http/411", "GET", 411, "length_required"),
        ("/http/418", "GET", 418, "i_m_a_teapot"),
        ("/http/500", "GET", 500, "internal"),
        ("/http/503", "GET", 503, "unavailable"),
        ("/many", "GET", 429, "rate_limited"),
    ],
)
def test_an_error_of_the_framework_gets_the_same_body(
    client: FlaskClient, path: str, method: str, status: int, code: str
) -> None:
    found = error(client.open(path, method=method), status)
    assert found["code"] == code
    assert found["message"]


def test_an_error_of_the_framework_keeps_its_headers(client: FlaskClient) -> None:
    assert set(client.post("/ok/1").headers["Allow"].split(", ")) == {"GET", "HEAD", "OPTIONS"}
    assert client.get("/later").headers["Retry-After"] == "11"
    assert client.get("/many").headers["Retry-After"] == "12"


def test_a_body_over_the_cap_is_refused(client: FlaskClient) -> None:
    assert client.post("/body", data=b"x" * 1000).text == "1000"
    assert error(client.post("/body", data=b"x" * 1001), 413)["code"] == "body_too_large"


def test_an_unexpected_error_is_logged_and_reveals_nothing_to_the_caller(client: FlaskClient, lines: list[Any]) -> None:
    answer = client.get("/broken")
    assert error(answer, 500)["code"] == "internal"
    assert SECRET not in answer.text
    assert "Traceback" not in answer.text
    assert "RuntimeError" not in answer.text
    (line,) = [line for line in lines if line["event"] == "unexpected"]
    assert line["log_level"] == "error"
    assert str(line["exc_info"]) == SECRET


def test_each_request_has_an_id_of_its_own(client: FlaskClient) -> None:
    first, second = client.get("/ok/1"), client.get("/ok/1")
    assert re.fullmatch(r"[0-9a-f]{16}", first.headers["X-Request-Id"])
    assert first.text == f"1 {first.headers['X-Request-Id']}"
    assert first.headers["X-Request-Id"] != second.headers["X-Request-Id"]


@pytest.mark.parametrize("given", ["a", "0190a0b0-1234-7abc-8def-001122334455", "A.b_c-9", "x" * 64])
def test_a_valid_request_id_of_the_caller_is_kept(client: FlaskClient, given: str) -> None:
    answer = client.get("/ok/1", headers={"X-Request-Id": given})
    assert (answer.headers["X-Request-Id"], answer.text) == (given, f"1 {given}")


@pytest.mark.parametrize("given", ["", "x" * 65, "a b", 'a"b', "a;b", "é", "<script>", "{}", "a,b"])
def test_another_id_is_replaced(client: FlaskClient, given: str) -> None:
    answer = client.get("/ok/1", headers={"X-Request-Id": given})
    assert re.fullmatch(r"[0-9a-f]{16}", answer.headers["X-Request-Id"])


def test_every_response_forbids_content_sniffing(client: FlaskClient) -> None:
    for path in ("/ok/1", "/nowhere", "/broken", "/failure", "/health"):
        assert client.get(path).headers["X-Content-Type-Options"] == "nosniff"


def test_requests_are_logged_with_their_outcome(client: FlaskClient, lines: list[Any]) -> None:
    client.get("/ok/1")
    (line,) = [line for line in lines if line["event"] == "http_request"]
    assert (line["method"], line["route"], line["status"]) == ("GET", "/ok/<int:number>", 200)
    assert line["log_level"] == "info"
    assert 0 <= line["ms"] < 5000


@pytest.mark.parametrize("path", ["/ok/123456789", "/ok/123456789/", "/broken?key=123456789", "/OK/123456789"])
def test_no_line_names_the_path_of_a_request(client: FlaskClient, lines: list[Any], path: str) -> None:
    """The address of a picture is the permission to see it, and a mistyped one is close."""
    client.get(path)
    assert lines
    assert "123456789" not in str(lines)


def test_log_lines_carry_the_id_of_the_request(client: FlaskClient) -> None:
    for given in ("first", "second"):
        client.get("/ok/1", headers={"X-Request-Id": given})
        assert structlog.contextvars.get_contextvars() == {"request_id": given}


def test_probes_do_not_flood_the_log(client: FlaskClient, lines: list[Any]) -> None:
    for path in ("/health", "/health/live", "/health/ready", "/metrics"):
        client.get(path)
    assert {line["log_level"] for line in lines} == {"debug"}


def counted(**labels: str) -> float:
    return REGISTRY.get_sample_value("stolentee_http_requests_total", labels) or 0.0


def test_requests_are_counted_by_route_and_not_by_path(client: FlaskClient) -> None:
    before = counted(route="/ok/<int:number>", method="GET", status="200")
    client.get("/ok/1")
    client.get("/ok/2")
    assert counted(route="/ok/<int:number>", method="GET", status="200") == before + 2


def test_callers_cannot_add_metric_labels(client: FlaskClient) -> None:
    before = counted(route="unknown", method="other", status="404")
    for number in range(3):
        client.open(f"/made/up/{number}", method=f"MADEUP{number}")
    assert counted(route="unknown", method="other", status="404") == before + 3
    assert "MADEUP" not in client.get("/metrics").text


def test_health_is_public_and_never_cached() -> None:
    app, state = create()
    outside = {"REMOTE_ADDR": "10.0.0.1"}
    client = app.test_client()
    for path, status in (("/health", 200), ("/health/live", 200), ("/health/ready", 503)):
        answer = client.get(path, environ_overrides=outside)
        assert answer.status_code == status
        assert answer.headers["Cache-Control"] == "no-store"
    state.mark_ready()
    answer = client.get("/health/ready", environ_overrides=outside)
    assert answer.status_code == 200
    assert answer.json
    assert answer.json["checks"] == {"nothing": "ok"}


OPERATORS_PAGES = ("/health/detailed", "/metrics")


@pytest.mark.parametrize("path", OPERATORS_PAGES)
def test_operations_routes_open_on_this_machine_or_with_the_token(client: FlaskClient, path: str) -> None:
    answer = client.get(path)
    assert answer.status_code == 200
    assert answer.headers["Cache-Control"] == "no-store"
    token = {"Authorization": f"Bearer {OPS_TOKEN}"}
    assert client.get(path, headers=token, environ_overrides={"REMOTE_ADDR": "10.0.0.1"}).status_code == 200


@pytest.mark.parametrize("path", OPERATORS_PAGES)
def test_operations_routes_are_not_found_for_others(client: FlaskClient, path: str) -> None:
    for headers in ({}, {"Authorization": "Bearer guess"}, {"Authorization": "Bearer "}):
        assert error(client.get(path, headers=headers, environ_overrides={"REMOTE_ADDR": "10.0.0.1"}), 404)
    for name in HEADERS:
        assert error(client.get(path, headers={name: "127.0.0.1"}), 404)


def test_operations_routes_show_details_and_metrics(client: FlaskClient) -> None:
    body = client.get("/health/detailed").json
    assert body
    assert {"status", "timestamp", "uptime", "memory", "cpu", "nothing", "service"} <= set(body)
    assert client.get("/metrics").content_type.startswith("text/plain")
