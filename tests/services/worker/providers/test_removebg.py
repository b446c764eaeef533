"""The paid provider's client: what each response means, and what it counts as having cost."""

import base64
import json
from collections.abc import Iterator, Mapping
from typing import Any

import pytest
import requests

from services.worker import providers
from services.worker.providers import http_exchange
from services.worker.providers.removebg import RemoveBg
from shared import timeouts
from shared.models.job import JobFailure
from tests.doubles import removebg as double
from tests.services import pictures
from tests.services.worker.conftest import PRICE
from tests.services.worker.rembg_double import Answer, Double


@pytest.fixture
def client() -> Iterator[requests.Session]:
    with http_exchange.session() as made:
        yield made


@pytest.fixture
def remover(client: requests.Session, removebg: double.RemoveBg) -> RemoveBg:
    return RemoveBg(client, removebg.url, double.KEY, PRICE)


@pytest.fixture
def server() -> Iterator[Double]:
    """Sends raw responses, for cases that the contract leaves open."""
    made = Double()
    yield made
    made.stop()


def _outcome(remover: RemoveBg) -> providers.Answer | providers.Refused | providers.Broken | providers.Unavailable:
    try:
        return remover.remove(pictures.jpeg(), "some.1")
    except (providers.Refused, providers.Broken, providers.Unavailable) as error:
        return error


def _told(client: requests.Session, server: Double, answer: Answer) -> Any:
    server.answer = answer
    return _outcome(RemoveBg(client, server.url, "key", PRICE))


def _json(status: int, value: object, headers: Mapping[str, str] | None = None) -> Answer:
    kind = {"Content-Type": "application/json; charset=utf-8"}
    return Answer(status, {**kind, **(headers or {})}, json.dumps(value).encode())


def _errors(status: int, code: str) -> Answer:
    return _json(status, {"errors": [{"title": "Words of theirs", "code": code}]})


def test_a_picture_is_sent_once_with_the_key_and_requested_at_full_size(
    remover: RemoveBg, removebg: double.RemoveBg, server: Double, client: requests.Session
) -> None:
    answer = remover.remove(pictures.jpeg(), "some.1")
    assert answer == providers.Answer(double.cutout(pictures.jpeg()), "remove.bg", "remove.bg", PRICE)
    (entry,) = removebg.entries()
    assert (entry.request_id, entry.fault, entry.charged) == ("some.1", "ok", 1.0)
    _told(client, server, Answer())
    (asked,) = server.asked
    assert asked.path == "/removebg"
    assert asked.headers["X-Api-Key"] == "key"
    for name, value in ((b"size", b"auto"), (b"format", b"png")):
        assert b'name="%s"\r\n\r\n%s\r\n' % (name, value) in asked.picture


def test_a_picture_in_base64_is_accepted(remover: RemoveBg, removebg: double.RemoveBg) -> None:
    removebg.always = "base64"
    assert _outcome(remover) == providers.Answer(double.cutout(pictures.jpeg()), "remove.bg", "remove.bg", PRICE)


