"""The worker behind deploy/gunicorn.conf.py, in real servers; test_overload.py has it under load, through nginx."""

import os
import re
import socket
from contextlib import closing
from pathlib import Path

import pytest
import requests

from deploy import gunicorn_worker
from tests.processes import children
from tests.services.rembg.test_wsgi import START_S, gunicorn, wait_until

CONFIG = ("-c", "deploy/gunicorn.conf.py")
APP = "tests.deploy.counting_wsgi:app"
_COUNT = re.compile(r"^stolentee_http_requests_total\{.*\} (\S+)$", re.MULTILINE)


def _up(url: str) -> bool:
    try:
        return requests.get(url, timeout=START_S).ok
    except requests.ConnectionError:
        return False


def _scraped(url: str) -> float:
    return sum(float(value) for value in _COUNT.findall(requests.get(f"{url}/metrics", timeout=START_S).text))


def test_a_scrape_sums_over_processes_whichever_answers(tmp_path: Path) -> None:
    with gunicorn(tmp_path, *CONFIG, "--workers", "2", app=APP, TMPDIR=str(tmp_path)) as (process, url):
        wait_until(lambda: len(children(process.pid)) == 2 and _up(f"{url}/metrics"))
        for _ in range(6):
            assert requests.get(url, timeout=START_S).ok
        assert {_scraped(url) for _ in range(8)} == {6}
        assert len(list(tmp_path.glob("stolentee-metrics-*"))) == 1
    assert list(tmp_path.glob("stolentee-metrics-*")) == []


def test_a_stopping_server_refuses_connections_while_it_finishes(tmp_path: Path) -> None:
    with gunicorn(tmp_path, *CONFIG, app=APP) as (process, url):
        wait_until(lambda: _up(url))
        address = ("127.0.0.1", int(url.rpartition(":")[2]))
        with closing(socket.create_connection(address)) as sending:
            sending.sendall(b"GET / HTTP/1.1\r\nHost: x\r\n")  # holds a thread
            wait_until(lambda: _up(url))
            process.terminate()
            wait_until(lambda: not _up(url))
            sending.sendall(b"\r\n")
            assert sending.recv(100).startswith(b"HTTP/1.1 200")
        assert process.wait(START_S) == 0


def test_no_log_of_gunicorn_quotes_a_path(tmp_path: Path) -> None:
    """Nor the access log, which is off unless a deployer asks for it."""
    with gunicorn(tmp_path, *CONFIG, "--access-logfile", "-", app=APP) as (process, url):
        wait_until(lambda: _up(url))
        requests.get(f"{url}/assets/key-1?signature=key-2", timeout=START_S)
        for line in ("GET /assets/key-3 HTTP/9.9", "GET /assets/key-4 HTTP/1.1\r\nBad header /key-5", "G\x01T /key-6"):
            with closing(socket.create_connection(("127.0.0.1", int(url.rpartition(":")[2])))) as sender:
                sender.sendall(f"{line}\r\n\r\n".encode())
                assert sender.recv(100).startswith(b"HTTP/1.1 400")
        process.terminate()
        assert process.stdout
        said = process.stdout.read()
    assert "Invalid request from ip=127.0.0.1" in said
    assert "GET 200" in said
    assert "key-" not in said


@pytest.mark.parametrize(("platform", "lowered"), [("linux", [15]), ("darwin", [])])
def test_priorities_are_lowered_only_where_a_thread_has_its_own(
    platform: str, lowered: list[int], monkeypatch: pytest.MonkeyPatch
) -> None:
    asked: list[int] = []
    monkeypatch.setattr(os, "nice", asked.append)
    monkeypatch.setattr("sys.platform", platform)
    gunicorn_worker._lower_priority()
    assert asked == lowered
