"""A real worker process: how soon it starts a job, how it stops, what it costs Redis, and when it refuses to start."""

import json
import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from urllib.error import URLError
from urllib.request import urlopen

import pytest
import redis

from services.worker.app import _purges
from services.worker.settings import Settings
from shared.broker import Waker
from shared.models.job import JobState, Queue
from tests.services import pictures
from tests.services.worker.conftest import Bench
from tests.services.worker.rembg_double import cut_out

_ROOT = Path(__file__).parents[3]
_COMMAND = ["-m", "celery", "-A", "services.worker.app", "worker"]
# A worker whose sweeps fail once a file exists, and whose periodic tasks are late after half a second.
_LOSING = """
import os, sys
from celery.__main__ import main
from services.worker import app, periodic, rescuer
periodic.LOOK_S = 0.1
begin, sweep = periodic.PeriodicTask.__init__, rescuer.Rescuer.sweep
periodic.PeriodicTask.__init__ = lambda self, *args, tolerance_s, **rest: begin(self, *args, tolerance_s=0.5, **rest)
rescuer.Rescuer.sweep = lambda self: 1 / 0 if os.path.exists(os.environ["LOST"]) else sweep(self)
sys.argv[:1] = ["celery", "-A", "services.worker.app", "worker"]
main()
"""
# A worker that polls five times a second.
_POLLING = """
import sys
from celery.__main__ import main
from services.worker import poller
poller.EVERY_S = 0.2
sys.argv[:1] = ["celery", "-A", "services.worker.app", "worker"]
main()
"""
_QUIETLY = ["--without-gossip", "--without-mingle", "--without-heartbeat"]


@contextmanager
def _started(port: int, command: list[str] = _COMMAND) -> Iterator[subprocess.Popen[str]]:
    worker = subprocess.Popen(
        [sys.executable, *command, *_QUIETLY],
        cwd=_ROOT,
        env={**os.environ, "WORKER_PORT": str(port), "BIND_HOST": "127.0.0.1"},
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
    )
    try:
        yield worker
    finally:
        worker.kill()
        worker.communicate()


def _until(holds: Callable[[], bool], within_s: float = 20) -> float:
    """Wait, and return the seconds it took."""
    began = time.monotonic()
    while not holds():
        assert time.monotonic() - began < within_s
        time.sleep(0.01)
    return time.monotonic() - began


def _ready(port: int) -> bool:
    try:
        with urlopen(f"http://127.0.0.1:{port}/health/ready", timeout=2) as answer:
            return bool(answer.status == 200)
    except (URLError, ConnectionError):
        return False


def _redis(port: int) -> object:
    with urlopen(f"http://127.0.0.1:{port}/health/ready", timeout=2) as answer:
        return json.load(answer)["checks"]["redis"]


def _run(bench: Bench, waker: Waker) -> float:
    """Create a job with its wake-up; the seconds until it was done."""
    job_id = bench.order()
    waker.wake(job_id, Queue.CUTOUTS)
    return _until(lambda: bench.job(job_id).status is JobState.DONE)


def _commands(server: redis.Redis) -> int:
    """Commands so far, but for those of the one who asks."""
    stats = server.info("commandstats")
    return sum(facts["calls"] for name, facts in stats.items() if name != "cmdstat_info")


@pytest.mark.parametrize("queues", ["jobs", "print_slow,print,jobs"])
def test_a_worker_starts_jobs_at_once_costs_little_and_stops_when_asked(
    environment: pytest.MonkeyPatch, bench: Bench, redis_url: str, free_port: int, queues: str
) -> None:
    environment.setenv("WORKER_QUEUES", queues)
    environment.setenv("PRINT_AFTER_CUTOUT", "false")  # what follows costs wake-ups of its own
    environment.setenv("DATA_DIR", str(bench.objects.parent))
    environment.setenv("REMBG_ENDPOINT", bench.rembg.url)
    waker = Waker(redis_url)
    with redis.Redis.from_url(redis_url) as server, _started(free_port) as worker:
        _until(lambda: _ready(free_port))
        _run(bench, waker)  # the first wake-up opens connections on both sides
        before = _commands(server)
        time.sleep(1.5)
        assert _commands(server) == before  # a sweep of the rescuer, and a waiting worker
        took = [_run(bench, waker) for _ in range(5)]
        assert min(took) < 1
        assert (_commands(server) - before) / 5 <= 3  # LPUSH, and BRPOP again
        worker.send_signal(signal.SIGTERM)
        assert _until(lambda: worker.poll() is not None) < 6
        assert worker.returncode == 0


def test_a_worker_runs_jobs_while_redis_refuses_wake_ups_and_ends_them_when_asked_to_stop(
    environment: pytest.MonkeyPatch, bench: Bench, redis_url: str, free_port: int
) -> None:
    environment.setenv("DATA_DIR", str(bench.objects.parent))
    environment.setenv("REMBG_ENDPOINT", bench.rembg.url)
    with redis.Redis.from_url(redis_url) as server, _started(free_port, ["-c", _POLLING]) as worker:
        _until(lambda: _ready(free_port))
        server.config_set("maxmemory", 1)
        try:
            first = bench.order()
            _until(lambda: bench.job(first).status is JobState.DONE)
            bench.rembg.answer = cut_out(wait_s=1)
            second = bench.order(pictures.png())
            _until(lambda: bench.job(second).status is JobState.RUNNING)
            worker.send_signal(signal.SIGTERM)
            said, _ = worker.communicate(timeout=20)
        finally:
            server.config_set("maxmemory", 0)
    assert bench.job(second).status is JobState.DONE
    assert worker.returncode == 0
    assert "Traceback" not in said


