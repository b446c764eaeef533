"""Live monitoring: Prometheus finds every instance, and every query of the dashboards returns data."""

from collections.abc import Iterator
from typing import Any

import pytest
import requests

from deploy.local.api_client import SAMPLE
from deploy.local.errors import CommandError
from tests.deploy.test_queries import dashboard_queries
from tests.services import pictures
from tests.system.containers.engine import Compose, until

ADDRESS = "http://127.0.0.1:9090"
SOON_S = 120.0  # scrapes every 10 s; a rate needs two of them
ALERT_S = 60.0


@pytest.fixture(scope="module")
def watched(compose: Compose) -> Iterator[Compose]:
    compose.run("--profile", "observability", "up", "--wait", "prometheus", "alertmanager")
    _make_something_of_everything(compose)
    yield compose
    compose.run("--profile", "observability", "rm", "--stop", "--force", "--volumes", "prometheus", "alertmanager")


def _make_something_of_everything(compose: Compose) -> None:
    compose.caller().cut_out(SAMPLE.read_bytes(), "sample.jpg")
    with pytest.raises(CommandError, match="unknown_foreground"):
        compose.caller().cut_out(pictures.png(), "nothing on it.png")
    with pytest.raises(CommandError, match="unsupported_image"):
        compose.caller().cut_out(b"words", "no picture.png")


def _ask(path: str, **parameters: str) -> Any:
    session = requests.Session()
    session.trust_env = False
    answer = session.get(f"{ADDRESS}/api/v1/{path}", params=parameters, timeout=5)
    return answer.json()["data"]


def _found() -> bool:
    try:
        return len(_ask("query", query="up == 1")["result"]) == 3
    except requests.RequestException:
        return False


def test_every_instance_is_found(watched: Compose) -> None:
    until(_found, SOON_S)


@pytest.mark.parametrize("query", dashboard_queries())
def test_every_query_returns_data(watched: Compose, query: str) -> None:
    until(lambda: bool(_ask("query", query=query)["result"]), SOON_S)


def _firing(alert: str) -> bool:
    return any(
        found["labels"]["alertname"] == alert and found["state"] == "firing" for found in _ask("alerts")["alerts"]
    )


def test_a_stopped_redis_raises_an_alert_within_a_minute_that_clears_again(watched: Compose) -> None:
    watched.run("stop", "redis")
    took = until(lambda: _firing("RedisDown"), ALERT_S)
    watched.run("start", "redis")
    cleared = until(lambda: not _firing("RedisDown"), ALERT_S)
    print(f"RedisDown after {took:.0f} s, over {cleared:.0f} s after it was back")
