"""Provider calls: a row for each, and a budget that cannot be exceeded."""

import statistics
import threading
from dataclasses import asdict, replace
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID

import pytest

from shared.db import ids, provider_calls
from shared.db.provider_calls import CallOutcome, ProviderDay
from shared.models.cutout import Provider
from shared.models.job import Job
from tests.shared.db.conftest import Records

PRICE = 200_000
PAID, OURS = Provider.REMOVEBG, Provider.SELF_HOSTED


@pytest.fixture
def job(records: Records) -> Job:
    return records.claimed()


def _begin(records: Records, job: Job, budget: int, price: int = PRICE, provider: Provider = PAID) -> UUID | None:
    with records.database.transaction() as connection:
        return provider_calls.begin(connection, job, provider, 1_000, price, budget)


def _end(records: Records, call: UUID | None, ended: CallOutcome) -> None:
    assert call is not None
    with records.database.transaction() as connection:
        provider_calls.end(connection, call, ended, 1_500)


def _spent(records: Records) -> int:
    with records.database.transaction() as connection:
        return provider_calls.spent_today(connection)


def test_nothing_is_spent_at_first(records: Records) -> None:
    assert _spent(records) == 0


def test_a_paid_call_reserves_its_price_and_is_recorded(records: Records, job: Job) -> None:
    call = _begin(records, job, PRICE)
    assert _spent(records) == PRICE
    (row,) = records.say("select * from provider_calls")
    assert (row["id"], row["job_id"], row["fence"], row["provider"]) == (call, job.id, job.fence, "removebg")
    assert (row["outcome"], row["cost_microusd"], row["input_bytes"]) == ("pending", PRICE, 1_000)


def test_calls_of_rembg_cost_nothing(records: Records, job: Job) -> None:
    assert _begin(records, job, 0, price=0, provider=OURS)
    assert records.say("select * from spend") == []


def test_a_budget_of_zero_allows_no_paid_call(records: Records, job: Job) -> None:
    assert _begin(records, job, 0) is None
    assert _begin(records, job, PRICE - 1) is None
    assert records.say("select * from provider_calls") == records.say("select * from spend") == []


