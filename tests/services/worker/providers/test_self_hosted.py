"""The client of rembg: what responses mean, how many calls run at once, and which network made a result."""

import threading
from collections.abc import Iterator

import pytest

from services.worker import providers
from services.worker.providers import http_exchange, self_hosted
from services.worker.providers.self_hosted import SelfHosted
from shared.models.cutout import CutoutInput, MaskPrecision, Method, Transparency
from shared.models.job import JobFailure
from tests.services import pictures
from tests.services.worker.rembg_double import FACTS, Answer, Double, cut_out, refusal


@pytest.fixture
def rembg() -> Iterator[Double]:
    double = Double()
    yield double
    double.stop()


@pytest.fixture
def remover(rembg: Double) -> Iterator[SelfHosted]:
    with http_exchange.session() as client:
        yield SelfHosted(client, rembg.url + "/", "the token", places=2)


def test_a_cut_out_has_the_name_of_its_network_and_costs_nothing(rembg: Double, remover: SelfHosted) -> None:
    assert remover.remove(b"picture", "some.1") == providers.Answer(
        pictures.cutout(), "compact", "compact:d1:float", 0, method=Method.NETWORK
    )
    (asked,) = rembg.asked
    assert (asked.path, asked.picture) == ("/remove", b"picture")
    assert asked.headers["X-Request-Id"] == "some.1"
    assert asked.headers["Authorization"] == "Bearer the token"


def test_a_picture_without_a_subject_has_the_message_of_the_service(rembg: Double, remover: SelfHosted) -> None:
    rembg.answer = refusal(422, "unknown_foreground", "Nothing stands out.")
    with pytest.raises(providers.Refused) as refused:
        remover.remove(b"picture", "some.1")
    assert (refused.value.failure, refused.value.message) == (JobFailure.UNKNOWN_FOREGROUND, "Nothing stands out.")


def test_any_other_error_of_the_picture_is_refused(rembg: Double, remover: SelfHosted) -> None:
    for status, code in ((400, "missing_file"), (413, "body_too_large"), (415, "unsupported_image"), (422, "x")):
        rembg.answer = refusal(status, code)
        with pytest.raises(providers.Refused) as refused:
            remover.remove(b"picture", "some.1")
        assert refused.value.failure == JobFailure.PROVIDER_FAILED


def test_a_refusal_without_our_error_body_is_still_a_refusal(rembg: Double, remover: SelfHosted) -> None:
    for body in (b"", b"<html>", b"[]", b'{"error": "no"}'):
        rembg.answer = Answer(400, {}, body)
        with pytest.raises(providers.Refused):
            remover.remove(b"picture", "some.1")


def test_a_service_that_is_starting_or_refuses_our_token_is_unavailable(rembg: Double, remover: SelfHosted) -> None:
    for status in (401, 403, 404, 429, 503):
        rembg.answer = refusal(status, "any")
        with pytest.raises(providers.Unavailable) as away:
            remover.remove(b"picture", "some.1")
        assert not isinstance(away.value, providers.Full)


def test_a_busy_service_says_when_to_retry(rembg: Double, remover: SelfHosted) -> None:
    rembg.answer = refusal(503, "busy")
    rembg.answer.headers = {"Retry-After": "4"}
    with pytest.raises(providers.Full) as full:
        remover.remove(b"picture", "some.1")
    assert full.value.retry_after_s == 4


def test_a_server_error_is_a_provider_error(rembg: Double, remover: SelfHosted) -> None:
    for status in (500, 502, 504, 302, 204):
        rembg.answer = refusal(status, "any") if status != 204 else Answer(204, {})
        with pytest.raises(providers.Broken):
            remover.remove(b"picture", "some.1")


def test_a_response_without_its_headers_is_a_provider_error(rembg: Double, remover: SelfHosted) -> None:
    for name in FACTS:
        rembg.answer = Answer(
            headers={kept: value for kept, value in FACTS.items() if kept != name}, body=pictures.cutout()
        )
        with pytest.raises(providers.Broken):
            remover.remove(b"picture", "some.1")


def test_concurrent_calls_are_limited(rembg: Double, remover: SelfHosted) -> None:
    arrived, leave = threading.Semaphore(0), threading.Event()

    def meanwhile() -> None:
        arrived.release()
        leave.wait(10)

    rembg.meanwhile = meanwhile
    threads = [threading.Thread(target=remover.remove, args=(b"picture", "some.1")) for _ in range(2)]
    for thread in threads:
        thread.start()
    assert arrived.acquire(timeout=10)
    assert arrived.acquire(timeout=10)  # both run at the same time
    with pytest.raises(providers.Full) as full:
        remover.remove(b"picture", "some.3")
    leave.set()
    for thread in threads:
        thread.join()
    assert full.value.retry_after_s == 1
    assert len(rembg.asked) == 2
    assert remover.remove(b"picture", "some.4").model == "compact"


