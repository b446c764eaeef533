"""Asking rembg for a cut-out: what its answers mean, and that every call ends."""

import time
from collections.abc import Iterator

import pytest

from services.worker import removal
from services.worker.removal import self_hosted
from services.worker.removal.self_hosted import SelfHosted
from shared.models import Foreground, JobFailure, Provider
from tests.services import pictures
from tests.services.worker.rembg_double import FACTS, Answer, Double, cut_out, refusal


@pytest.fixture
def rembg() -> Iterator[Double]:
    double = Double()
    yield double
    double.stop()


@pytest.fixture
def remover(rembg: Double) -> Iterator[SelfHosted]:
    asking = SelfHosted(rembg.url + "/", "the token")
    yield asking
    asking._session.close()


def test_a_cut_out_comes_with_what_is_known_about_it(rembg: Double, remover: SelfHosted) -> None:
    cutout = remover.remove(b"picture", "some.1")
    assert cutout == removal.Cutout(
        pictures.cutout(), Provider.SELF_HOSTED, "compact", 0.0123, Foreground(top=7, left=10, width=10, height=8)
    )
    (asked,) = rembg.asked
    assert (asked.path, asked.picture) == ("/remove", b"picture")
    assert asked.headers["X-Request-Id"] == "some.1"
    assert asked.headers["Authorization"] == "Bearer the token"


def test_a_proxy_for_the_internet_does_not_catch_the_call(remover: SelfHosted, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("http_proxy", "http://127.0.0.1:1")
    assert remover.remove(b"picture", "some.1").model == "compact"


def test_a_picture_without_a_subject_is_refused_with_the_service_s_words(rembg: Double, remover: SelfHosted) -> None:
    rembg.answer = refusal(422, "unknown_foreground", "Nothing stands out.")
    with pytest.raises(removal.Refused) as refused:
        remover.remove(b"picture", "some.1")
    assert (refused.value.error, refused.value.message) == (JobFailure.UNKNOWN_FOREGROUND, "Nothing stands out.")


def test_any_other_fault_of_the_picture_is_refused(rembg: Double, remover: SelfHosted) -> None:
    for status, code in ((400, "missing_file"), (413, "body_too_large"), (415, "unsupported_image"), (422, "x")):
        rembg.answer = refusal(status, code)
        with pytest.raises(removal.Refused) as refused:
            remover.remove(b"picture", "some.1")
        assert refused.value.error == JobFailure.PROVIDER_FAILED


def test_a_refusal_without_our_envelope_is_one_all_the_same(rembg: Double, remover: SelfHosted) -> None:
    for body in (b"", b"<html>", b"[]", b'{"error": "no"}'):
        rembg.answer = Answer(400, {}, body)
        with pytest.raises(removal.Refused):
            remover.remove(b"picture", "some.1")


def test_a_service_that_is_full_starting_or_closed_to_us_is_away(rembg: Double, remover: SelfHosted) -> None:
    for status in (401, 403, 404, 429, 503):
        rembg.answer = refusal(status, "any")
        with pytest.raises(removal.Unavailable):
            remover.remove(b"picture", "some.1")


def test_a_service_that_fails_is_broken(rembg: Double, remover: SelfHosted) -> None:
    for status in (500, 502, 504, 302, 204):
        rembg.answer = refusal(status, "any") if status != 204 else Answer(204, {})
        with pytest.raises(removal.Broken):
            remover.remove(b"picture", "some.1")


def test_an_answer_without_its_facts_is_broken(rembg: Double, remover: SelfHosted) -> None:
    for name in FACTS:
        rembg.answer = cut_out(headers={kept: value for kept, value in FACTS.items() if kept != name})
        with pytest.raises(removal.Broken):
            remover.remove(b"picture", "some.1")
    rembg.answer = cut_out(headers={**FACTS, "X-Foreground-Top": "high"})
    with pytest.raises(removal.Broken):
        remover.remove(b"picture", "some.1")


def test_an_answer_without_an_end_is_broken(
    rembg: Double, remover: SelfHosted, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(self_hosted, "MAX_BYTES", 100_000)
    rembg.answer = Answer(body=bytes(200_000))
    with pytest.raises(removal.Broken, match="too large"):
        remover.remove(b"picture", "some.1")


def test_an_answer_that_is_cut_short_means_away(rembg: Double, remover: SelfHosted) -> None:
    rembg.answer = cut_out(share=0.5)
    with pytest.raises(removal.Unavailable):
        remover.remove(b"picture", "some.1")


def test_nobody_there_means_away() -> None:
    with pytest.raises(removal.Unavailable):
        SelfHosted("http://127.0.0.1:1").remove(b"picture", "some.1")


def test_silence_is_waited_for_only_so_long(
    rembg: Double, remover: SelfHosted, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(self_hosted, "READ_S", 0.2)
    rembg.answer = cut_out(wait_s=1)
    with pytest.raises(removal.Unavailable):
        remover.remove(b"picture", "some.1")


def test_an_answer_that_trickles_is_given_up(
    rembg: Double, remover: SelfHosted, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(self_hosted, "TOTAL_S", 0.3)
    rembg.answer = Answer(body=bytes(100), pause_s=0.05)
    began = time.monotonic()
    with pytest.raises(removal.Unavailable, match="too long"):
        remover.remove(b"picture", "some.1")
    assert time.monotonic() - began < 3


def test_the_session_serves_again_after_every_failure(rembg: Double, remover: SelfHosted) -> None:
    for answer in (cut_out(share=0.5), refusal(503, "busy"), Answer(500, {}, b"x"), cut_out(headers={})):
        rembg.answer = answer
        with pytest.raises((removal.Unavailable, removal.Broken)):
            remover.remove(b"picture", "some.1")
        rembg.answer = cut_out()
        assert remover.remove(b"picture", "some.1").model == "compact"
