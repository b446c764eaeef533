"""The router: whom it asks, what that costs, and when it leaves a provider alone."""

import threading
import time
from collections.abc import Callable

import pytest
from PIL import Image
from prometheus_client import REGISTRY

from services.worker import removal
from services.worker.removal.breaker import FAILURES, REST_S
from services.worker.removal.router import Cutout, OverBudget, Router, Rules
from shared import deadlines
from shared.models import Job, Provider
from tests.doubles.removebg import RemoveBg
from tests.services import pictures
from tests.services.worker.conftest import PRICE, Bench
from tests.services.worker.rembg_double import Answer, cut_out, refusal

SIZE = (40, 30)
OURS, PAID = Provider.SELF_HOSTED, Provider.REMOVEBG


def _unsure(alpha: int = 128) -> bytes:
    """A cut-out all of whose ink is neither here nor there."""
    picture = pictures.drawn(*SIZE)
    picture.putalpha(Image.new("L", SIZE, alpha))
    return pictures.encoded(picture, "PNG")


def _job(bench: Bench, wanted: Provider | None = None) -> Job:
    bench.order(pictures.png(shade=_job_count(bench)), wanted=wanted)
    return bench.claim()


def _job_count(bench: Bench) -> int:
    return len(bench.say("select id from jobs"))


def _remove(router: Router, job: Job, size: tuple[int, int] = SIZE) -> Cutout:
    cutout = router.remove(job, pictures.jpeg(), size, lambda _: False)
    assert cutout is not None
    return cutout


def _metric(name: str, **labels: str) -> float:
    return REGISTRY.get_sample_value(name, labels) or 0.0


# Order


def test_the_rollout_says_who_is_asked_first(bench: Bench, removebg: RemoveBg) -> None:
    ours = _remove(bench.router(removebg, percent=100), _job(bench))
    assert (ours.provider, ours.engine, ours.model, ours.cost_microusd) == (OURS, "compact:d1", "compact", 0)
    paid = _remove(bench.router(removebg, percent=0), _job(bench))
    assert (paid.provider, paid.engine, paid.cost_microusd) == (PAID, "remove.bg", PRICE)
    assert bench.calls() == [("self_hosted", "ok", 0), ("removebg", "ok", PRICE)]


def test_a_premium_caller_s_choice_goes_before_the_rollout(bench: Bench, removebg: RemoveBg) -> None:
    assert _remove(bench.router(removebg, percent=100), _job(bench, PAID)).provider is PAID
    assert _remove(bench.router(removebg, percent=0), _job(bench, OURS)).provider is OURS


def test_a_cut_out_is_measured_here_whoever_made_it(bench: Bench) -> None:
    cutout = _remove(bench.router(), _job(bench))
    assert (cutout.foreground.top, cutout.foreground.left) == (7, 10)
    assert (cutout.foreground.width, cutout.foreground.height) == (10, 8)
    assert cutout.uncertain == 0
    assert cutout.picture.mode == "RGBA"


@pytest.mark.parametrize("answer", [refusal(503, "unavailable"), refusal(404, "x"), cut_out(share=0.5)], ids=str)
def test_whoever_is_away_is_stood_in_for(bench: Bench, removebg: RemoveBg, answer: Answer) -> None:
    bench.rembg.answer = answer
    assert _remove(bench.router(removebg), _job(bench)).provider is PAID


def test_the_paid_one_is_stood_in_for_as_well(bench: Bench, removebg: RemoveBg) -> None:
    router = bench.router(removebg, percent=0)
    for fault in ("insufficient_credits", "auth_failed", "rate_limit_exceeded", "internal_error"):
        removebg.next.append(fault)
        assert _remove(router, _job(bench)).provider is OURS
    assert bench.spent() == 0


@pytest.mark.parametrize(
    ("answer", "error"),
    [
        (refusal(422, "unknown_foreground"), removal.Refused),
        (refusal(415, "unsupported_image"), removal.Refused),
        (refusal(500, "internal"), removal.Broken),
        (Answer(body=pictures.png()), removal.Broken),
        (cut_out(41, 30), removal.Broken),
        (Answer(body=b"garbage"), removal.Broken),
    ],
)
def test_only_who_is_away_is_stood_in_for(
    bench: Bench, removebg: RemoveBg, answer: Answer, error: type[Exception]
) -> None:
    bench.rembg.answer = answer
    with pytest.raises(error):
        _remove(bench.router(removebg), _job(bench))
    assert removebg.entries() == []


def test_who_asked_for_ours_is_never_sent_to_the_paid_one(bench: Bench, removebg: RemoveBg) -> None:
    bench.rembg.answer = refusal(503, "unavailable")
    with pytest.raises(removal.Unavailable):
        _remove(bench.router(removebg), _job(bench, OURS))
    bench.rembg.answer = Answer(body=_unsure())
    assert _remove(bench.router(removebg, Rules(PRICE, False, 0.1)), _job(bench, OURS)).provider is OURS
    assert removebg.entries() == []