def test_a_worker_whose_redis_refuses_wake_ups_says_so_until_it_takes_one(
    environment: pytest.MonkeyPatch, bench: Bench, redis_url: str, free_port: int
) -> None:
    environment.setenv("DATA_DIR", str(bench.objects.parent))
    environment.setenv("REMBG_ENDPOINT", bench.rembg.url)
    with redis.Redis.from_url(redis_url) as server, _started(free_port):
        _until(lambda: _ready(free_port))
        server.config_set("maxmemory", 1)
        try:
            bench.order()  # the rescuer tries to send its wake-up
            _until(lambda: _redis(free_port) == "down")
        finally:
            server.config_set("maxmemory", 0)
        _until(lambda: _redis(free_port) == "ok")


def test_polling_costs_redis_nothing(
    environment: pytest.MonkeyPatch, bench: Bench, redis_url: str, free_port: int
) -> None:
    with redis.Redis.from_url(redis_url) as server, _started(free_port, ["-c", _POLLING]):
        _until(lambda: _ready(free_port))
        time.sleep(0.5)
        before = _commands(server)
        time.sleep(1.5)
        assert _commands(server) == before


def test_a_worker_does_not_start_over_a_redis_that_may_drop_wake_ups(
    environment: pytest.MonkeyPatch, redis_url: str, free_port: int
) -> None:
    with redis.Redis.from_url(redis_url) as server:
        server.config_set("maxmemory-policy", "allkeys-lru")
        try:
            with _started(free_port) as worker:
                said, _ = worker.communicate(timeout=20)
        finally:
            server.config_set("maxmemory-policy", "noeviction")
    assert worker.returncode
    assert "allkeys-lru" in said


def test_a_worker_does_not_start_without_its_port(environment: pytest.MonkeyPatch, free_port: int) -> None:
    with socket.create_server(("127.0.0.1", free_port)), _started(free_port) as worker:
        said, _ = worker.communicate(timeout=20)
    assert worker.returncode
    assert "Address already in use" in said


def test_a_worker_does_not_start_with_an_unknown_queue(environment: pytest.MonkeyPatch, free_port: int) -> None:
    environment.setenv("WORKER_QUEUES", "jobs,prints")
    with _started(free_port) as worker:
        said, _ = worker.communicate(timeout=20)
    assert worker.returncode != 0
    assert "WORKER_QUEUES: prints is none of jobs, print, print_slow" in said


def test_a_worker_does_not_start_without_its_settings(environment: pytest.MonkeyPatch, free_port: int) -> None:
    environment.delenv("SECRET_KEY")
    with _started(free_port) as worker:
        said, _ = worker.communicate(timeout=20)
    assert worker.returncode
    assert "SECRET_KEY" in said
    assert "Traceback" not in said


def test_a_worker_that_is_asked_to_stop_ends_its_job_first(
    environment: pytest.MonkeyPatch, bench: Bench, redis_url: str, free_port: int
) -> None:
    environment.setenv("DATA_DIR", str(bench.objects.parent))
    environment.setenv("REMBG_ENDPOINT", bench.rembg.url)
    bench.rembg.answer = cut_out(wait_s=1)
    with _started(free_port) as worker:
        _until(lambda: _ready(free_port))
        job_id = bench.order()
        Waker(redis_url).wake(job_id, Queue.CUTOUTS)
        _until(lambda: bench.job(job_id).status is JobState.RUNNING)
        worker.send_signal(signal.SIGTERM)
        said, _ = worker.communicate(timeout=20)
    assert bench.job(job_id).status is JobState.DONE
    assert worker.returncode == 0
    assert "Traceback" not in said


def test_a_worker_whose_rescuer_is_lost_ends_its_job_and_then_itself(
    environment: pytest.MonkeyPatch, bench: Bench, redis_url: str, free_port: int, tmp_path: Path
) -> None:
    environment.setenv("DATA_DIR", str(bench.objects.parent))
    environment.setenv("REMBG_ENDPOINT", bench.rembg.url)
    environment.setenv("LOST", str(tmp_path / "lost"))
    bench.rembg.answer = cut_out(wait_s=3)
    with _started(free_port, ["-c", _LOSING]) as worker:
        _until(lambda: _ready(free_port))
        job_id = bench.order()
        Waker(redis_url).wake(job_id, Queue.CUTOUTS)
        _until(lambda: bench.job(job_id).status is JobState.RUNNING)
        (tmp_path / "lost").touch()
        said, _ = worker.communicate(timeout=30)
    assert worker.returncode == 70  # so that platforms start it again
    assert bench.job(job_id).status is JobState.DONE
    assert "periodic_task_lost" in said


def test_the_purge_hook_is_called_by_workers_that_have_one(bench: Bench, environment: pytest.MonkeyPatch) -> None:
    assert _purges(bench.database, Settings.read().cdn) == ()
    environment.setenv("CDN_PURGE_URL", "https://cdn.example/purge")
    environment.setenv("PUBLIC_URL", "https://shop.example")
    (task,) = _purges(bench.database, Settings.read().cdn)
    assert task.name == "cdn_purge"
