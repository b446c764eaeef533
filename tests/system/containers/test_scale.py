"""Two of each service: all six work, a request appears in every log, and connections stay within their limit."""

import json
from collections.abc import Iterator

import pytest

from tests.system.containers.engine import Compose, docker
from tests.system.containers.waiting import Promised, picture

SERVICES = ("api", "worker", "rembg")
EVENTS = {"api": '"/api/cutouts"', "worker": '"job_done"', "rembg": '"/remove"'}
JOBS = 24
CONNECTIONS = 15  # promised for a deployment


@pytest.fixture(scope="module")
def pair(compose: Compose) -> Iterator[Compose]:
    compose.run("up", "--wait", *(word for service in SERVICES for word in ("--scale", f"{service}=2")))
    yield compose
    compose.run("up", "--wait", *(word for service in SERVICES for word in ("--scale", f"{service}=1")))


@pytest.fixture(scope="module")
def done(pair: Compose) -> Promised:
    promised = Promised(pair.address)
    for number in range(JOBS):
        promised.send(picture(100 + number), request_id=f"of-scale-{number}")
    promised.settle()
    return promised


@pytest.mark.parametrize("service", SERVICES)
def test_both_instances_do_work(pair: Compose, done: Promised, service: str) -> None:
    told = [docker("logs", container) for container in pair.containers(service)]
    counts = [sum("of-scale-" in line and EVENTS[service] in line for line in log.splitlines()) for log in told]
    print(f"{service}: {counts} of {len(done.jobs)}")
    assert len(counts) == 2
    assert all(counts)


def test_one_id_is_in_every_log(pair: Compose, done: Promised) -> None:
    for service in ("front", *SERVICES):
        lines = [line for one in pair.containers(service) for line in docker("logs", one).splitlines()]
        named = [json.loads(line) for line in lines if '"of-scale-7"' in line]
        assert named, service
        assert {line["request_id"] for line in named} == {"of-scale-7"}


def test_connections_stay_within_the_limit(pair: Compose, done: Promised) -> None:
    count = "select count(*) from pg_stat_activity where datname = 'stolentee' and pid <> pg_backend_pid()"
    used = int(pair.run("exec", "-T", "postgres", "psql", "-U", "stolentee", "-At", "-c", count))
    plan = pair.run(
        "run",
        "--rm",
        "-T",
        "-e",
        "API_INSTANCES=2",
        "-e",
        "WORKER_INSTANCES=2",
        "-e",
        "DATABASE_POOL_MAX=2",
        "migrate",
        *_PREFLIGHT,
    )
    print(f"{used} connections in use; {plan.strip()}")
    assert used <= CONNECTIONS
    assert plan.strip().endswith("= 13 of 15 connections")


_PREFLIGHT = ("python", "-m", "deploy.preflight")
