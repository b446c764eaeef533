"""The event stream of a batch: its counts now, and each change, to its end."""

import json

import pytest

from services.api.batches import events
from tests.services.api.batches.sending import PATH, finish, send, some, taken_in
from tests.services.api.client import body, refused
from tests.services.api.conftest import Api


def test_a_stream_tells_each_change_and_ends_with_the_batch(api: Api, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(events, "POLL_S", 0.05)
    guest = api.guest()
    batch = taken_in(guest, body(send(guest, some(2))))
    response = guest.get(batch["eventsUrl"])
    parts = (part.decode() for part in response.iter_encoded())
    assert (next(parts), response.content_type) == ("retry: 1000\n\n", "text/event-stream; charset=utf-8")
    seen = [_counts(next(parts))]
    for _ in range(2):
        finish(api, api.claim())
        seen.append(_counts(next(part for part in parts if part.startswith("event"))))
    assert seen == [(1, 2, 0), (2, 1, 1), (3, 0, 2)]
    assert next(parts, "over") == "over"


def _counts(event: str) -> tuple[int, int, int]:
    kind, number, data = event.removesuffix("\n\n").split("\n")
    shown = json.loads(data.removeprefix("data: "))
    assert kind == "event: status"
    assert "items" not in shown
    return int(number.removeprefix("id: ")), shown["counts"]["queued"], shown["counts"]["done"]


def test_a_batch_that_is_not_there_has_no_stream(api: Api) -> None:
    refused(api.guest().get(f"{PATH}/00000000-0000-7000-8000-000000000000/events"), 404, "not_found")
