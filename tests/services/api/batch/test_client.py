"""Calls: repeated as the server asks, compared with their digest, and given up in the end."""

import hashlib
import json
from collections.abc import Callable

import pytest

from services.api.batch import client
from services.api.batch.client import Client, Failed, Refused
from tests.services.api.sources import Say, Source, page, serving

_BUSY = page(json.dumps({"error": {"code": "busy", "message": "Busy."}}).encode(), "503 Busy", Retry_After="0")


def _in_turn(*answers: bytes) -> Say:
    left = iter(answers)
    return lambda say: say(next(left))


def _call(pages: Say | bytes, call: Callable[[Client], object]) -> object:
    with serving(Source({"/x": pages})) as source:
        return call(Client(f"http://127.0.0.1:{source.port}", "key"))


def _get(caller: Client) -> object:
    return caller.call("GET", "/x")


@pytest.fixture(autouse=True)
def quick(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(client, "_PAUSE_S", 0.01)
    monkeypatch.setattr("random.random", lambda: 0.01)


def test_a_busy_or_silent_server_is_asked_again() -> None:
    limited = page(b"{}", "429 Too Many Requests", Retry_After="1")
    assert _call(_in_turn(_BUSY, b"", limited, page(b'{"a": 1}')), _get) == {"a": 1}


def test_a_server_that_stays_busy_is_given_up(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(client, "PATIENCE_S", 0.2)
    with pytest.raises(Failed, match="HTTP 503"):
        _call(_BUSY, _get)


def test_a_refusal_is_final_and_has_its_code() -> None:
    refusal = page(json.dumps({"error": {"code": "batch_closed", "message": "No."}}).encode(), "409 Conflict")
    with pytest.raises(Refused, match="batch_closed: No\\."):
        _call(_in_turn(refusal), _get)
    with pytest.raises(Refused, match="http_404"):
        _call(_in_turn(page(b"<html>", "404 Not Found")), _get)


def test_a_file_that_came_damaged_is_fetched_again() -> None:
    tag = f'"{hashlib.sha256(b"good").hexdigest()}"'
    answers = _in_turn(page(b"bad", ETag=tag), page(b"good", ETag=tag))
    assert _call(answers, lambda caller: caller.download("/x")) == b"good"


def test_a_stopped_client_waits_no_longer() -> None:
    def stopped(caller: Client) -> object:
        caller.stop()
        return _get(caller)

    with pytest.raises(Failed, match="Stopped"):
        _call(_BUSY, stopped)
