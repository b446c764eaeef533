"""Without Redis only wake-ups are missing: uploads are accepted and run once it is back."""

import time

import redis

from tests.stack import RunningStack
from tests.system.guest import Guest


def test_a_job_accepted_without_redis_runs_when_it_is_back(system: RunningStack, guest: Guest) -> None:
    system.kill("redis")
    job_id = guest.accepted()
    assert guest.job(job_id)["status"] == "queued"
    system.bring("redis")
    assert guest.eventually(job_id, "done")["attempts"] == 1


def test_a_hanging_redis_delays_no_upload(system: RunningStack, guest: Guest) -> None:
    system.freeze("redis")
    began = time.monotonic()
    job_id = guest.accepted()
    took_s = time.monotonic() - began
    system.thaw("redis")
    assert took_s < 10
    guest.eventually(job_id, "done")


def test_wake_ups_lost_with_redis_are_sent_again(system: RunningStack, guest: Guest) -> None:
    system.halt("worker")
    jobs = [guest.accepted() for _ in range(3)]
    with redis.Redis.from_url(system.redis_url) as client:
        client.flushall()
    system.bring("worker")
    for job_id in jobs:
        guest.eventually(job_id, "done")
