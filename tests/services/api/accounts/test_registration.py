"""Registering and forgotten passwords: what the mails say, and that the answers say nothing."""

import threading

import pytest
from werkzeug.test import TestResponse

from services.api.middleware.auth import COOKIE
from tests.services import pictures
from tests.services.api.accounts.conftest import ANN, BOB, PASSWORD, Mailbox, customer, register, sign_in, verify
from tests.services.api.client import bearer, body, cut_out, refused, upload
from tests.services.api.conftest import Api
from tests.services.api.customers import token_of

NEW = "battery staple"


def _reset(api: Api, token: str, password: str = NEW) -> TestResponse:
    return api.guest().post("/api/account/reset/confirm", json={"token": token, "password": password})


def test_an_account_is_made_once_its_address_is_confirmed(api: Api, mailbox: Mailbox) -> None:
    client = api.guest()
    registered = register(client, "Ann@Shop.Example", name="Ann")
    assert (registered.status_code, registered.json) == (202, {})
    assert "Set-Cookie" not in registered.headers
    refused(sign_in(client), 401, "wrong_credentials")
    ((template, facts),) = mailbox.mails()
    assert (template, list(facts)) == ("verify", ["token"])
    confirmed = verify(client, facts["token"])
    found = body(confirmed)
    assert (found["email"], found["name"], found["role"]) == ("Ann@shop.example", "Ann", "customer")
    assert confirmed.headers["X-Session-Token"] == token_of(client)
    assert len(token_of(client)) == 46
    assert client.get("/api/account").json == found
    assert sign_in(api.guest()).status_code == 200


def test_a_token_is_spent_once_and_only_for_what_it_is(api: Api, mailbox: Mailbox) -> None:
    register(api.guest())
    token = mailbox.token()
    refused(_reset(api, token), 410, "token_spent")
    assert verify(api.guest(), token).status_code == 200
    for wrong in (token, "A" * 43, "x"):
        refused(verify(api.guest(), wrong), 410, "token_spent")


@pytest.mark.parametrize("statement", ["expires_at = now()", "hash = 'another'"])
def test_a_token_expires_and_is_stored_as_its_hash(api: Api, mailbox: Mailbox, statement: str) -> None:
    register(api.guest())
    with api.deps.database.transaction() as connection:
        row = connection.execute("select email_tokens::text as text from email_tokens").fetchone()
        assert row is not None
        assert mailbox.token() not in row["text"]
        connection.execute(f"update email_tokens set {statement}".encode())
    refused(verify(api.guest(), mailbox.token()), 410, "token_spent")


