"""The router: whom it asks, when it leaves a provider alone, and what it asks nobody for."""

import threading
import time
from collections.abc import Callable

import pytest

from services.worker import providers
from services.worker.providers.breaker import FAILURES, REST_S
from services.worker.providers.router import Rules
from shared.models.cutout import Provider
from tests.doubles.removebg import RemoveBg
from tests.services import pictures
from tests.services.worker.conftest import PRICE, Bench
from tests.services.worker.providers.routing import OURS, PAID, SIZE, claimed, metric, removed, unsure
from tests.services.worker.rembg_double import Answer, cut_out, refusal


def test_the_rollout_says_who_is_asked_first(bench: Bench, removebg: RemoveBg) -> None:
    ours = removed(bench.router(removebg, percent=100), claimed(bench))
    assert (ours.provider, ours.engine, ours.model, ours.cost_microusd) == (OURS, "compact:d1", "compact", 0)
    paid = removed(bench.router(removebg, percent=0), claimed(bench))
    assert (paid.provider, paid.engine, paid.cost_microusd) == (PAID, "remove.bg", PRICE)
    assert bench.calls() == [("self_hosted", "ok", 0), ("removebg", "ok", PRICE)]


def test_a_premium_caller_s_choice_goes_before_the_rollout(bench: Bench, removebg: RemoveBg) -> None:
    assert removed(bench.router(removebg, percent=100), claimed(bench, PAID)).provider is PAID
    assert removed(bench.router(removebg, percent=0), claimed(bench, OURS)).provider is OURS


def test_a_cut_out_is_measured_here_whoever_made_it(bench: Bench) -> None:
    cutout = removed(bench.router(), claimed(bench))
    assert (cutout.foreground.top, cutout.foreground.left) == (7, 10)
    assert (cutout.foreground.width, cutout.foreground.height) == (10, 8)
    assert cutout.uncertain == 0
    assert cutout.picture.mode == "RGBA"


@pytest.mark.parametrize("answer", [refusal(503, "unavailable"), refusal(404, "x"), cut_out(share=0.5)], ids=str)
def test_whoever_is_away_is_stood_in_for(bench: Bench, removebg: RemoveBg, answer: Answer) -> None:
    bench.rembg.answer = answer
    assert removed(bench.router(removebg), claimed(bench)).provider is PAID


def test_a_burst_is_waited_for_and_not_paid_for(bench: Bench, removebg: RemoveBg) -> None:
    bench.rembg.answer = refusal(503, "busy")
    with pytest.raises(providers.Full):
        removed(bench.router(removebg), claimed(bench))
    assert removebg.entries() == []


def test_the_paid_one_is_stood_in_for_as_well(bench: Bench, removebg: RemoveBg) -> None:
    router = bench.router(removebg, percent=0)
    for fault in ("insufficient_credits", "auth_failed", "rate_limit_exceeded", "internal_error"):
        removebg.next.append(fault)
        assert removed(router, claimed(bench)).provider is OURS
    assert bench.spent() == 0


@pytest.mark.parametrize(
    ("answer", "error"),
    [
        (refusal(422, "unknown_foreground"), providers.Refused),
        (refusal(415, "unsupported_image"), providers.Refused),
        (refusal(500, "internal"), providers.Broken),
        (Answer(body=pictures.png()), providers.Broken),
        (cut_out(41, 30), providers.Broken),
        (Answer(body=b"garbage"), providers.Broken),
    ],
)
def test_only_who_is_away_is_stood_in_for(
    bench: Bench, removebg: RemoveBg, answer: Answer, error: type[Exception]
) -> None:
    bench.rembg.answer = answer
    with pytest.raises(error):
        removed(bench.router(removebg), claimed(bench))
    assert removebg.entries() == []


def test_who_asked_for_ours_is_never_sent_to_the_paid_one(bench: Bench, removebg: RemoveBg) -> None:
    bench.rembg.answer = refusal(503, "unavailable")
    with pytest.raises(providers.Unavailable):
        removed(bench.router(removebg), claimed(bench, OURS))
    bench.rembg.answer = Answer(body=unsure())
    assert removed(bench.router(removebg, Rules(PRICE, False, 0.1)), claimed(bench, OURS)).provider is OURS
    assert removebg.entries() == []


