"""The same picture of the same owner by the same engine: never computed twice, and never paid twice."""

import threading
import time
from typing import Any
from uuid import UUID

import pytest
from PIL import Image

from services.worker import providers
from services.worker.providers.router import Rules
from shared import timeouts
from shared.db import assets, jobs
from shared.models.cutout import Method, Provider, Transparency
from shared.models.job import Job, JobState
from shared.models.owner import Owner, OwnerType
from tests.doubles.removebg import RemoveBg
from tests.services import pictures
from tests.services.worker.conftest import OWNER, PRICE, Bench
from tests.services.worker.rembg_double import ABOUT, FACTS, Answer, cut_out, refusal

OTHER = Owner(OwnerType.GUEST, "1" * 64)
OURS, PAID = Provider.SELF_HOSTED, Provider.REMOVEBG


def _run(bench: Bench, job_id: UUID, removebg: RemoveBg | None = None, percent: int = 100, **rules: float) -> Job:
    """Run one job in a new worker without any state."""
    chosen = Rules(1_000 * PRICE, False, rules.get("unsure"))
    assert bench.runner_with(removebg, chosen, percent).run_next()
    return bench.job(job_id)


def _unsure() -> Answer:
    picture = pictures.drawn()
    picture.putalpha(Image.new("L", picture.size, 128))
    return Answer(body=pictures.encoded(picture, "PNG"))


def test_the_same_picture_is_computed_once(bench: Bench) -> None:
    first, second = (_run(bench, bench.order()) for _ in range(2))
    assert len(bench.rembg.asked) == 1
    assert (second.status, second.provider) == (JobState.DONE, OURS)
    assert bench.result(second).cutout_key == bench.result(first).cutout_key
    assert (bench.result(second).model, bench.result(second).uncertain) == (
        bench.result(first).model,
        bench.result(first).uncertain,
    )
    assert bench.made(second.id).keys() == {"cutout", "preview", "mask"}
    assert bench.result(second).asset_id == bench.made(second.id)["cutout"].id


def test_the_same_picture_is_paid_once(bench: Bench, removebg: RemoveBg) -> None:
    first, second = (_run(bench, bench.order(), removebg, percent=0) for _ in range(2))
    assert len(removebg.entries()) == 1
    assert (bench.result(first).cost_microusd, bench.result(second).cost_microusd) == (PRICE, 0)
    assert second.provider is PAID
    assert bench.spent() == PRICE


def test_a_picture_that_was_paid_for_as_a_fallback_is_not_paid_again(bench: Bench, removebg: RemoveBg) -> None:
    bench.rembg.answer = refusal(503, "unavailable")
    first, second = (_run(bench, bench.order(), removebg) for _ in range(2))
    assert first.provider is second.provider is PAID
    assert len(removebg.entries()) == 1


def test_a_picture_that_got_a_second_opinion_is_neither_computed_nor_paid_again(
    bench: Bench, removebg: RemoveBg
) -> None:
    bench.rembg.answer = _unsure()
    first, second = (_run(bench, bench.order(), removebg, unsure=0.3) for _ in range(2))
    assert first.provider is second.provider is PAID
    assert (len(bench.rembg.asked), len(removebg.entries())) == (1, 1)


def test_our_result_beyond_the_budget_is_not_computed_again(bench: Bench, removebg: RemoveBg) -> None:
    for _ in range(2):
        assert bench.runner_with(removebg, Rules(PRICE - 1), 0).run_next() is False  # nothing to do yet
        bench.order()
        assert bench.runner_with(removebg, Rules(PRICE - 1), 0).run_next()
    assert (len(bench.rembg.asked), removebg.entries()) == (1, [])


def test_an_earlier_result_is_used_while_the_provider_is_unavailable(bench: Bench, removebg: RemoveBg) -> None:
    runner = bench.runner_with(removebg)
    _ = bench.order(), runner.run_next()
    bench.rembg.stop()
    again = bench.order()
    runner.run_next()
    assert bench.job(again).provider is OURS
    assert removebg.entries() == []


def test_another_owner_s_picture_is_computed(bench: Bench) -> None:
    first, second = _run(bench, bench.order()), _run(bench, bench.order(owner=OTHER))
    assert len(bench.rembg.asked) == 2
    assert bench.result(second).cutout_key != bench.result(first).cutout_key


def test_another_picture_is_computed(bench: Bench) -> None:
    _run(bench, bench.order())
    bench.rembg.answer = cut_out()
    _run(bench, bench.order(pictures.png()))
    assert len(bench.rembg.asked) == 2


@pytest.mark.parametrize("change", [{"X-Model-Digest": "d2"}, {"X-Model": "u2net"}, {"X-Model-Precision": "int8"}])
def test_a_new_network_computes_again(bench: Bench, change: dict[str, str]) -> None:
    _run(bench, bench.order())
    facts = {**FACTS, **change}
    bench.rembg.answer = cut_out(headers=facts)
    bench.rembg.about = {name: facts[header] for name, header in ABOUT.items()}
    again = _run(bench, bench.order())
    assert len(bench.rembg.asked) == 2
    assert bench.result(again).model == facts["X-Model"]


@pytest.mark.parametrize(
    "options", [{"transparency": Transparency.KEEP}, {"method": Method.FLAT}, {"decontaminate": False}]
)
def test_other_options_compute_again(bench: Bench, options: dict[str, Any]) -> None:
    for _ in range(2):
        _run(bench, bench.order())
        _run(bench, bench.order(**options))
    asked = [one.path for one in bench.rembg.asked]
    ((name, value),) = options.items()
    assert asked == ["/remove", f"/remove?{name}={str(value).lower()}"]


