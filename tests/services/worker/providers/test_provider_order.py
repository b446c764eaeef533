"""The rollout: which side a job falls on, and that it stays there."""

import random
from uuid import UUID

import pytest

from services.worker.providers.provider_order import order, side
from shared.db import ids
from shared.models.cutout import Provider

OURS, PAID = Provider.SELF_HOSTED, Provider.REMOVEBG


@pytest.fixture(scope="module", params=["in a row", "at random"])
def some(request: pytest.FixtureRequest) -> list[UUID]:
    """10,000 ids: as made within a busy hour, and random ones."""
    if request.param == "in a row":
        return [ids.new() for _ in range(10_000)]
    chance = random.Random(7)
    return [UUID(int=chance.getrandbits(128)) for _ in range(10_000)]


def _ours(some: list[UUID], percent: int) -> set[UUID]:
    return {job_id for job_id in some if order(job_id, lambda: percent, None)[0] is OURS}


@pytest.mark.parametrize("percent", [1, 10, 25, 50, 90, 99])
def test_the_percentage_is_kept_to_within_one(some: list[UUID], percent: int) -> None:
    share = len(_ours(some, percent)) / len(some) * 100
    assert abs(share - percent) <= (1 if percent <= 10 else 2)


def test_nought_and_a_hundred_are_exact(some: list[UUID]) -> None:
    assert _ours(some, 0) == set()
    assert _ours(some, 100) == set(some)


def test_raising_the_percentage_moves_jobs_only_to_our_side(some: list[UUID]) -> None:
    before: set[UUID] = set()
    for percent in range(0, 101, 5):
        now = _ours(some, percent)
        assert before <= now
        before = now


def test_a_retry_lands_on_the_same_side_of_the_rollout(some: list[UUID]) -> None:
    for job_id in some[:200]:
        assert {order(job_id, lambda: 50, None) for _ in range(3)} == {order(UUID(str(job_id)), lambda: 50, None)}


def test_a_side_is_the_same_in_every_process() -> None:
    assert side(UUID(int=0)) == 40.69
    assert side(UUID("01900000-0000-7000-8000-000000000001")) == 21.27


def test_every_job_may_fall_back_to_the_other_provider() -> None:
    job_id = ids.new()
    assert order(job_id, lambda: 100, None) == (OURS, PAID)
    assert order(job_id, lambda: 0, None) == (PAID, OURS)


@pytest.mark.parametrize("percent", [0, 50, 100])
def test_a_choice_goes_before_the_rollout(percent: int) -> None:
    assert order(ids.new(), lambda: percent, PAID) == (PAID, OURS)
    assert order(ids.new(), lambda: percent, OURS) == (OURS,)  # who asked for ours pays for nothing