def test_a_picture_too_large_for_the_paid_one_is_ours(bench: Bench, removebg: RemoveBg) -> None:
    large = (4_000, 2_501)
    job = _job(bench)
    with pytest.raises(removal.Broken):  # the stand-in's answer is small, but it was asked
        _remove(bench.router(removebg, percent=0), job, large)
    assert (len(bench.rembg.asked), removebg.entries()) == (1, [])


def test_without_a_paid_provider_everything_is_ours(bench: Bench) -> None:
    assert _remove(bench.router(percent=0), _job(bench, PAID)).provider is OURS


def test_when_nobody_is_there_the_job_hears_when_to_come_back(bench: Bench, removebg: RemoveBg) -> None:
    bench.rembg.answer = refusal(503, "busy")
    bench.rembg.answer.headers = {"Retry-After": "9"}
    with pytest.raises(removal.Unavailable) as alone:
        _remove(bench.router(), _job(bench))
    assert alone.value.retry_after_s == 9
    removebg.always = "rate_limit_exceeded"
    with pytest.raises(removal.Unavailable) as both:
        _remove(bench.router(removebg), _job(bench))
    assert both.value.retry_after_s == 7


# Records


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
def test_every_end_of_a_paid_call_is_on_record_at_its_cost(
    bench: Bench, removebg: RemoveBg, monkeypatch: pytest.MonkeyPatch, fault: str, outcome: str, cost: int
) -> None:
    monkeypatch.setattr(deadlines, "PROVIDER_READ_S", 0.5)
    monkeypatch.setattr("services.worker.removal.exchange.MAX_BYTES", 1_000_000)
    bench.rembg.stop()
    removebg.always = fault
    try:
        _remove(bench.router(removebg, percent=0), _job(bench))
    except (removal.Refused, removal.Broken, removal.Unavailable):
        assert outcome != "ok"
    assert bench.calls()[0] == ("removebg", outcome, cost)
    assert bench.spent() == cost
    (entry,) = removebg.entries()
    assert entry.charged * PRICE == cost  # our books are theirs
    assert entry.request_id.endswith(".1")


def test_a_refused_connection_is_on_record_and_free(bench: Bench, removebg: RemoveBg) -> None:
    router = bench.router(removebg, percent=0)
    removebg.__exit__()
    assert _remove(router, _job(bench)).provider is OURS
    assert bench.calls() == [("removebg", "unavailable", 0), ("self_hosted", "ok", 0)]
    assert bench.spent() == 0


def test_a_call_under_way_is_on_record_with_its_price(bench: Bench, removebg: RemoveBg) -> None:
    seen: list[tuple[str, str, int]] = []
    bench.rembg.meanwhile = lambda: seen.extend(bench.calls())
    _remove(bench.router(removebg), _job(bench))
    assert seen == [("self_hosted", "pending", 0)]


def test_calls_are_counted_timed_and_their_money_added_up(bench: Bench, removebg: RemoveBg) -> None:
    names = {"provider": "removebg"}
    calls = _metric("stolentee_provider_calls_total", outcome="ok", **names)
    spend = _metric("stolentee_provider_spend_usd_total", **names)
    seconds = _metric("stolentee_provider_seconds_count", **names)
    _remove(bench.router(removebg, percent=0), _job(bench))
    assert _metric("stolentee_provider_calls_total", outcome="ok", **names) == calls + 1
    assert _metric("stolentee_provider_spend_usd_total", **names) == pytest.approx(spend + 0.2)
    assert _metric("stolentee_provider_seconds_count", **names) == seconds + 1


def test_a_database_that_goes_away_during_a_call_does_not_cost_the_picture(
    bench: Bench, removebg: RemoveBg, lose_database: Callable[[], None]
) -> None:
    bench.database._pool.timeout = 0.1
    job, router = _job(bench), bench.router(removebg)
    bench.rembg.meanwhile = lose_database
    assert _remove(router, job).provider is OURS


def test_a_database_that_is_away_opens_no_breaker(
    bench: Bench, removebg: RemoveBg, lose_database: Callable[[], None]
) -> None:
    job, router = _job(bench), bench.router(removebg)
    bench.database._pool.timeout = 0.1
    lose_database()
    for _ in range(FAILURES):
        with pytest.raises(Exception, match="database"):
            _remove(router, job)
    assert not any(breaker.open for breaker in router._breakers.values())
    assert bench.rembg.asked == []


# Budget


def test_at_the_end_of_the_budget_ours_does_the_rest(bench: Bench, removebg: RemoveBg) -> None:
    router = bench.router(removebg, Rules(2 * PRICE + 1), percent=0)
    assert [_remove(router, _job(bench)).provider for _ in range(4)] == [PAID, PAID, OURS, OURS]
    assert bench.spent() == 2 * PRICE
    assert len(removebg.entries()) == 2