@pytest.mark.parametrize(
    ("header", "cost"),
    [
        ({}, PRICE),
        ({"X-Credits-Charged": "1"}, PRICE),
        ({"X-Credits-Charged": "0.25"}, PRICE // 4),
        ({"X-Credits-Charged": "0"}, 0),
        ({"X-Credits-Charged": "2"}, PRICE),
        ({"X-Credits-Charged": "-1"}, PRICE),
        ({"X-Credits-Charged": "nan"}, PRICE),
        ({"X-Credits-Charged": "many"}, PRICE),
        ({"X-Credits-Charged": ""}, PRICE),
    ],
    ids=str,
)
def test_the_cost_is_the_stated_one_and_at_most_the_reserved_one(
    client: requests.Session, server: Double, header: Mapping[str, str], cost: int
) -> None:
    told = _told(client, server, Answer(200, {"Content-Type": "image/png", **header}, pictures.cutout()))
    assert told.charged_microusd == cost


@pytest.mark.parametrize("status", [400, 200])
def test_an_error_of_the_picture_has_the_message_of_the_provider(
    client: requests.Session, server: Double, status: int
) -> None:
    for code, failure in (
        ("unknown_foreground", JobFailure.UNKNOWN_FOREGROUND),
        ("failed_to_read_image", JobFailure.PROVIDER_FAILED),
        ("file_too_large", JobFailure.PROVIDER_FAILED),
        ("resolution_too_high", JobFailure.PROVIDER_FAILED),
    ):
        told = _told(client, server, _errors(status, code))
        assert isinstance(told, providers.Refused)
        assert (told.failure, told.message, told.charged) == (failure, "Words of theirs", False)


@pytest.mark.parametrize(
    "answer",
    [
        _errors(402, "insufficient_credits"),
        _errors(403, "auth_failed"),
        _errors(429, "rate_limit_exceeded"),
        _errors(200, "insufficient_credits"),
        _errors(200, "auth_failed"),
        _errors(200, "rate_limit_exceeded"),
        _errors(500, "internal_error"),
        Answer(401, {}, b""),
        Answer(404, {}, b"<html>"),
        Answer(502, {"Content-Type": "text/html"}, b"<html>"),
        Answer(503, {}, b""),
    ],
    ids=lambda answer: f"{answer.status} {answer.body[:60]!r}",
)
def test_a_provider_that_refused_the_request_is_unavailable_and_free(
    client: requests.Session, server: Double, answer: Answer
) -> None:
    told = _told(client, server, answer)
    assert isinstance(told, providers.Unavailable)
    assert told.charged is False


def test_a_rate_limit_says_when_to_retry(remover: RemoveBg, removebg: double.RemoveBg) -> None:
    removebg.always = "rate_limit_exceeded"
    told = _outcome(remover)
    assert isinstance(told, providers.Unavailable)
    assert told.retry_after_s == 7


@pytest.mark.parametrize(
    ("answer", "charged"),
    [
        (_errors(400, "invalid_size"), False),
        (Answer(400, {}, b"<html>"), False),
        (Answer(302, {}, b""), False),
        (_errors(200, "some_news"), True),
        (_json(200, {"data": {}}), True),
        (_json(200, ["data"]), True),
        (_json(200, {"data": {"result_b64": "not base64!"}}), True),
        (_json(200, {"data": {"result_b64": 7}}), True),
        (_json(200, {"errors": []}), True),
        (Answer(200, {"Content-Type": "application/json"}, b"{oops"), True),
        (Answer(200, {"Content-Type": "application/json"}, b"\xff"), True),
    ],
    ids=lambda value: f"{value.status} {value.body[:40]!r}" if isinstance(value, Answer) else str(value),
)
def test_an_invalid_response_is_an_error_and_charged_if_it_was_successful(
    client: requests.Session, server: Double, answer: Answer, charged: bool
) -> None:
    told = _told(client, server, answer)
    assert isinstance(told, providers.Broken)
    assert told.charged is charged


def test_invalid_data_with_an_image_type_is_passed_to_the_verification(client: requests.Session) -> None:
    for body in (b"", b"\x89PNG", base64.b64encode(pictures.cutout())):
        server = Double()
        told = _told(client, server, Answer(200, {"Content-Type": "image/png"}, body))
        server.stop()
        assert (told.png, told.charged_microusd) == (body, PRICE)


def test_a_refused_connection_is_free(client: requests.Session) -> None:
    told = _outcome(RemoveBg(client, "http://127.0.0.1:1", "key", PRICE))
    assert isinstance(told, providers.Unavailable)
    assert told.charged is False


@pytest.mark.parametrize("fault", ["hang", "cut", "close"])
def test_a_call_with_an_unknown_outcome_counts_as_charged(
    remover: RemoveBg, removebg: double.RemoveBg, monkeypatch: pytest.MonkeyPatch, fault: str
) -> None:
    monkeypatch.setattr(timeouts, "PROVIDER_READ_S", 0.3)
    removebg.always = fault
    told = _outcome(remover)
    assert isinstance(told, providers.Unavailable)
    assert told.charged is True
    assert len(removebg.entries()) == 1  # nothing was sent twice


def test_json_in_several_chunks_is_read(client: requests.Session, server: Double) -> None:
    value = {"data": {"result_b64": base64.b64encode(pictures.cutout()).decode()}, "errors": None}
    assert _told(client, server, _json(200, value)).png == pictures.cutout()
