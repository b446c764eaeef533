"""Overload and shutdown: a real gunicorn with a slow network, whose callers always get an answer."""

import signal
import socket
import threading
import time
from collections.abc import Callable
from pathlib import Path

import pytest
import requests

from bench.removal.flood import flood, percentile
from tests.processes import children
from tests.services.rembg import pictures
from tests.services.rembg.test_wsgi import START_S, gunicorn, wait_until, wait_until_ready

CONFIG = ("-c", "deploy/gunicorn.conf.py", "--worker-class", "deploy.gunicorn_worker.RembgWorker")
SLOW = "tests.services.rembg.slow_wsgi:app"
PNG = pictures.encode(pictures.shirt())


def post(url: str) -> requests.Response:
    """Cut out with the network, which is what is slow."""
    return requests.post(f"{url}/remove", params={"method": "network"}, data=PNG, timeout=START_S)


def ask(url: str) -> None:
    """Ignore the answer."""
    post(url)


def together(count: int, work: Callable[[], None]) -> list[threading.Thread]:
    threads = [threading.Thread(target=work) for _ in range(count)]
    for thread in threads:
        thread.start()
    return threads


def test_stopping_finishes_running_work_and_refuses_the_waiting_at_once(tmp_path: Path) -> None:
    with gunicorn(tmp_path, *CONFIG, app=SLOW, SLOW_S="2", REMBG_MAX_WORKERS="1") as (process, url):
        wait_until_ready(url)
        answers: list[tuple[int, float]] = []

        def note() -> None:
            answer = post(url)
            answers.append((answer.status_code, time.monotonic()))

        threads = together(4, note)
        wait_until(lambda: requests.get(f"{url}/stats", timeout=START_S).json()["waiting"] == 3)
        process.terminate()
        for thread in threads:
            thread.join(START_S)
        assert [status for status, _ in sorted(answers, key=lambda answer: answer[1])] == [503, 503, 503, 200]
        assert process.wait(30) == 0


@pytest.mark.parametrize("after_s", [0.2, 1.0])
def test_stopping_twice_or_during_the_start_ends_cleanly(tmp_path: Path, after_s: float) -> None:
    with gunicorn(tmp_path, *CONFIG) as (process, _):
        time.sleep(after_s)
        process.terminate()
        process.terminate()
        assert process.wait(START_S) in (0, -signal.SIGTERM)  # before Python has installed its handlers
    assert list(tmp_path.iterdir()) == []


def test_a_caller_that_sends_everything_before_reading_sees_the_refusal(tmp_path: Path) -> None:
    options = {"SLOW_S": "3", "REMBG_MAX_WORKERS": "1", "REMBG_MAX_WAITING": "0"}
    with gunicorn(tmp_path, *CONFIG, app=SLOW, **options) as (_, url):
        wait_until_ready(url)
        busy = together(1, lambda: ask(url))
        wait_until(lambda: requests.get(f"{url}/stats", timeout=START_S).json()["inFlight"] == 1)
        body = bytes(8_000_000)
        with socket.create_connection(("127.0.0.1", int(url.rpartition(":")[2])), START_S) as connection:
            connection.sendall(
                f"POST /remove HTTP/1.1\r\nHost: x\r\nContent-Length: {len(body)}\r\n\r\n".encode() + body
            )
            response = connection.recv(1 << 16)
        assert response.startswith(b"HTTP/1.1 503 ")
        assert b"Retry-After:" in response
        assert b"Connection: close" in response
        busy[0].join(START_S)


def test_a_stuck_process_is_replaced(tmp_path: Path) -> None:
    options = {"SLOW_S": "600", "REMBG_DEADLINE_S": "0.5", "REMBG_STUCK_S": "1.5"}
    with gunicorn(tmp_path, *CONFIG, app=SLOW, **options) as (process, url):
        wait_until_ready(url)
        stuck = children(process.pid)
        answer = post(url)
        assert (answer.status_code, answer.json()["error"]["code"]) == (503, "unavailable")
        wait_until(lambda: children(process.pid) not in (stuck, []))
        wait_until_ready(url)


def test_several_processes_are_refused_at_start(tmp_path: Path) -> None:
    with gunicorn(tmp_path, *CONFIG, "--workers", "2") as (process, _):
        output, _ = process.communicate(timeout=START_S)
    assert process.returncode == 3
    assert "rembg runs in one process: set REMBG_MAX_WORKERS" in output


def test_a_flood_gets_only_pictures_and_refusals(tmp_path: Path) -> None:
    large = pictures.encode(pictures.shirt((3000, 2000)), "JPEG", quality=95)
    with gunicorn(tmp_path, *CONFIG) as (_, url):
        wait_until_ready(url)
        port = int(url.rpartition(":")[2])
        seen = flood(port, "/remove", large, "image/jpeg", connections=60, seconds=3, health="/health/live")
    assert set(seen.statuses) == {"200", "503"}
    assert percentile(seen.refusals_s, 50) < 2  # 250 ms is for `make soak`, on a quiet machine
    assert percentile(seen.health_s, 50) < 1
