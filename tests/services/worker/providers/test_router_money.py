"""The router and money: the recorded cost of each call, the budget, and second opinions within it."""

import threading
from collections.abc import Callable

import pytest

from services.worker import providers
from services.worker.providers.breaker import FAILURES
from services.worker.providers.router import OverBudget, Rules
from shared import timeouts
from shared.models.cutout import Provider
from tests.doubles.removebg import RemoveBg
from tests.services.worker.conftest import PRICE, Bench
from tests.services.worker.providers.routing import OURS, PAID, metric, removed, requested, unsure
from tests.services.worker.rembg_double import Answer, cut_out, refusal


@pytest.mark.parametrize(
    ("fault", "outcome", "cost"),
    [
        ("ok", "ok", PRICE),
        ("base64", "ok", PRICE),
        ("garbage", "broken", PRICE),
        ("wrong_size", "broken", PRICE),
        ("no_alpha", "broken", PRICE),
        ("huge", "broken", PRICE),
        ("cut", "unavailable", PRICE),
        ("close", "unavailable", PRICE),
        ("hang", "unavailable", PRICE),
        ("unknown_foreground", "refused", 0),
        ("failed_to_read_image", "refused", 0),
        ("insufficient_credits", "unavailable", 0),
        ("auth_failed", "unavailable", 0),
        ("rate_limit_exceeded", "unavailable", 0),
        ("internal_error", "unavailable", 0),
        ("service_unavailable", "unavailable", 0),
    ],
)
def test_every_outcome_of_a_paid_call_is_recorded_with_its_cost(
    bench: Bench, removebg: RemoveBg, monkeypatch: pytest.MonkeyPatch, fault: str, outcome: str, cost: int
) -> None:
    if outcome != "ok":  # only a fault may take so long, on however busy a machine
        monkeypatch.setattr(timeouts, "PROVIDER_READ_S", 0.5)
    monkeypatch.setattr("services.worker.providers.http_exchange.MAX_BYTES", 1_000_000)
    bench.rembg.stop()
    removebg.always = fault
    try:
        removed(bench.router(removebg, percent=0), requested(bench))
    except (providers.Refused, providers.Broken, providers.Unavailable):
        assert outcome != "ok"
    assert bench.calls()[0] == ("removebg", outcome, cost)
    assert bench.spent() == cost
    (entry,) = removebg.entries()
    assert entry.charged * PRICE == cost  # our records match theirs
    assert entry.request_id.endswith(".1")


def test_a_refused_connection_is_recorded_and_free(bench: Bench, removebg: RemoveBg) -> None:
    router = bench.router(removebg, percent=0)
    removebg.__exit__()
    assert removed(router, requested(bench)).provider is OURS
    assert bench.calls() == [("removebg", "unavailable", 0), ("self_hosted", "ok", 0)]
    assert bench.spent() == 0


def test_a_call_in_flight_is_recorded_as_pending(bench: Bench, removebg: RemoveBg) -> None:
    seen: list[tuple[str, str, int]] = []
    bench.rembg.meanwhile = lambda: seen.extend(bench.calls())
    removed(bench.router(removebg), requested(bench))
    assert seen == [("self_hosted", "pending", 0)]


def test_calls_are_counted_timed_and_their_money_added_up(bench: Bench, removebg: RemoveBg) -> None:
    names = {"provider": "removebg"}
    calls = metric("stolentee_provider_calls_total", outcome="ok", **names)
    spend = metric("stolentee_provider_spend_usd_total", **names)
    seconds = metric("stolentee_provider_seconds_count", **names)
    removed(bench.router(removebg, percent=0), requested(bench))
    assert metric("stolentee_provider_calls_total", outcome="ok", **names) == calls + 1
    assert metric("stolentee_provider_spend_usd_total", **names) == pytest.approx(spend + 0.2)
    assert metric("stolentee_provider_seconds_count", **names) == seconds + 1


def test_a_database_that_goes_away_during_a_call_does_not_cost_the_picture(
    bench: Bench, removebg: RemoveBg, lose_database: Callable[[], None]
) -> None:
    job, router = requested(bench), bench.router(removebg)

    def lose() -> None:
        lose_database()
        bench.database._pool.timeout = 0.1

    bench.rembg.meanwhile = lose
    assert removed(router, job).provider is OURS


def test_a_database_that_is_away_opens_no_breaker(
    bench: Bench, removebg: RemoveBg, lose_database: Callable[[], None]
) -> None:
    job, router = requested(bench), bench.router(removebg)
    bench.database._pool.timeout = 0.1
    lose_database()
    for _ in range(FAILURES):
        with pytest.raises(Exception, match="database"):
            removed(router, job)
    assert not any(breaker.open for breaker in router._breakers.values())
    assert bench.rembg.asked == []


# Budget


def test_beyond_the_budget_jobs_go_to_ours(bench: Bench, removebg: RemoveBg) -> None:
    router = bench.router(removebg, Rules(2 * PRICE + 1), percent=0)
    assert [removed(router, requested(bench)).provider for _ in range(4)] == [PAID, PAID, OURS, OURS]
    assert bench.spent() == 2 * PRICE
    assert len(removebg.entries()) == 2


