"""POST /api/webhooks/stripe: what Stripe did not sign for us now has no effect, and no error is ours."""

import json
import time
from collections.abc import Callable
from typing import Any

import pytest
from werkzeug.test import TestResponse

from deploy.local.stripe_double.webhooks import sign
from tests.doubles.stripe_double import WEBHOOK_SECRET
from tests.services.api.client import refused
from tests.services.api.conftest import Api, Start
from tests.services.api.payments.conftest import JSON

EVENT = {
    "id": "evt_1",
    "object": "event",
    "type": "some.type",
    "livemode": False,
    "created": 1_790_000_000,
    "api_version": "2026-10-28.endive",
    "data": {"object": {"id": "xx_1", "object": "thing"}},
}
BODY = json.dumps(EVENT).encode()
NEW_SECRET, OLD_SECRET = "whsec_the_newer_one", "whsec_of_last_year"
YEAR_S = 365 * 86_400
Header = Callable[[int], str]


@pytest.fixture
def api(environment: pytest.MonkeyPatch, start: Start) -> Api:
    """Payments are on, and Stripe is not there: no event here needs it."""
    environment.setenv("STRIPE_SECRET_KEY", "sk_test_of_the_tests")
    environment.setenv("STRIPE_PUBLISHABLE_KEY", "pk_test_of_the_tests")
    environment.setenv("STRIPE_WEBHOOK_SECRET", f"{WEBHOOK_SECRET}, {NEW_SECRET}")
    environment.setenv("STRIPE_API_BASE", "http://127.0.0.1:1")
    environment.setenv("PUBLIC_URL", "https://shop.example")
    return start()


def _send(api: Api, body: bytes, header: str | None) -> TestResponse:
    headers = {} if header is None else {"Stripe-Signature": header}
    return api.guest().post("/api/webhooks/stripe", data=body, content_type=JSON, headers=headers)


def _stored(api: Api) -> list[str]:
    with api.deps.database.transaction() as connection:
        return [row["id"] for row in connection.execute("select id from webhook_events order by id").fetchall()]


def _at(offset_s: int, *, body: bytes = BODY, secret: str = WEBHOOK_SECRET) -> Header:
    return lambda now: sign(body, secret, now + offset_s)


def _v1(now: int) -> str:
    return sign(BODY, WEBHOOK_SECRET, now).partition(",")[2]


REFUSED: dict[str, Header | None] = {
    "none": None,
    "empty": lambda _: "",
    "garbage": lambda now: "abc",
    "commas": lambda now: ",,,=,==,",
    "without a time": _v1,
    "a time that is no number": lambda now: f"t=now,{_v1(now)}",
    "an empty time": lambda now: f"t=,{_v1(now)}",
    "a time of 5,000 digits": lambda now: f"t={'9' * 5000},{_v1(now)}"[:2000],
    "a negative time": lambda now: sign(BODY, WEBHOOK_SECRET, -now),
    "without a signature": lambda now: f"t={now}",
    "an empty signature": lambda now: f"t={now},v1=",
    "only v0": lambda now: f"t={now},{_v1(now).replace('v1', 'v0')}",
    "in capitals": lambda now: f"t={now},{_v1(now).upper().replace('V1', 'v1')}",
    "not ASCII": lambda now: f"t={now},v1=\u00e9",
    "one character off": lambda now: f"t={now},{_v1(now)[:-1]}{'0' if _v1(now)[-1] != '0' else '1'}",
    "of a secret that is no longer valid": _at(0, secret=OLD_SECRET),
    "of another body": _at(0, body=BODY.replace(b"evt_1", b"evt_2")),
    "of the same body with other spaces": _at(0, body=json.dumps(EVENT, indent=1).encode()),
    "301 seconds old": _at(-302),
    "a year old": _at(-YEAR_S),
    "10 minutes ahead": _at(600),
    "10 years ahead": _at(10 * YEAR_S),
    "two times, the old one signed": lambda now: f"t={now - 999},t={now},{sign(BODY, WEBHOOK_SECRET, now - 999)[13:]}",
    "two times, neither signed first": lambda now: (
        f"t={now},t={now - 999},{sign(BODY, WEBHOOK_SECRET, now - 999)[13:]}"
    ),
}


