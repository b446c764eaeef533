"""The service as deployed: a real gunicorn, real sockets."""

import os
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
import requests

from deploy.local import ports
from services.rembg.request_parser import MAX_BYTES
from tests.processes import children, lowered, nicenesses
from tests.services.rembg import pictures

START_S = 30


@contextmanager
def gunicorn(
    folder: Path, *options: str, app: str = "services.rembg.wsgi:app", **environment: str
) -> Iterator[tuple[subprocess.Popen[str], str]]:
    """The process and its URL; it is stopped at the end."""
    kept = {name: value for name, value in os.environ.items() if not name.startswith("REMBG_")}
    address = f"127.0.0.1:{ports.free()}"
    process = subprocess.Popen(
        [sys.executable, "-m", "gunicorn", "--no-control-socket", "-b", address, *options, app],
        env={**kept, "MODELS_DIR": str(folder), **environment},
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
    )
    try:
        yield process, f"http://{address}"
    finally:
        process.terminate()
        process.communicate(timeout=START_S)


def wait_until(happened: Callable[[], bool]) -> None:
    deadline = time.monotonic() + START_S
    while not happened():
        assert time.monotonic() < deadline
        time.sleep(0.02)


def wait_until_ready(url: str) -> None:
    wait_until(lambda: listens(url) and requests.get(f"{url}/health/ready", timeout=START_S).ok)


def listens(url: str) -> bool:
    try:
        socket.create_connection(("127.0.0.1", int(url.rpartition(":")[2])), START_S).close()
    except ConnectionError:
        return False
    return True


def test_plain_gunicorn_serves_cutouts(tmp_path: Path) -> None:
    with gunicorn(tmp_path) as (process, url):
        wait_until_ready(url)
        answer = requests.post(f"{url}/remove", data=pictures.encode(pictures.shirt()), timeout=START_S)
        assert answer.status_code == 200
        assert answer.headers["X-Model"] == "compact"
        assert pictures.pixels(answer.content).shape == (360, 480, 4)
        assert {lowered(0), lowered(5)} <= {
            niceness for child in children(process.pid) for niceness in nicenesses(child)
        }
        process.terminate()
        assert process.wait(START_S) == 0


def test_truncated_and_oversized_bodies_are_refused_and_the_next_picture_is_served(tmp_path: Path) -> None:
    data = pictures.encode(pictures.shirt())
    with gunicorn(tmp_path, "--worker-class", "gthread", "--threads", "4") as (_, url):
        wait_until_ready(url)
        with socket.create_connection(("127.0.0.1", int(url.rpartition(":")[2])), START_S) as connection:
            head = f"POST /remove HTTP/1.1\r\nHost: localhost\r\nContent-Length: {len(data)}\r\n\r\n"
            connection.sendall(head.encode() + data[: len(data) // 2])
            connection.shutdown(socket.SHUT_WR)
            assert connection.recv(1 << 16).startswith(b"HTTP/1.1 400 ")
        huge = requests.post(f"{url}/remove", files={"image_file": bytes(MAX_BYTES + 1)}, timeout=START_S)
        assert (huge.status_code, huge.json()["error"]["code"]) == (413, "body_too_large")
        assert requests.post(f"{url}/remove", files={"image_file": data}, timeout=START_S).status_code == 200


def test_a_picture_that_arrives_during_the_start_waits_for_it(tmp_path: Path) -> None:
    with gunicorn(tmp_path) as (_, url):
        while not listens(url):
            time.sleep(0.01)
        answer = requests.post(f"{url}/remove", data=pictures.encode(pictures.shirt()), timeout=START_S)
        assert answer.status_code == 200
        wait_until_ready(url)


@pytest.mark.parametrize("model", ["u2net", "bria-rmbg"])
def test_a_network_that_cannot_be_loaded_ends_the_server(tmp_path: Path, model: str) -> None:
    with gunicorn(tmp_path, REMBG_MODEL=model) as (process, _):
        output, _ = process.communicate(timeout=START_S)
    assert process.returncode == 3
    assert "make models" in output if model == "u2net" else "REMBG_MODEL: Input should be" in output
    assert output.count("Booting worker") == 1  # not restarted