def test_at_the_end_of_the_budget_jobs_wait_if_that_is_wished(bench: Bench, removebg: RemoveBg) -> None:
    router = bench.router(removebg, Rules(PRICE, wait_at_budget=True), percent=0)
    _remove(router, _job(bench))
    with pytest.raises(OverBudget) as waiting:
        _remove(router, _job(bench))
    assert waiting.value.retry_after_s == 60
    assert bench.rembg.asked == []
    assert _remove(bench.router(removebg, Rules(PRICE, wait_at_budget=True)), _job(bench)).provider is OURS


def test_a_fallback_storm_stops_at_the_budget_and_raises_its_metric(bench: Bench, removebg: RemoveBg) -> None:
    """Ours fails every time: every job falls back until the day's money is gone, and not one call more is made."""
    bench.rembg.answer = refusal(503, "unavailable")
    router = bench.router(removebg, Rules(5 * PRICE))
    refused = _metric("stolentee_provider_budget_refusals_total")
    outcomes: list[Provider | None] = []
    for _ in range(20):
        try:
            outcomes.append(_remove(router, _job(bench)).provider)
        except removal.Unavailable:
            outcomes.append(None)
    assert outcomes == [PAID] * 5 + [None] * 15
    assert len(removebg.entries()) == 5
    assert bench.spent() == 5 * PRICE
    assert _metric("stolentee_provider_budget_refusals_total") == refused + 15
    assert len(bench.rembg.asked) == FAILURES  # then its breaker spared it