def test_the_whole_budget_can_be_spent_and_no_more(records: Records, job: Job) -> None:
    assert _begin(records, job, 2 * PRICE + PRICE // 2)
    assert _begin(records, job, 2 * PRICE + PRICE // 2)
    assert _begin(records, job, 2 * PRICE + PRICE // 2) is None
    assert _spent(records) == 2 * PRICE


def test_a_call_that_was_not_charged_is_refunded(records: Records, job: Job) -> None:
    _end(records, _begin(records, job, PRICE), CallOutcome("unavailable", 0))
    assert _spent(records) == 0
    assert _begin(records, job, PRICE)


def test_a_call_that_was_charged_in_part_is_refunded_the_rest(records: Records, job: Job) -> None:
    _end(records, _begin(records, job, PRICE), CallOutcome("ok", PRICE // 4, 500, 0.25))
    assert _spent(records) == PRICE // 4
    (row,) = records.say("select * from provider_calls")
    assert (row["outcome"], row["cost_microusd"], row["output_bytes"]) == ("ok", PRICE // 4, 500)
    assert (row["uncertain"], row["duration_ms"]) == (0.25, 1_500)


def test_ending_a_call_twice_refunds_it_once(records: Records, job: Job) -> None:
    _begin(records, job, 2 * PRICE)
    call = _begin(records, job, 2 * PRICE)
    for _ in range(3):
        _end(records, call, CallOutcome("unavailable", 0))
    assert _spent(records) == PRICE


def test_the_reservation_of_a_worker_that_died_in_a_call_remains(records: Records, job: Job) -> None:
    _begin(records, job, PRICE)
    assert _begin(records, job, PRICE) is None


def test_each_day_has_its_own_budget(records: Records, job: Job) -> None:
    """A call that spans midnight is refunded to the day that paid for it."""
    call = _begin(records, job, 2 * PRICE)
    records.say("update provider_calls set started_at = started_at - interval '1 day'")
    records.say("update spend set day = day - 1")
    assert _spent(records) == 0
    assert _begin(records, job, PRICE)
    _end(records, call, CallOutcome("unavailable", 0))
    assert _spent(records) == PRICE
    days = records.say("select microusd from spend order by day")
    assert [row["microusd"] for row in days] == [0, PRICE]


def test_a_day_is_in_utc_in_every_time_zone_of_the_session(records: Records, job: Job) -> None:
    with records.database.transaction() as connection:
        for zone in ("Pacific/Kiritimati", "Pacific/Pago_Pago"):  # 25 hours apart
            connection.execute("select set_config('timezone', %s, true)", [zone])
            assert provider_calls.begin(connection, job, PAID, 1, PRICE, 10 * PRICE)
            assert provider_calls.spent_today(connection) > 0
            assert [day.day for day in provider_calls.by_day(connection, 1)] == [f"{datetime.now(UTC):%Y-%m-%d}"]
        assert len(connection.execute("select * from spend").fetchall()) == 1


@pytest.mark.parametrize("refunds", [False, True], ids=["all charged", "every other one refunded"])
def test_many_workers_never_exceed_the_budget(records: Records, job: Job, refunds: bool) -> None:
    """Each thread calls as fast as it can; the committed sum never exceeds the budget."""
    budget, together = 7 * PRICE + PRICE // 2, threading.Barrier(10)
    made: list[UUID] = []

    def work() -> None:
        together.wait()
        for turn in range(12):
            call = _begin(records, job, budget)
            assert _spent(records) <= budget
            if call and refunds and turn % 2:
                _end(records, call, CallOutcome("unavailable", 0))
            elif call:
                _end(records, call, CallOutcome("ok", PRICE))
                made.append(call)

    threads = [threading.Thread(target=work) for _ in range(10)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    (total,) = records.say("select sum(cost_microusd)::bigint as cost from provider_calls")
    assert len(made) == 7  # no thread gave up before the budget was spent
    assert total["cost"] == _spent(records) == 7 * PRICE


@pytest.mark.parametrize(
    ("outcome", "cost", "paid"),
    [
        ("broken", PRICE, True),
        ("unavailable", PRICE, True),
        ("refused", PRICE, True),
        ("unavailable", 0, False),
        ("broken", 0, False),
        ("ok", 0, False),
        ("ok", PRICE, True),
    ],
)
def test_a_paid_call_is_found_by_its_job(records: Records, job: Job, outcome: str, cost: int, paid: bool) -> None:
    _end(records, _begin(records, job, 10 * PRICE), CallOutcome(outcome, cost))
    other = records.claimed()
    with records.database.transaction() as connection:
        assert provider_calls.paid(connection, job, PAID) is paid
        assert provider_calls.paid(connection, job, OURS) is False
        assert provider_calls.paid(connection, other, PAID) is False


@pytest.mark.parametrize(("runs_later", "paid"), [(0, False), (1, False), (2, True)])
def test_only_the_run_right_after_one_that_died_may_pay_again(
    records: Records, job: Job, runs_later: int, paid: bool
) -> None:
    """Cancelling also takes a fencing number, so a gap of two means that a caller gave up the call."""
    _begin(records, job, 10 * PRICE)
    with records.database.transaction() as connection:
        assert provider_calls.paid(connection, replace(job, fence=job.fence + runs_later), PAID) is paid


Call = tuple[int, Provider, str, int | None, int, int, int, float | None]
# days ago, provider, outcome, duration, bytes in, bytes out, cost, uncertainty
CALLS: list[Call] = [
    (0, OURS, "ok", 100, 10, 20, 0, 0.1),
    (0, OURS, "ok", 300, 30, 40, 0, 0.3),
    (0, OURS, "unavailable", 2_000, 50, 0, 0, None),
    (0, OURS, "ok", 200, 5, 6, 0, 0.2),
    (0, PAID, "ok", 900, 70, 80, PRICE, 0.05),
    (0, PAID, "pending", None, 1, 0, PRICE, None),
    (2, PAID, "broken", 400, 2, 3, PRICE, None),
    (6, OURS, "refused", 50, 4, 0, 0, None),
    (7, OURS, "ok", 1, 1, 1, 0, 0.9),
]


@pytest.fixture
def history(records: Records) -> Records:
    now = datetime.now(UTC)
    for days, provider, outcome, duration, got, gave, cost, uncertain in CALLS:
        records.say(
            """insert into provider_calls (id, job_id, fence, provider, outcome, duration_ms, input_bytes,
                output_bytes, cost_microusd, uncertain, started_at)
            values (%s, %s, 1, %s, %s, %s, %s, %s, %s, %s, %s)""",
            *(ids.new(), ids.new(), provider, outcome, duration, got, gave, cost, uncertain, now - timedelta(days)),
        )
    return records


def _oracle(days_ago: int, provider: Provider) -> ProviderDay:
    """A line of the table, computed independently."""
    calls = [call for call in CALLS if call[0] == days_ago and call[1] is provider]
    times = sorted(call[3] for call in calls if call[3] is not None)
    unsure = [call[7] for call in calls if call[7] is not None]

    def rank(share: float) -> float:
        at = share * (len(times) - 1)
        low = int(at)
        return times[low] + (times[min(low + 1, len(times) - 1)] - times[low]) * (at - low)

    return ProviderDay(
        day=f"{datetime.now(UTC) - timedelta(days_ago):%Y-%m-%d}",
        provider=provider,
        count=len(calls),
        errors=sum(call[2] in ("refused", "broken", "unavailable") for call in calls),
        average_ms=round(statistics.mean(times), 3),
        p50_ms=round(rank(0.5), 3),
        p95_ms=round(rank(0.95), 3),
        input_bytes=sum(call[4] for call in calls),
        output_bytes=sum(call[5] for call in calls),
        cost_microusd=sum(call[6] for call in calls),
        uncertain=round(statistics.mean(unsure), 3) if unsure else None,
    )


def _rounded(line: ProviderDay) -> ProviderDay:
    rough: dict[str, Any] = {name: round(value, 3) for name, value in asdict(line).items() if isinstance(value, float)}
    return replace(line, **rough)


def test_the_table_of_providers_and_days_is_right(history: Records) -> None:
    with history.database.transaction() as connection:
        table = [_rounded(line) for line in provider_calls.by_day(connection, 7)]
    assert table == [_oracle(0, PAID), _oracle(0, OURS), _oracle(2, PAID), _oracle(6, OURS)]


def test_the_table_covers_the_requested_days(history: Records) -> None:
    with history.database.transaction() as connection:
        lengths = [len(provider_calls.by_day(connection, days)) for days in (1, 2, 3, 7, 8, 90)]
    assert lengths == [2, 2, 3, 4, 5, 5]
