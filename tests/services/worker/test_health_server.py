"""The worker's health checks and metrics over HTTP."""

import http.client
import json
import socket
from collections.abc import Iterator
from typing import Any

import pytest

from services.worker import health_server
from shared.health import Check, Health


@pytest.fixture(scope="module")
def state() -> Health:
    return Health("worker", (Check("storage", lambda: {"backend": "none"}),))


@pytest.fixture(scope="module")
def port(state: Health) -> Iterator[int]:
    server = health_server.serve(state, "127.0.0.1", 0, "the token")
    yield server.server_address[1]
    server.shutdown()
    server.server_close()


def _get(port: int, path: str, method: str = "GET", **headers: str) -> tuple[http.client.HTTPResponse, Any]:
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=5)
    connection.request(method, path, headers={name.replace("_", "-"): value for name, value in headers.items()})
    answer = connection.getresponse()
    text = answer.read()
    connection.close()
    return answer, json.loads(text) if answer.headers["Content-Type"] == "application/json" else text.decode()


def test_it_lives_as_soon_as_it_answers(port: int) -> None:
    for path in ("/health", "/health/live"):
        answer, body = _get(port, path)
        assert (answer.status, body["status"]) == (200, "ok")
        assert answer.headers["Cache-Control"] == "no-store"


def test_it_is_ready_between_start_and_end(port: int, state: Health) -> None:
    said = [_get(port, "/health/ready")]
    state.mark_ready()
    said.append(_get(port, "/health/ready"))
    state.mark_draining()
    said.append(_get(port, "/health/ready"))
    assert [(answer.status, body["status"]) for answer, body in said] == [
        (503, "starting"),
        (200, "ok"),
        (503, "draining"),
    ]
    assert said[1][1]["checks"] == {"storage": "ok"}


def test_operators_pages_are_for_this_machine_and_for_the_token(port: int) -> None:
    for path in ("/health/detailed", "/metrics"):
        assert _get(port, path)[0].status == 200
        assert _get(port, path, X_Forwarded_For="127.0.0.1")[0].status == 404
        assert _get(port, path, X_Forwarded_For="127.0.0.1", Authorization="Bearer another")[0].status == 404
        assert _get(port, path, X_Forwarded_For="127.0.0.1", Authorization="Bearer the token")[0].status == 200


def test_details_and_metrics_say_what_they_should(port: int) -> None:
    _, details = _get(port, "/health/detailed")
    assert (details["service"], details["storage"]["backend"]) == ("worker", "none")
    _, text = _get(port, "/metrics")
    assert "# TYPE stolentee_jobs_total counter" in text


def test_there_is_nothing_else(port: int) -> None:
    answer, body = _get(port, "/api/jobs")
    assert (answer.status, body["error"]["code"]) == (404, "not_found")
    assert _get(port, "/health", method="POST")[0].status == 501


def test_it_listens_on_ipv6_as_well(state: Health) -> None:
    with socket.socket(socket.AF_INET6) as probe:
        try:
            probe.bind(("::1", 0))
        except OSError:
            pytest.skip("this machine has no IPv6")
    server = health_server.serve(state, "::1", 0, None)
    connection = http.client.HTTPConnection("::1", server.server_address[1], timeout=5)
    connection.request("GET", "/health/live")
    assert connection.getresponse().status == 200
    connection.close()
    server.shutdown()
    server.server_close()