def test_the_transparency_of_a_drawing_is_kept_unless_its_caller_chose(bench: Bench) -> None:
    _run(bench, bench.order(drawn=True))
    _run(bench, bench.order(drawn=True, transparency=Transparency.IGNORE))
    assert [one.path for one in bench.rembg.asked] == ["/remove?transparency=keep", "/remove?transparency=ignore"]


def test_a_new_version_of_the_processing_computes_again(bench: Bench, monkeypatch: pytest.MonkeyPatch) -> None:
    _run(bench, bench.order())
    monkeypatch.setattr(providers, "PROCESSING", 0)
    _run(bench, bench.order())
    assert len(bench.rembg.asked) == 2


def test_a_job_on_the_paid_side_does_not_get_our_earlier_result(bench: Bench, removebg: RemoveBg) -> None:
    _run(bench, bench.order(), removebg, percent=100)
    assert _run(bench, bench.order(), removebg, percent=0).provider is PAID
    assert len(removebg.entries()) == 1


def test_a_job_that_chose_ours_does_not_get_the_paid_result(bench: Bench, removebg: RemoveBg) -> None:
    _run(bench, bench.order(), removebg, percent=0)
    assert _run(bench, bench.order(provider=OURS), removebg, percent=0).provider is OURS
    assert _run(bench, bench.order(provider=PAID), removebg).provider is PAID
    assert len(removebg.entries()) == 1


def test_what_was_deleted_is_not_reused(bench: Bench) -> None:
    first = _run(bench, bench.order())
    with bench.database.transaction() as connection:
        assets.delete(connection, OWNER, bench.result(first).asset_id)
    second = _run(bench, bench.order())
    assert second.status is JobState.DONE
    assert len(bench.rembg.asked) == 2


def test_a_deleted_and_resent_source_finds_the_earlier_result(bench: Bench) -> None:
    first = _run(bench, bench.order())
    with bench.database.transaction() as connection:
        assets.delete(connection, OWNER, first.asset_id)
    second = _run(bench, bench.order())
    assert second.asset_id != first.asset_id
    assert len(bench.rembg.asked) == 1


@pytest.mark.parametrize("percent", [0, 100])
def test_jobs_of_one_picture_that_race_pay_and_compute_once(bench: Bench, removebg: RemoveBg, percent: int) -> None:
    removebg.always = "slow"
    made = [bench.order() for _ in range(4)]
    workers = [bench.runner_with(removebg, percent=percent) for _ in made]
    together, until = threading.Barrier(len(workers)), time.monotonic() + 30

    def work(number: int) -> None:
        together.wait()
        while time.monotonic() < until and not all(bench.job(job_id).status.terminal for job_id in made):
            workers[number].run_next()

    threads = [threading.Thread(target=work, args=(number,)) for number in range(len(workers))]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    jobs = [bench.job(job_id) for job_id in made]
    assert [job.status for job in jobs] == [JobState.DONE] * 4
    assert len({bench.result(job).cutout_key for job in jobs}) == 1
    assert (len(bench.rembg.asked), len(removebg.entries())) == ((1, 0) if percent else (0, 1))
    assert bench.spent() == (0 if percent else PRICE)


def test_a_cancelled_job_is_not_paid_for(bench: Bench, removebg: RemoveBg, monkeypatch: pytest.MonkeyPatch) -> None:
    job_id = bench.order()
    real = type(bench.storage).get

    def cancelled_meanwhile(storage: object, key: str) -> bytes:
        bench.say("update jobs set status = 'cancelled', lease_until = null, finished_at = now(), fence = fence + 1")
        return real(bench.storage, key)

    monkeypatch.setattr(type(bench.storage), "get", cancelled_meanwhile)
    assert _run(bench, job_id, removebg, percent=0).status is JobState.CANCELLED
    assert (removebg.entries(), bench.calls()) == ([], [])


def test_cancelling_and_retrying_during_a_call_does_not_pay_twice(bench: Bench, removebg: RemoveBg) -> None:
    job_id = bench.order()

    def cancel_and_retry() -> None:
        with bench.database.transaction() as connection:
            assert jobs.cancel(connection, OWNER, job_id)
            assert jobs.retry(connection, OWNER, job_id)

    removebg.meanwhile = cancel_and_retry
    assert _run(bench, job_id, removebg, percent=0).status is JobState.QUEUED
    job = _run(bench, job_id, removebg, percent=0)
    assert (job.status, job.provider) == (JobState.DONE, OURS)
    assert len(removebg.entries()) == 1
    assert bench.spent() == PRICE


def test_a_paid_picture_that_could_not_be_stored_is_not_paid_for_twice(
    bench: Bench, removebg: RemoveBg, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(timeouts, "RETRY_S", 0)
    job_id = bench.order()
    removebg.meanwhile = bench.block_storage
    assert _run(bench, job_id, removebg, percent=0).status is JobState.QUEUED
    bench.unblock_storage()
    bench.say("update jobs set run_after = now()")
    job = _run(bench, job_id, removebg, percent=0)
    assert (job.status, job.provider) == (JobState.DONE, OURS)
    assert len(removebg.entries()) == 1


def test_a_paid_picture_waits_a_while_for_the_storage(bench: Bench, removebg: RemoveBg) -> None:
    def blink() -> None:
        bench.block_storage()
        threading.Timer(0.5, bench.unblock_storage).start()

    removebg.meanwhile = blink
    job = _run(bench, bench.order(), removebg, percent=0)
    assert (job.status, job.provider) == (JobState.DONE, PAID)
    assert len(removebg.entries()) == 1