@pytest.mark.parametrize("case", REFUSED)
def test_a_signature_is_refused(api: Api, case: str) -> None:
    header = REFUSED[case]
    refused(_send(api, BODY, header and header(int(time.time()))), 400, "bad_signature")
    assert _stored(api) == []


ACCEPTED: dict[str, Header] = {
    "now": _at(0),
    "290 seconds old": _at(-290),
    "200 seconds ahead": _at(200),
    "of the second secret": _at(0, secret=NEW_SECRET),
    "two signatures while the secret changes": lambda now: f"{sign(BODY, OLD_SECRET, now)},{_v1(now)}",
    "beside one of another scheme": lambda now: f"t={now},v0=abc,{_v1(now)}",
}


@pytest.mark.parametrize("case", ACCEPTED)
def test_a_signature_is_accepted(api: Api, case: str) -> None:
    response = _send(api, BODY, ACCEPTED[case](int(time.time())))
    assert (response.status_code, response.json) == (200, {})
    assert _stored(api) == ["evt_1"]


def _event(**changes: Any) -> bytes:
    return json.dumps({**EVENT, **changes}).encode()


SIGNED = {
    "no text": (b"\xff\xfe", "bad_signature"),
    "nothing": (b"", "bad_signature"),
    "no JSON": (b"hello", "bad_signature"),
    "cut off": (BODY[:-1], "bad_signature"),
    "two ids": (b'{"id":"evt_9",' + BODY[1:], "bad_signature"),
    "NaN": (BODY.replace(b"1790000000", b"NaN"), "bad_signature"),
    "nested without end": (b"[" * 100_000, "bad_signature"),
    "nested deep and closed": (b"[" * 100_000 + b"]" * 100_000, "bad_signature"),
    "a list": (b"[" + BODY + b"]", "invalid_request"),
    "a number": (b"1", "invalid_request"),
    "null": (b"null", "invalid_request"),
    "a charge": (_event(object="charge"), "invalid_request"),
    "a thin event": (
        json.dumps(
            {"id": "evt_1", "object": "v2.core.event", "type": "x", "livemode": False, "created": "2026"}
        ).encode(),
        "invalid_request",
    ),
    "an id that is none": (_event(id="../1"), "invalid_request"),
    "a time that is no number": (_event(created="now"), "invalid_request"),
    "a time beyond all": (_event(created=10**18), "invalid_request"),
    "livemode in words": (_event(livemode="false"), "invalid_request"),
    "without an object": (_event(data={}), "invalid_request"),
    "the other mode": (_event(livemode=True), "wrong_mode"),
}


@pytest.mark.parametrize("case", SIGNED)
def test_a_signed_body_that_is_no_event_of_ours_is_refused(api: Api, case: str) -> None:
    body, code = SIGNED[case]
    refused(_send(api, body, sign(body, WEBHOOK_SECRET, int(time.time()))), 400, code)
    assert _stored(api) == []


def test_an_event_has_at_most_256_kb(api: Api) -> None:
    body = _event(padding="x" * (300 << 10))
    refused(_send(api, body, sign(body, WEBHOOK_SECRET, int(time.time()))), 413, "body_too_large")
    body = _event(padding="x" * (200 << 10))
    assert _send(api, body, sign(body, WEBHOOK_SECRET, int(time.time()))).status_code == 200


@pytest.mark.parametrize("data", [{"object": {}}, {"object": {"id": "xx"}, "previous_attributes": {}}])
def test_an_event_of_an_unknown_type_is_noted_and_nothing_else(api: Api, data: dict[str, Any]) -> None:
    body = _event(data=data, type="treasury.of.tomorrow", api_version="2029-01-01.x")
    assert _send(api, body, sign(body, WEBHOOK_SECRET, int(time.time()))).status_code == 200
    with api.deps.database.transaction() as connection:
        row = connection.execute("select handled_at, error from webhook_events").fetchone()
    assert row is not None
    assert row["handled_at"]
    assert row["error"] is None


def test_without_the_database_stripe_is_asked_to_come_again(api: Api, lose_database: Callable[[], None]) -> None:
    lose_database()
    response = _send(api, BODY, sign(BODY, WEBHOOK_SECRET, int(time.time())))
    refused(response, 503, "unavailable")
