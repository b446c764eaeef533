"""The router: which provider it calls, when it pauses one, and when it calls none."""

import threading
import time
from collections.abc import Callable

import pytest

from services.worker import providers
from services.worker.failures import LeaseLost
from services.worker.providers.breaker import FAILURES, REST_S
from services.worker.providers.router import Rules
from shared.models.cutout import Provider
from shared.models.job import Outcome
from tests.doubles.removebg import RemoveBg
from tests.services import pictures
from tests.services.worker.conftest import PRICE, Bench
from tests.services.worker.providers.routing import OURS, PAID, metric, removed, requested, unsure
from tests.services.worker.rembg_double import Answer, cut_out, refusal


def test_the_rollout_decides_which_provider_is_called_first(bench: Bench, removebg: RemoveBg) -> None:
    ours = removed(bench.router(removebg, percent=100), requested(bench))
    assert (ours.provider, ours.engine, ours.model, ours.cost_microusd) == (OURS, "compact:d1:float", "compact", 0)
    paid = removed(bench.router(removebg, percent=0), requested(bench))
    assert (paid.provider, paid.engine, paid.cost_microusd) == (PAID, "remove.bg", PRICE)
    assert bench.calls() == [("self_hosted", "ok", 0), ("removebg", "ok", PRICE)]


def test_a_chosen_provider_overrides_the_rollout(bench: Bench, removebg: RemoveBg) -> None:
    assert removed(bench.router(removebg, percent=100), requested(bench, PAID)).provider is PAID
    assert removed(bench.router(removebg, percent=0), requested(bench, OURS)).provider is OURS


def test_every_cutout_is_measured_here(bench: Bench) -> None:
    cutout = removed(bench.router(), requested(bench))
    assert (cutout.foreground.top, cutout.foreground.left) == (7, 10)
    assert (cutout.foreground.width, cutout.foreground.height) == (10, 8)
    assert cutout.uncertain == 0
    assert cutout.picture.mode == "RGBA"


@pytest.mark.parametrize("answer", [refusal(503, "unavailable"), refusal(404, "x"), cut_out(share=0.5)], ids=str)
def test_the_paid_provider_replaces_ours_while_it_is_unavailable(
    bench: Bench, removebg: RemoveBg, answer: Answer
) -> None:
    bench.rembg.answer = answer
    assert removed(bench.router(removebg), requested(bench)).provider is PAID


def test_a_full_provider_is_not_replaced_by_the_paid_one(bench: Bench, removebg: RemoveBg) -> None:
    bench.rembg.answer = refusal(503, "busy")
    with pytest.raises(providers.Full):
        removed(bench.router(removebg), requested(bench))
    assert removebg.entries() == []


def test_ours_replaces_the_paid_provider_while_it_is_unavailable(bench: Bench, removebg: RemoveBg) -> None:
    router = bench.router(removebg, percent=0)
    for fault in ("insufficient_credits", "auth_failed", "rate_limit_exceeded", "internal_error"):
        removebg.next.append(fault)
        assert removed(router, requested(bench)).provider is OURS
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
def test_only_an_unavailable_provider_is_replaced(
    bench: Bench, removebg: RemoveBg, answer: Answer, error: type[Exception]
) -> None:
    bench.rembg.answer = answer
    with pytest.raises(error):
        removed(bench.router(removebg), requested(bench))
    assert removebg.entries() == []


def test_a_job_that_chose_ours_is_never_sent_to_the_paid_provider(bench: Bench, removebg: RemoveBg) -> None:
    bench.rembg.answer = refusal(503, "unavailable")
    with pytest.raises(providers.Unavailable):
        removed(bench.router(removebg), requested(bench, OURS))
    bench.rembg.answer = Answer(body=unsure())
    assert removed(bench.router(removebg, Rules(PRICE, False, 0.1)), requested(bench, OURS)).provider is OURS
    assert removebg.entries() == []


def test_a_picture_too_large_for_the_paid_provider_goes_to_ours(bench: Bench, removebg: RemoveBg) -> None:
    large = (4_000, 2_501)
    with pytest.raises(providers.Broken):  # the double's answer is small, but it was asked
        removed(bench.router(removebg, percent=0), requested(bench, size=large))
    assert (len(bench.rembg.asked), removebg.entries()) == (1, [])


def test_without_a_paid_provider_every_job_goes_to_ours(bench: Bench) -> None:
    assert removed(bench.router(percent=0), requested(bench, PAID)).provider is OURS