def test_a_place_is_free_again_after_every_failure(rembg: Double, remover: SelfHosted) -> None:
    for answer in (
        cut_out(share=0.5),
        refusal(503, "busy"),
        Answer(500, {}, b"x"),
        Answer(headers={}, body=pictures.cutout()),
    ):
        rembg.answer = answer
        for _ in range(3):
            with pytest.raises((providers.Unavailable, providers.Broken)) as failed:
                remover.remove(b"picture", "some.1")
            assert "place" not in str(failed.value)
    rembg.answer = cut_out()
    assert remover.remove(b"picture", "some.1").model == "compact"


def test_the_network_of_the_service_is_queried_occasionally(
    rembg: Double, remover: SelfHosted, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert [remover.engine() for _ in range(3)] == ["compact:d1:float"] * 3
    assert rembg.looked_up == 1
    monkeypatch.setattr(self_hosted, "_FRESH_S", 0)
    rembg.about = {"model": "u2net", "digest": "d2", "precision": "int8"}
    assert remover.engine() == "u2net:d2:int8"


def test_a_response_also_names_the_network(rembg: Double, remover: SelfHosted) -> None:
    rembg.answer = cut_out(headers={"X-Model": "u2net", "X-Model-Digest": "d2", "X-Model-Precision": "int8"})
    remover.remove(b"picture", "some.1")
    assert remover.engine() == "u2net:d2:int8"
    assert rembg.looked_up == 0


def test_the_precision_that_one_picture_needed_makes_no_other_engine(rembg: Double, remover: SelfHosted) -> None:
    for ran in ("int8", "float"):
        rembg.answer = cut_out(headers={"X-Model-Precision": "auto", "X-Mask-Precision": ran})
        assert remover.remove(b"picture", "some.1").engine == "compact:d1:auto"


def test_without_an_answer_the_last_known_network_is_assumed(
    rembg: Double, remover: SelfHosted, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(self_hosted, "_FRESH_S", 0)
    rembg.about = {"model": "compact"}
    assert remover.engine() is None
    rembg.about = {"model": "compact", "digest": "d1", "precision": "float"}
    assert remover.engine() == "compact:d1:float"
    rembg.stop()
    assert remover.engine() == "compact:d1:float"


def test_options_that_differ_from_the_defaults_are_sent(rembg: Double, remover: SelfHosted) -> None:
    options = CutoutInput(transparency=Transparency.KEEP, method=Method.NETWORK, decontaminate=False)
    remover.remove(b"picture", "some.1", options)
    assert rembg.asked[0].path == "/remove?transparency=keep&method=network&decontaminate=false"


def test_the_response_has_method_and_uncertainty(rembg: Double, remover: SelfHosted) -> None:
    rembg.answer = cut_out(headers={"X-Method": "flat", "X-Uncertainty": "0.4"})
    flat = remover.remove(b"picture", "some.1")
    rembg.answer = cut_out(headers={"X-Method": "none"})
    unchanged = remover.remove(b"picture", "some.1")
    assert (flat.method, flat.uncertain, flat.passed_through) == (Method.FLAT, 0.4, False)
    assert (unchanged.method, unchanged.passed_through) == (None, True)


@pytest.mark.parametrize(
    ("sent", "read"), [("int8", MaskPrecision.INT8), ("float", MaskPrecision.FLOAT), ("none", None), ("", None)]
)
def test_the_response_has_the_precision_of_the_mask(
    rembg: Double, remover: SelfHosted, sent: str, read: MaskPrecision | None
) -> None:
    rembg.answer = cut_out(headers={"X-Mask-Precision": sent})
    assert remover.remove(b"picture", "some.1").precision is read


def test_an_unknown_precision_is_a_provider_error(rembg: Double, remover: SelfHosted) -> None:
    rembg.answer = cut_out(headers={"X-Mask-Precision": "some"})
    with pytest.raises(providers.Broken):
        remover.remove(b"picture", "some.1")


def test_an_unknown_method_is_a_provider_error(rembg: Double, remover: SelfHosted) -> None:
    rembg.answer = cut_out(headers={"X-Method": "magic"})
    with pytest.raises(providers.Broken):
        remover.remove(b"picture", "some.1")