def test_beyond_the_budget_jobs_wait_if_configured(bench: Bench, removebg: RemoveBg) -> None:
    router = bench.router(removebg, Rules(PRICE, wait_at_budget=True), percent=0)
    removed(router, requested(bench))
    with pytest.raises(OverBudget) as waiting:
        removed(router, requested(bench))
    assert waiting.value.retry_after_s == 60
    assert bench.rembg.asked == []
    assert removed(bench.router(removebg, Rules(PRICE, wait_at_budget=True)), requested(bench)).provider is OURS


def test_a_burst_of_fallbacks_stops_at_the_budget_and_is_counted(bench: Bench, removebg: RemoveBg) -> None:
    """Ours fails every time: every job falls back until the day's money is gone, and not one call more is made."""
    bench.rembg.answer = refusal(503, "unavailable")
    router = bench.router(removebg, Rules(5 * PRICE))
    refused = metric("stolentee_provider_budget_refusals_total")
    outcomes: list[Provider | None] = []
    for _ in range(20):
        try:
            outcomes.append(removed(router, requested(bench)).provider)
        except providers.Unavailable:
            outcomes.append(None)
    assert outcomes == [PAID] * 5 + [None] * 15
    assert len(removebg.entries()) == 5
    assert bench.spent() == 5 * PRICE
    assert metric("stolentee_provider_budget_refusals_total") == refused + 15
    assert len(bench.rembg.asked) == FAILURES  # then its breaker spared it


def test_concurrent_calls_do_not_exceed_the_budget(bench: Bench, removebg: RemoveBg) -> None:
    jobs = [requested(bench) for _ in range(8)]
    routers = [bench.router(removebg, Rules(3 * PRICE), percent=0) for _ in range(2)]
    threads = [
        threading.Thread(target=removed, args=(routers[at % 2], job), name=str(at)) for at, job in enumerate(jobs)
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(removebg.entries()) == 3
    assert bench.spent() == 3 * PRICE
    assert sorted(bench.calls()) == sorted([("removebg", "ok", PRICE)] * 3 + [("self_hosted", "ok", 0)] * 5)


@pytest.mark.parametrize("fault", ["garbage", "cut"])
def test_a_job_whose_paid_call_failed_gets_no_second_one(bench: Bench, removebg: RemoveBg, fault: str) -> None:
    removebg.always = fault
    job, router = requested(bench), bench.router(removebg, percent=0)
    bench.rembg.answer = refusal(503, "unavailable")
    with pytest.raises((providers.Broken, providers.Unavailable)):
        removed(router, job)
    for _ in range(3):
        with pytest.raises(providers.Unavailable):
            removed(router, job)
    assert len(removebg.entries()) == 1
    bench.rembg.answer = cut_out()
    assert removed(router, job).provider is OURS
    assert bench.spent() == PRICE


# Second opinions


def test_an_uncertain_cutout_is_replaced_by_the_paid_one(bench: Bench, removebg: RemoveBg) -> None:
    bench.rembg.answer = Answer(body=unsure())
    cutout = removed(bench.router(removebg, Rules(PRICE, False, 0.3)), requested(bench))
    assert (cutout.provider, cutout.cost_microusd) == (PAID, PRICE)
    assert bench.calls() == [("self_hosted", "ok", 0), ("removebg", "ok", PRICE)]


@pytest.mark.parametrize("limit", [None, 1.0])
def test_an_uncertain_cutout_is_kept_unless_configured(bench: Bench, removebg: RemoveBg, limit: float | None) -> None:
    bench.rembg.answer = Answer(body=unsure())
    cutout = removed(bench.router(removebg, Rules(PRICE, False, limit)), requested(bench))
    assert (cutout.provider, cutout.uncertain) == (OURS, 1.0)
    assert removebg.entries() == []


def test_a_certain_cutout_is_kept(bench: Bench, removebg: RemoveBg) -> None:
    assert removed(bench.router(removebg, Rules(PRICE, False, 0.3)), requested(bench)).provider is OURS
    assert removebg.entries() == []


@pytest.mark.parametrize("fault", ["garbage", "wrong_size", "cut", "unknown_foreground", "internal_error", "close"])
@pytest.mark.parametrize("wait", [False, True])
def test_a_second_opinion_that_fails_keeps_ours(bench: Bench, removebg: RemoveBg, fault: str, wait: bool) -> None:
    bench.rembg.answer = Answer(body=unsure())
    removebg.always = fault
    cutout = removed(bench.router(removebg, Rules(PRICE, wait, 0.3)), requested(bench))
    assert (cutout.provider, cutout.png, cutout.cost_microusd) == (OURS, unsure(), 0)


@pytest.mark.parametrize("wait", [False, True])
def test_a_second_opinion_beyond_the_budget_keeps_ours(bench: Bench, removebg: RemoveBg, wait: bool) -> None:
    bench.rembg.answer = Answer(body=unsure())
    router = bench.router(removebg, Rules(PRICE, wait, 0.3))
    assert [removed(router, requested(bench)).provider for _ in range(3)] == [PAID, OURS, OURS]
    assert bench.spent() == PRICE