def test_without_any_provider_the_error_says_when_to_retry(bench: Bench, removebg: RemoveBg) -> None:
    bench.rembg.answer = refusal(503, "unavailable")
    bench.rembg.answer.headers = {"Retry-After": "9"}
    with pytest.raises(providers.Unavailable) as alone:
        removed(bench.router(), requested(bench))
    assert alone.value.retry_after_s == 9
    removebg.always = "rate_limit_exceeded"
    with pytest.raises(providers.Unavailable) as both:
        removed(bench.router(removebg), requested(bench))
    assert both.value.retry_after_s == 7


# Pausing a provider


@pytest.fixture
def wait(monkeypatch: pytest.MonkeyPatch) -> Callable[[float], None]:
    """Lets seconds pass at once."""
    ahead, real = [0.0], time.monotonic
    monkeypatch.setattr("services.worker.providers.breaker.time.monotonic", lambda: real() + ahead[0])

    def pass_by(seconds: float) -> None:
        ahead[0] += seconds

    return pass_by


def test_a_provider_is_paused_after_five_failures_and_then_gets_one_call(
    bench: Bench, wait: Callable[[float], None]
) -> None:
    router = bench.router()
    bench.rembg.answer = refusal(500, "internal")
    for _ in range(FAILURES):
        with pytest.raises(providers.Broken):
            removed(router, requested(bench))
    assert metric("stolentee_breaker_open", provider="self_hosted") == 1
    with pytest.raises(providers.Unavailable, match="paused") as paused:
        removed(router, requested(bench))
    assert paused.value.retry_after_s == 5
    assert len(bench.rembg.asked) == FAILURES
    wait(REST_S)
    with pytest.raises(providers.Broken):
        removed(router, requested(bench))
    wait(REST_S)
    bench.rembg.answer = cut_out()
    assert removed(router, requested(bench)).provider is OURS
    assert metric("stolentee_breaker_open", provider="self_hosted") == 0
    assert removed(router, requested(bench)).provider is OURS


@pytest.mark.parametrize("answer", [refusal(422, "unknown_foreground"), refusal(503, "busy")])
def test_refusals_and_full_queues_do_not_pause_a_provider(bench: Bench, answer: Answer) -> None:
    bench.rembg.answer = answer
    router = bench.router()
    for _ in range(2 * FAILURES):
        with pytest.raises((providers.Refused, providers.Full)):
            removed(router, requested(bench))
    assert len(bench.rembg.asked) == 2 * FAILURES


def test_one_paused_provider_does_not_pause_the_other(bench: Bench, removebg: RemoveBg) -> None:
    bench.rembg.answer = refusal(500, "internal")
    router = bench.router(removebg)
    for _ in range(FAILURES):
        with pytest.raises(providers.Broken):
            removed(router, requested(bench))
    assert removed(router, requested(bench)).provider is PAID


def test_several_pictures_are_removed_at_once(bench: Bench) -> None:
    """A guard around calls must not make them wait for one another."""
    jobs, router, together = [requested(bench) for _ in range(3)], bench.router(), threading.Barrier(3)
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
    ("provider", "percent", "engine", "serves"),
    [
        (None, 100, "compact:d1:float", True),
        (None, 100, "remove.bg", True),
        (None, 100, "compact:d0", False),
        (None, 0, "remove.bg", True),
        (None, 0, "compact:d1:float", True),
        (OURS, 50, "compact:d1:float", True),
        (OURS, 50, "remove.bg", False),
        (PAID, 50, "remove.bg", True),
        (PAID, 50, "compact:d1:float", True),
    ],
)
def test_while_providers_are_unavailable_an_earlier_result_of_any_that_may_serve_is_used(
    bench: Bench, removebg: RemoveBg, provider: Provider | None, percent: int, engine: str, serves: bool
) -> None:
    earlier = bench.run(bench.order())
    bench.rembg.answer = refusal(503, "unavailable")
    removebg.always = "internal_error"
    request = requested(bench, provider)
    bench.say("update jobs set fingerprint = %s where id = %s", request.fingerprint(engine), earlier.id)
    router = bench.router(removebg, percent=percent)
    if not serves:
        with pytest.raises(providers.Unavailable):
            router.remove(request)
        return
    outcome = router.remove(request)
    assert isinstance(outcome, Outcome)
    assert outcome.result == earlier.result
    paid_first = provider is PAID or percent == 0
    assert len(removebg.entries()) == (paid_first and engine != "remove.bg")  # only then ours would not have done


def test_no_provider_is_called_for_a_job_that_was_lost(bench: Bench, removebg: RemoveBg) -> None:
    request = requested(bench)
    bench.say("update jobs set fence = fence + 1")
    with pytest.raises(LeaseLost):
        bench.router(removebg).remove(request)
    assert (bench.rembg.asked, removebg.entries(), bench.calls()) == ([], [], [])
