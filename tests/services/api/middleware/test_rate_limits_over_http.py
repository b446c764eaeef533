"""Rate limits over real processes and addresses, where a client might try to pass for several."""

import http.client
import time
from collections import Counter
from collections.abc import Iterator

import pytest

from deploy.local import ports
from shared.db import ids
from tests.services.api.served import Served

_WINDOW_S = 5
_DISGUISES: tuple[dict[str, str], ...] = (
    {},
    {"X-Forwarded-For": "198.51.100.7"},
    {"X_Forwarded_For": "198.51.100.8"},
    {"Forwarded": "for=198.51.100.9"},
    {"X-Real-Ip": "198.51.100.10"},
    {"Cookie": "session=" + "a" * 43},
)


@pytest.fixture
def instances(environment: pytest.MonkeyPatch) -> Iterator[list[Served]]:
    environment.setenv("RATE_LIMIT_API", f"6/{_WINDOW_S}s")
    both = [Served(ports.free()) for _ in range(2)]
    yield both
    for instance in both:
        instance.stop()


def _ask(instance: Served, source: str, headers: dict[str, str] | None = None) -> tuple[int, str | None]:
    """A counted call from this address: its status and Retry-After."""
    connection = http.client.HTTPConnection("127.0.0.1", instance.port, timeout=20, source_address=(source, 0))
    connection.request("DELETE", f"/api/jobs/{ids.new()}", headers=headers or {})
    response = connection.getresponse()
    response.read()
    connection.close()
    return response.status, response.headers["Retry-After"]


def test_two_processes_share_counts_and_a_client_cannot_multiply(instances: list[Served]) -> None:
    assert {_ask(instance, "127.0.0.3")[0] for instance in instances} == {
        404
    }  # another client, which also warms the processes up
    report = [_ask(instance, "127.0.0.2", disguise) for disguise in _DISGUISES for instance in instances]
    assert Counter(status for status, _ in report) == {404: 6, 429: 6}
    wait_s = int(report[-1][1] or 0)
    assert 1 <= wait_s <= _WINDOW_S
    assert _ask(instances[0], "127.0.0.3")[0] == 404
    time.sleep(wait_s)
    assert _ask(instances[1], "127.0.0.2")[0] == 404  # after the stated wait
