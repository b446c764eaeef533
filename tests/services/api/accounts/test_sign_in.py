"""Sessions: equal answers for wrong names and passwords, limits, and how a session ends."""

import statistics
import time

import pytest
from flask.testing import FlaskClient
from werkzeug.test import TestResponse

from tests.services.api.accounts.conftest import ANN, BOB, PASSWORD, Mailbox, customer, register, sign_in, verify
from tests.services.api.client import bearer, body, refused
from tests.services.api.conftest import Api, Start
from tests.services.api.customers import signed_in, token_of

EVE = "eve@shop.example"


def _from(address: str, client: FlaskClient, email: str = ANN, password: str = PASSWORD) -> TestResponse:
    return client.post(
        "/api/session", json={"email": email, "password": password}, environ_base={"REMOTE_ADDR": address}
    )


def test_a_wrong_password_and_an_unknown_address_get_one_answer(api: Api, mailbox: Mailbox) -> None:
    customer(mailbox)
    wrong, unknown = sign_in(api.guest(), password="another one"), sign_in(api.guest(), BOB)
    for response in (wrong, unknown):
        refused(response, 401, "wrong_credentials")
    assert body(wrong)["error"]["message"] == body(unknown)["error"]["message"]


def test_an_unknown_address_and_one_without_a_password_take_as_long_as_a_wrong_one(api: Api, mailbox: Mailbox) -> None:
    """In turns, so that neighbours slow all; processor time, so that they count little; 10 % and a millisecond."""
    customer(mailbox)
    signed_in(api, EVE, password_hash=None)
    client, took = api.guest(), {ANN: [], BOB: [], EVE: []}  # type: ignore[var-annotated]
    for _ in range(40):
        for email, times in took.items():
            start = time.process_time()
            sign_in(client, email, "another one")
            times.append(time.process_time() - start)
    known, *others = (statistics.median(times) for times in took.values())
    assert all(abs(known - other) <= 0.1 * known + 0.001 for other in others)


def test_the_same_password_typed_with_other_characters_is_one(api: Api, mailbox: Mailbox) -> None:
    register(api.guest(), password="caf\u00e9 au lait")
    verify(api.guest(), mailbox.token())
    assert sign_in(api.guest(), password="cafe\u0301 au lait").status_code == 200


def test_the_token_changes_at_sign_in_and_refresh_and_the_old_one_ends(api: Api, mailbox: Mailbox) -> None:
    client = customer(mailbox)
    for path, payload in (("/api/session", {"email": ANN, "password": PASSWORD}), ("/api/session/refresh", None)):
        old, header = token_of(client), bearer(client)
        assert client.post(path, json=payload).status_code == 200
        assert token_of(client) != old
        refused(api.guest().get("/api/account", headers=header), 401, "unauthorized")
        assert client.get("/api/account").status_code == 200


def test_a_customer_sees_where_it_is_signed_in_and_ends_one_session(api: Api, mailbox: Mailbox) -> None:
    here, there = customer(mailbox), api.guest()
    there.post(
        "/api/session", json={"email": ANN, "password": PASSWORD}, headers={"User-Agent": "Phone\u00e9" + "x" * 500}
    )
    other = customer(mailbox, BOB)
    listed = body(here.get("/api/sessions"))["items"]
    assert [item["current"] for item in listed] == [False, True]
    assert listed[0]["agent"].startswith("Phone")
    assert len(listed[0]["agent"]) == 200
    refused(other.delete(f"/api/sessions/{listed[0]['id']}"), 404, "not_found")
    assert here.delete(f"/api/sessions/{listed[0]['id']}").status_code == 204
    refused(there.get("/api/account"), 401, "unauthorized")
    assert here.get("/api/account").status_code == 200


@pytest.mark.parametrize(("path", "everywhere"), [("/api/session", False), ("/api/sessions", True)])
def test_signing_out_ends_this_session_or_all_and_the_cookie(
    api: Api, mailbox: Mailbox, path: str, everywhere: bool
) -> None:
    here, there = customer(mailbox), api.guest()
    sign_in(there)
    header = bearer(here)
    assert here.delete(path).status_code == 204
    assert here.get_cookie("session") is None
    refused(api.guest().get("/api/account", headers=header), 401, "unauthorized")
    assert (there.get("/api/account").status_code == 401) == everywhere


def test_a_customer_who_signs_in_as_another_leaves_its_things_behind(api: Api, mailbox: Mailbox) -> None:
    client = customer(mailbox)
    customer(mailbox, BOB)
    old = bearer(client)
    assert sign_in(client, BOB).status_code == 200
    assert body(client.get("/api/account"))["email"] == BOB
    refused(api.guest().get("/api/account", headers=old), 401, "unauthorized")


def test_the_sixth_failed_attempt_from_an_address_is_refused_though_right(limited: Mailbox) -> None:
    customer(limited)
    client = limited.api.guest()
    for number in range(3):  # of customer(): a mail counts, its confirmation does not
        refused(sign_in(client, f"{number}@shop.example"), 401, "wrong_credentials")
    refused(sign_in(client, BOB), 401, "wrong_credentials")
    response = sign_in(client)
    refused(response, 429, "rate_limited")
    assert 890 <= int(response.headers["Retry-After"]) <= 900
    assert _from("203.0.113.7", client).status_code == 200


def test_five_failed_attempts_at_an_account_from_any_addresses_close_it(limited: Mailbox) -> None:
    customer(limited)
    client = limited.api.guest()
    for number in range(4):  # its registration counts
        refused(_from(f"203.0.113.{number}", client, ANN.upper(), "another one"), 401, "wrong_credentials")
    refused(_from("203.0.113.9", client), 429, "rate_limited")
    refused(_from("203.0.113.9", client, password="another one"), 429, "rate_limited")
    refused(
        client.post("/api/account/reset", json={"email": ANN}, environ_base={"REMOTE_ADDR": "203.0.113.10"}),
        429,
        "rate_limited",
    )
    assert _from("203.0.113.9", client, BOB).status_code == 401  # others are not locked out


def test_a_forwarded_address_of_the_client_s_own_choice_does_not_help(limited: Mailbox) -> None:
    client = limited.api.guest()
    statuses = [
        client.post(
            "/api/session",
            json={"email": f"{number}@shop.example", "password": PASSWORD},
            headers={"X-Forwarded-For": f"198.51.100.{number}"},
        ).status_code
        for number in range(6)
    ]
    assert statuses == [401] * 5 + [429]


def test_attempts_that_succeed_do_not_count(limited: Mailbox) -> None:
    customer(limited)
    for _ in range(8):
        assert sign_in(limited.api.guest()).status_code == 200


def test_two_instances_share_the_limit(start: Start, environment: pytest.MonkeyPatch) -> None:
    environment.setenv("RATE_LIMIT_SIGN_IN", "5/15m")
    clients = [start().guest(), start().guest()]
    statuses = [sign_in(clients[number % 2], f"{number}@shop.example").status_code for number in range(7)]
    assert statuses == [401] * 5 + [429] * 2


def test_guessing_the_current_password_counts_as_signing_in(limited: Mailbox) -> None:
    client = customer(limited)
    wrong = {"password": "battery staple", "currentPassword": "another one"}
    for _ in range(4):
        refused(client.patch("/api/account", json=wrong), 401, "wrong_credentials")
    refused(client.patch("/api/account", json=wrong), 429, "rate_limited")
