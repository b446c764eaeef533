"""How often concurrent claims pass an owner over, and when a newcomer's job starts behind a flood."""

import multiprocessing
import time
import uuid
from dataclasses import dataclass
from typing import Any

import psycopg

from bench.job_queue.statements import CREATE, FAIR, FINISH

CLAIMERS = 4
OWNERS = 20
MOST_HELD = 10  # jobs that a claimer lets run before it finishes the oldest


@dataclass(frozen=True, slots=True)
class Passed:
    """`over` of all claims took a job although an owner with two fewer running jobs had one waiting."""

    claims: int
    over: int


def measure(url: str, seconds: float) -> Passed:
    """CLAIMERS claim from a few owners, each with a long queue. The database must be empty."""
    with psycopg.connect(url, autocommit=True) as connection:
        for number in range(OWNERS * 400):
            connection.execute(CREATE, [uuid.uuid4(), f"fair{number // 400}", uuid.uuid4()])
    context = multiprocessing.get_context("fork")
    claims: Any = context.Queue()
    claimers = [context.Process(target=_claim, args=(url, seconds, claims)) for _ in range(CLAIMERS)]
    for claimer in claimers:
        claimer.start()
    events = sorted(event for _ in claimers for event in claims.get(timeout=seconds + 30))
    for claimer in claimers:
        claimer.join()
    return _passed(events)


def _claim(url: str, seconds: float, claims: Any) -> None:
    """Report (time before, time after, owner, change of its running jobs) of each claim and each end."""
    events, held = list[tuple[float, float, str, int]](), list[tuple[uuid.UUID, int, str]]()
    with psycopg.connect(url, autocommit=True, prepare_threshold=None) as connection:
        until = time.monotonic() + seconds
        while time.monotonic() < until:
            began = time.monotonic()
            row = connection.execute(FAIR.replace("id, fence", "id, fence, user_id").encode()).fetchone()
            if row:
                events.append((began, time.monotonic(), row[2], 1))
                held.append(row)
            if len(held) > MOST_HELD:
                job_id, fence, owner = held.pop(0)
                began = time.monotonic()
                connection.execute(FINISH, [job_id, fence])
                events.append((began, time.monotonic(), owner, -1))
    claims.put(events)


def _passed(events: list[tuple[float, float, str, int]]) -> Passed:
    """A claim passed an owner over if the difference was two whatever happened while it ran.

    So an owner's running jobs count as of before the claim, plus those claimed or less those ended meanwhile,
    whichever makes the difference smaller.
    """
    over = claims = 0
    for began, ended, owner, change in events:
        if change < 0:
            continue
        claims += 1
        most, least = dict[str, int](), dict[str, int]()
        for start, end, other, more in events:
            if end < began:
                most[other] = most.get(other, 0) + more
                least[other] = least.get(other, 0) + more
            elif start < ended and start != began:
                if more > 0:
                    most[other] = most.get(other, 0) + 1
                else:
                    least[other] = least.get(other, 0) - 1
        fewest = min(most.values(), default=0) if len(most) == OWNERS else 0
        over += least.get(owner, 0) >= fewest + 2
    return Passed(claims, over)


def newcomer(url: str, flood: int) -> int:
    """One owner floods the empty queue, then a newcomer's job is made: the number of claims until it starts."""
    with psycopg.connect(url, autocommit=True, prepare_threshold=None) as connection:
        connection.execute("set synchronous_commit = off")
        for _ in range(flood):  # a commit each: in one transaction no version of the owner's row could be pruned
            connection.execute(CREATE, [uuid.uuid4(), "flood", uuid.uuid4()])
        for _ in range(CLAIMERS):
            connection.execute(FAIR)
        newcomers = uuid.uuid4()
        connection.execute(CREATE, [newcomers, "newcomer", uuid.uuid4()])
        for number in range(1, flood):
            row = connection.execute(FAIR).fetchone()
            if row and row[0] == newcomers:
                return number
    return flood