def test_a_picture_too_large_for_the_paid_one_is_ours(bench: Bench, removebg: RemoveBg) -> None:
    large = (4_000, 2_501)
    job = claimed(bench)
    with pytest.raises(providers.Broken):  # the stand-in's answer is small, but it was asked
        removed(bench.router(removebg, percent=0), job, large)
    assert (len(bench.rembg.asked), removebg.entries()) == (1, [])


def test_without_a_paid_provider_everything_is_ours(bench: Bench) -> None:
    assert removed(bench.router(percent=0), claimed(bench, PAID)).provider is OURS


def test_when_nobody_is_there_the_job_hears_when_to_come_back(bench: Bench, removebg: RemoveBg) -> None:
    bench.rembg.answer = refusal(503, "unavailable")
    bench.rembg.answer.headers = {"Retry-After": "9"}
    with pytest.raises(providers.Unavailable) as alone:
        removed(bench.router(), claimed(bench))
    assert alone.value.retry_after_s == 9
    removebg.always = "rate_limit_exceeded"
    with pytest.raises(providers.Unavailable) as both:
        removed(bench.router(removebg), claimed(bench))
    assert both.value.retry_after_s == 7


# Leaving a provider alone


@pytest.fixture
def wait(monkeypatch: pytest.MonkeyPatch) -> Callable[[float], None]:
    """Lets seconds pass at once."""
    ahead, real = [0.0], time.monotonic
    monkeypatch.setattr("services.worker.providers.breaker.time.monotonic", lambda: real() + ahead[0])

    def pass_by(seconds: float) -> None:
        ahead[0] += seconds

    return pass_by


def test_a_provider_that_failed_five_times_rests_and_then_one_call_tries(
    bench: Bench, wait: Callable[[float], None]
) -> None:
    router = bench.router()
    bench.rembg.answer = refusal(500, "internal")
    for _ in range(FAILURES):
        with pytest.raises(providers.Broken):
            removed(router, claimed(bench))
    assert metric("stolentee_breaker_open", provider="self_hosted") == 1
    with pytest.raises(providers.Unavailable, match="resting") as resting:
        removed(router, claimed(bench))
    assert resting.value.retry_after_s == 5
    assert len(bench.rembg.asked) == FAILURES
    wait(REST_S)
    with pytest.raises(providers.Broken):
        removed(router, claimed(bench))
    wait(REST_S)
    bench.rembg.answer = cut_out()
    assert removed(router, claimed(bench)).provider is OURS
    assert metric("stolentee_breaker_open", provider="self_hosted") == 0
    assert removed(router, claimed(bench)).provider is OURS


@pytest.mark.parametrize("answer", [refusal(422, "unknown_foreground"), refusal(503, "busy")])
def test_a_provider_that_refuses_or_is_full_does_not_rest(bench: Bench, answer: Answer) -> None:
    bench.rembg.answer = answer
    router = bench.router()
    for _ in range(2 * FAILURES):
        with pytest.raises((providers.Refused, providers.Full)):
            removed(router, claimed(bench))
    assert len(bench.rembg.asked) == 2 * FAILURES


def test_one_provider_s_rest_is_not_the_other_s(bench: Bench, removebg: RemoveBg) -> None:
    bench.rembg.answer = refusal(500, "internal")
    router = bench.router(removebg)
    for _ in range(FAILURES):
        with pytest.raises(providers.Broken):
            removed(router, claimed(bench))
    assert removed(router, claimed(bench)).provider is PAID


def test_several_pictures_are_removed_at_once(bench: Bench) -> None:
    """A guard around calls must not make them wait for one another."""
    jobs, router, together = [claimed(bench) for _ in range(3)], bench.router(), threading.Barrier(3)
    bench.rembg.meanwhile = lambda: together.wait(10)  # breaks unless all three are under way
    threads = [threading.Thread(target=removed, args=(router, job)) for job in jobs]
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

    with pytest.raises(providers.Unavailable):
        bench.router(removebg, percent=percent).remove(claimed(bench, wanted), pictures.jpeg(), SIZE, known)
    assert asked == asked_about


def test_nobody_is_asked_for_what_is_there(bench: Bench, removebg: RemoveBg) -> None:
    assert bench.router(removebg).remove(claimed(bench), pictures.jpeg(), SIZE, lambda _: True) is None
    assert (bench.rembg.asked, removebg.entries(), bench.calls()) == ([], [], [])