def test_threads_at_the_last_cents_pay_no_call_too_many(bench: Bench, removebg: RemoveBg) -> None:
    jobs = [_job(bench) for _ in range(8)]
    routers = [bench.router(removebg, Rules(3 * PRICE), percent=0) for _ in range(2)]
    threads = [
        threading.Thread(target=_remove, args=(routers[at % 2], job), name=str(at)) for at, job in enumerate(jobs)
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(removebg.entries()) == 3
    assert bench.spent() == 3 * PRICE
    assert sorted(bench.calls()) == sorted([("removebg", "ok", PRICE)] * 3 + [("self_hosted", "ok", 0)] * 5)


@pytest.mark.parametrize("fault", ["garbage", "cut"])
def test_money_that_went_for_nothing_is_not_spent_again_on_the_same_job(
    bench: Bench, removebg: RemoveBg, fault: str
) -> None:
    removebg.always = fault
    job, router = _job(bench), bench.router(removebg, percent=0)
    bench.rembg.answer = refusal(503, "unavailable")
    with pytest.raises((removal.Broken, removal.Unavailable)):
        _remove(router, job)
    for _ in range(3):
        with pytest.raises(removal.Unavailable):
            _remove(router, job)
    assert len(removebg.entries()) == 1
    bench.rembg.answer = cut_out()
    assert _remove(router, job).provider is OURS
    assert bench.spent() == PRICE


# Second opinions


def test_an_unsure_cut_out_is_made_again_by_the_paid_one(bench: Bench, removebg: RemoveBg) -> None:
    bench.rembg.answer = Answer(body=_unsure())
    cutout = _remove(bench.router(removebg, Rules(PRICE, False, 0.3)), _job(bench))
    assert (cutout.provider, cutout.cost_microusd) == (PAID, PRICE)
    assert bench.calls() == [("self_hosted", "ok", 0), ("removebg", "ok", PRICE)]


@pytest.mark.parametrize("limit", [None, 1.0])
def test_an_unsure_cut_out_stays_where_nobody_wished_otherwise(
    bench: Bench, removebg: RemoveBg, limit: float | None
) -> None:
    bench.rembg.answer = Answer(body=_unsure())
    cutout = _remove(bench.router(removebg, Rules(PRICE, False, limit)), _job(bench))
    assert (cutout.provider, cutout.uncertain) == (OURS, 1.0)
    assert removebg.entries() == []


def test_a_sure_cut_out_is_not_made_again(bench: Bench, removebg: RemoveBg) -> None:
    assert _remove(bench.router(removebg, Rules(PRICE, False, 0.3)), _job(bench)).provider is OURS
    assert removebg.entries() == []


@pytest.mark.parametrize("fault", ["garbage", "wrong_size", "cut", "unknown_foreground", "internal_error", "close"])
@pytest.mark.parametrize("wait", [False, True])
def test_a_second_opinion_that_fails_keeps_ours(bench: Bench, removebg: RemoveBg, fault: str, wait: bool) -> None:
    bench.rembg.answer = Answer(body=_unsure())
    removebg.always = fault
    cutout = _remove(bench.router(removebg, Rules(PRICE, wait, 0.3)), _job(bench))
    assert (cutout.provider, cutout.png, cutout.cost_microusd) == (OURS, _unsure(), 0)


@pytest.mark.parametrize("wait", [False, True])
def test_a_second_opinion_beyond_the_budget_keeps_ours(bench: Bench, removebg: RemoveBg, wait: bool) -> None:
    bench.rembg.answer = Answer(body=_unsure())
    router = bench.router(removebg, Rules(PRICE, wait, 0.3))
    assert [_remove(router, _job(bench)).provider for _ in range(3)] == [PAID, OURS, OURS]
    assert bench.spent() == PRICE


# Leaving a provider alone


@pytest.fixture
def wait(monkeypatch: pytest.MonkeyPatch) -> Callable[[float], None]:
    """Lets seconds pass at once."""
    ahead, real = [0.0], time.monotonic
    monkeypatch.setattr("services.worker.removal.breaker.time.monotonic", lambda: real() + ahead[0])

    def pass_by(seconds: float) -> None:
        ahead[0] += seconds

    return pass_by


def test_a_provider_that_failed_five_times_rests_and_then_one_call_tries(
    bench: Bench, wait: Callable[[float], None]
) -> None:
    router = bench.router()
    bench.rembg.answer = refusal(500, "internal")
    for _ in range(FAILURES):
        with pytest.raises(removal.Broken):
            _remove(router, _job(bench))
    assert _metric("stolentee_breaker_open", provider="self_hosted") == 1
    with pytest.raises(removal.Unavailable, match="resting") as resting:
        _remove(router, _job(bench))
    assert resting.value.retry_after_s == 5
    assert len(bench.rembg.asked) == FAILURES
    wait(REST_S)
    with pytest.raises(removal.Broken):
        _remove(router, _job(bench))
    wait(REST_S)
    bench.rembg.answer = cut_out()
    assert _remove(router, _job(bench)).provider is OURS
    assert _metric("stolentee_breaker_open", provider="self_hosted") == 0
    assert _remove(router, _job(bench)).provider is OURS


@pytest.mark.parametrize("answer", [refusal(422, "unknown_foreground"), refusal(503, "busy")])
def test_a_provider_that_refuses_or_is_full_does_not_rest(bench: Bench, answer: Answer) -> None:
    bench.rembg.answer = answer
    router = bench.router()
    for _ in range(2 * FAILURES):
        with pytest.raises((removal.Refused, removal.Full)):
            _remove(router, _job(bench))
    assert len(bench.rembg.asked) == 2 * FAILURES


def test_one_provider_s_rest_is_not_the_other_s(bench: Bench, removebg: RemoveBg) -> None:
    bench.rembg.answer = refusal(500, "internal")
    router = bench.router(removebg)
    for _ in range(FAILURES):
        with pytest.raises(removal.Broken):
            _remove(router, _job(bench))
    assert _remove(router, _job(bench)).provider is PAID


def test_several_pictures_are_removed_at_once(bench: Bench) -> None:
    """A guard around calls must not make them wait for one another."""
    jobs, router, together = [_job(bench) for _ in range(3)], bench.router(), threading.Barrier(3)
    bench.rembg.meanwhile = lambda: together.wait(10)  # breaks unless all three are under way
    threads = [threading.Thread(target=_remove, args=(router, job)) for job in jobs]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert not together.broken
    assert bench.calls() == [("self_hosted", "ok", 0)] * 3


# Earlier results


@pytest.mark.parametrize(
    ("wanted", "percent", "asked_about"),
    [
        (None, 100, [{"compact:d1", "remove.bg"}, {"remove.bg"}]),
        (None, 0, [{"remove.bg"}, {"compact:d1", "remove.bg"}]),
        (OURS, 50, [{"compact:d1"}]),
        (PAID, 50, [{"remove.bg"}, {"compact:d1"}]),
    ],
)
def test_before_each_call_it_is_asked_whether_the_result_is_there(
    bench: Bench, removebg: RemoveBg, wanted: Provider | None, percent: int, asked_about: list[set[str]]
) -> None:
    bench.rembg.answer = refusal(503, "unavailable")
    removebg.always = "internal_error"
    asked: list[set[str]] = []

    def known(engines: list[str]) -> bool:
        asked.append(set(engines))
        return False

    with pytest.raises(removal.Unavailable):
        bench.router(removebg, percent=percent).remove(_job(bench, wanted), pictures.jpeg(), SIZE, known)
    assert asked == asked_about


def test_nobody_is_asked_for_what_is_there(bench: Bench, removebg: RemoveBg) -> None:
    assert bench.router(removebg).remove(_job(bench), pictures.jpeg(), SIZE, lambda _: True) is None
    assert (bench.rembg.asked, removebg.entries(), bench.calls()) == ([], [], [])