def test_of_twenty_at_once_one_spends_it(api: Api, mailbox: Mailbox) -> None:
    register(api.guest())
    token, statuses = mailbox.token(), []
    start = threading.Barrier(20)

    def spend() -> None:
        start.wait()
        statuses.append(verify(api.guest(), token).status_code)

    threads = [threading.Thread(target=spend) for _ in range(20)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(statuses) == [200] + [410] * 19


def test_the_password_is_that_of_the_mail_that_was_followed(api: Api, mailbox: Mailbox) -> None:
    """Someone else may register with the address of a mailbox that is not theirs, before or after its reader."""
    for password in ("a stranger's", PASSWORD, "a stranger's"):
        register(api.guest(), password=password)
    tokens = [facts["token"] for _, facts in mailbox.mails()]
    assert verify(api.guest(), tokens[1]).status_code == 200
    refused(verify(api.guest(), tokens[0]), 410, "token_spent")
    refused(verify(api.guest(), tokens[2]), 410, "token_spent")
    assert sign_in(api.guest()).status_code == 200
    refused(sign_in(api.guest(), password="a stranger's"), 401, "wrong_credentials")


def test_an_erased_account_is_not_made_again_by_an_older_mail(api: Api, mailbox: Mailbox) -> None:
    register(api.guest(), password="a stranger's")
    older = mailbox.token()
    assert customer(mailbox).delete("/api/account").status_code == 204
    refused(verify(api.guest(), older), 410, "token_spent")


def test_two_registrations_confirmed_at_once_make_one_account(api: Api, mailbox: Mailbox) -> None:
    for _ in range(2):
        register(api.guest())
    tokens = [facts["token"] for _, facts in mailbox.mails()]
    start, statuses = threading.Barrier(2), []

    def confirm(token: str) -> None:
        start.wait()
        statuses.append(verify(api.guest(), token).status_code)

    threads = [threading.Thread(target=confirm, args=[token]) for token in tokens]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(statuses) == [200, 410]


def test_only_the_mail_tells_that_there_is_an_account(api: Api, mailbox: Mailbox) -> None:
    customer(mailbox)
    again = register(api.guest(), ANN.upper(), "another one")
    assert (again.status_code, again.json) == (202, {})
    assert mailbox.mails()[-1] == ("already_registered", {})
    for email in (ANN, BOB):
        asked = api.guest().post("/api/account/reset", json={"email": email})
        assert (asked.status_code, asked.json) == (202, {})
    assert mailbox.mails()[-1][0] == "reset"
    assert [template for template, _ in mailbox.mails(BOB)] == ["sign_in"]  # as much work as for a customer
    assert sign_in(api.guest()).status_code == 200  # nothing has changed


def test_a_forgotten_password_is_set_anew_and_every_session_ends(api: Api, mailbox: Mailbox) -> None:
    client = customer(mailbox)
    api.guest().post("/api/account/reset", json={"email": ANN})
    token = mailbox.token()
    refused(_reset(api, token, "12345678"), 422, "weak_password")
    done = _reset(api, token)
    assert body(done)["email"] == ANN
    assert len(done.headers["X-Session-Token"]) == 46
    refused(_reset(api, token), 410, "token_spent")
    refused(client.get("/api/account"), 401, "unauthorized")
    refused(sign_in(api.guest()), 401, "wrong_credentials")
    assert sign_in(api.guest(), password=NEW).status_code == 200
    assert mailbox.mails()[-1] == ("password_changed", {})


def test_a_reset_that_was_asked_for_before_a_change_is_void(api: Api, mailbox: Mailbox) -> None:
    client = customer(mailbox)
    api.guest().post("/api/account/reset", json={"email": ANN})
    token = mailbox.token()
    changed = client.patch("/api/account", json={"password": NEW, "currentPassword": PASSWORD})
    assert changed.status_code == 200
    refused(_reset(api, token), 410, "token_spent")


@pytest.mark.parametrize(
    "password", ["short", "password", "PASSWORD1", "aaaaaaaaa", "ann@shop.example", "Ann@Shop.Example"]
)
def test_a_weak_password_is_refused(api: Api, password: str) -> None:
    refused(register(api.guest(), password=password), 422, "weak_password")


@pytest.mark.parametrize(
    "email",
    [
        "",
        "ann",
        "ann@localhost",
        "a@b.example, c@d.example",
        "ann@shop.example\r\nBcc: x@y.example",
        "Ann <ann@shop.example>",
        "x" * 250 + "@shop.example",
        "\ud800@shop.example",
    ],
)
def test_what_is_no_address_of_one_person_is_refused(api: Api, mailbox: Mailbox, email: str) -> None:
    refused(register(api.guest(), email), 400, "invalid_request")
    refused(sign_in(api.guest(), email), 400, "invalid_request")
    with api.deps.database.transaction() as connection:
        assert connection.execute("select from mails").rowcount == 0


@pytest.mark.parametrize(
    "more",
    [
        {"role": "admin"},
        {"id": "x"},
        {"verifiedAt": "2026-01-01"},
        {"name": "a\nb"},
        {"name": "a\0"},
        {"name": "x" * 101},
    ],
)
def test_a_body_with_more_than_it_may_have_is_refused(api: Api, mailbox: Mailbox, more: dict[str, str]) -> None:
    refused(register(api.guest(), **more), 400, "invalid_request")
    assert mailbox.mails() == []


def test_a_guest_s_pictures_and_jobs_become_the_customer_s(api: Api, mailbox: Mailbox) -> None:
    guest = api.guest()
    accepted = cut_out(guest)
    before, token = body(guest.get("/api/assets")), bearer(guest)
    client = customer(mailbox, client=guest)
    assert [item["id"] for item in body(client.get("/api/assets"))["items"]] == [item["id"] for item in before["items"]]
    assert client.get(accepted["statusUrl"]).status_code == 200
    old = api.app.test_client(use_cookies=False)
    assert old.get("/api/assets", headers=token).json == {"items": [], "nextCursor": None}
    refused(old.get(accepted["statusUrl"], headers=token), 404, "not_found")


def test_what_came_in_another_browser_moves_at_the_next_sign_in(api: Api, mailbox: Mailbox) -> None:
    guest = api.guest()
    mine, same = upload(guest), upload(guest, pictures.png())
    client = customer(mailbox)
    kept = upload(client, pictures.png())
    assert sign_in(guest).status_code == 200
    for browser in (client, guest):
        ids = {item["id"] for item in body(browser.get("/api/assets"))["items"]}
        assert ids == {mine["id"], kept["id"]}
        assert same["id"] not in ids


def test_a_page_of_another_origin_may_not_sign_its_visitors_in(api: Api, mailbox: Mailbox) -> None:
    customer(mailbox)
    evil, attacker = {"Origin": "https://evil.example"}, {"email": ANN, "password": PASSWORD}
    refused(api.guest().post("/api/session", json=attacker, headers=evil), 403, "forbidden")
    refused(api.guest().post("/api/account/reset", json={"email": ANN}, headers=evil), 403, "forbidden")


def test_the_cookie_is_the_token(api: Api, mailbox: Mailbox) -> None:
    client = customer(mailbox)
    cookie = client.get_cookie(COOKIE)
    assert cookie is not None
    assert (cookie.http_only, cookie.same_site, cookie.path) == (True, "Lax", "/")
    assert api.guest().get("/api/account", headers=bearer(client)).status_code == 200
