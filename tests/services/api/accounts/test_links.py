"""Links to sign in: one mail for everyone, an account without a password for a new address, and how it gets one."""

import threading
from uuid import UUID

import pytest
from flask.testing import FlaskClient
from werkzeug.test import TestResponse

from services.api import examples
from tests.services.api.accounts.conftest import ANN, BOB, PASSWORD, Mailbox, customer, register, sign_in, verify
from tests.services.api.client import bearer, body, cut_out, refused, upload
from tests.services.api.conftest import Api
from tests.services.api.owned_rows import design_of
from tests.shared.db import catalogue

NEW = "battery staple"


def ask(client: FlaskClient, email: str = ANN) -> TestResponse:
    return client.post("/api/session/link", json={"email": email})


def by_link(mailbox: Mailbox, client: FlaskClient | None = None, email: str = ANN) -> FlaskClient:
    """A client that has followed a link."""
    client = client or mailbox.api.guest()
    assert ask(client, email).status_code == 202
    assert verify(client, mailbox.token(email)).status_code == 200
    return client


def test_a_link_is_asked_for_and_mailed_alike_for_every_address(api: Api, mailbox: Mailbox) -> None:
    customer(mailbox)
    by_link(mailbox, email="eve@shop.example")
    for email in (ANN, BOB, "eve@shop.example"):
        asked = ask(api.guest(), email)
        assert (asked.status_code, asked.json, asked.headers.get("Set-Cookie")) == (202, {}, None)
        template, facts = mailbox.mails(email)[-1]
        assert (template, list(facts)) == ("sign_in", ["token"])


def test_a_guest_who_follows_a_link_becomes_a_customer_without_a_password(api: Api, mailbox: Mailbox) -> None:
    guest = api.guest()
    catalogue.tee(api.deps.database, id=UUID(examples.PRODUCT))
    accepted, before = cut_out(guest), bearer(guest)
    design = body(guest.post("/api/designs", json=design_of(upload(guest))))
    price = body(guest.post("/api/price", json={"items": [{"sku": "heavy-tee-M", "quantity": 1}], "country": "US"}))
    client = by_link(mailbox, guest)
    found = body(client.get("/api/account"))
    assert (found["email"], found["name"], found["role"], found["hasPassword"]) == (ANN, "", "customer", False)
    records = body(client.get("/api/account/export"))["records"]
    moved = {name: [row["id"] for row in records[name]] for name in ("jobs", "designs", "quotes")}
    assert (moved["designs"], moved["quotes"]) == ([design["id"]], [price["quoteId"]])
    assert accepted["id"] in moved["jobs"]
    old = api.app.test_client(use_cookies=False)
    assert body(old.get("/api/jobs", headers=before))["items"] == []


def test_a_customer_who_follows_a_link_is_signed_in_and_keeps_the_password(api: Api, mailbox: Mailbox) -> None:
    account = body(customer(mailbox).get("/api/account"))
    assert body(by_link(mailbox, email=ANN.upper()).get("/api/account")) == account
    assert account["hasPassword"]
    assert sign_in(api.guest()).status_code == 200


def test_a_link_signs_in_once(api: Api, mailbox: Mailbox) -> None:
    ask(api.guest())
    token, statuses, start = mailbox.token(), [], threading.Barrier(8)

    def spend() -> None:
        start.wait()
        statuses.append(verify(api.guest(), token).status_code)

    threads = [threading.Thread(target=spend) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(statuses) == [200] + [410] * 7


def test_a_link_lasts_half_an_hour(api: Api, mailbox: Mailbox) -> None:
    ask(api.guest())
    with api.deps.database.transaction() as connection:
        row = connection.execute("select extract(epoch from expires_at - now())::int as left_s from email_tokens")
        left = row.fetchone()
        assert left is not None
        assert 1790 <= left["left_s"] <= 1800
        connection.execute("update email_tokens set expires_at = now()")
    refused(verify(api.guest(), mailbox.token()), 410, "token_spent")


def test_a_link_sets_no_password(api: Api, mailbox: Mailbox) -> None:
    ask(api.guest())
    wrong = api.guest().post("/api/account/reset/confirm", json={"token": mailbox.token(), "password": NEW})
    refused(wrong, 410, "token_spent")


@pytest.mark.parametrize("password", [PASSWORD, "no hash", "None", "x"])
def test_no_password_signs_a_customer_in_who_has_none(api: Api, mailbox: Mailbox, password: str) -> None:
    by_link(mailbox)
    refused(sign_in(api.guest(), password=password), 401, "wrong_credentials")


def test_a_first_password_is_set_by_the_customer_who_is_signed_in(api: Api, mailbox: Mailbox) -> None:
    client = by_link(mailbox)
    other = by_link(mailbox)
    refused(client.patch("/api/account", json={"password": "12345678"}), 422, "weak_password")
    assert body(client.patch("/api/account", json={"password": NEW}))["hasPassword"]
    refused(other.get("/api/account"), 401, "unauthorized")
    refused(client.patch("/api/account", json={"password": PASSWORD}), 401, "wrong_credentials")
    assert sign_in(api.guest(), password=NEW).status_code == 200
    assert mailbox.mails()[-1] == ("password_changed", {})


def test_a_first_password_is_set_by_a_mail(api: Api, mailbox: Mailbox) -> None:
    by_link(mailbox)
    api.guest().post("/api/account/reset", json={"email": ANN})
    confirmed = api.guest().post("/api/account/reset/confirm", json={"token": mailbox.token(), "password": NEW})
    assert body(confirmed)["hasPassword"]
    assert sign_in(api.guest(), password=NEW).status_code == 200


def test_a_registration_that_nobody_confirmed_gives_no_password_to_the_customer_of_a_link(
    api: Api, mailbox: Mailbox
) -> None:
    register(api.guest(), password="a stranger's")
    older = mailbox.token()
    by_link(mailbox)
    refused(verify(api.guest(), older), 410, "token_spent")
    refused(sign_in(api.guest(), password="a stranger's"), 401, "wrong_credentials")
    register(api.guest(), password="a stranger's")
    assert mailbox.mails()[-1] == ("already_registered", {})


@pytest.mark.parametrize("void", ["password", "erasure", "address"])
def test_a_link_that_was_asked_for_before_is_void(api: Api, mailbox: Mailbox, void: str) -> None:
    client = by_link(mailbox)
    ask(api.guest())
    token = mailbox.token()
    if void == "password":
        client.patch("/api/account", json={"password": NEW})
    elif void == "erasure":
        assert client.delete("/api/account").status_code == 204
    else:
        client.patch("/api/account", json={"email": BOB})
        assert verify(client, mailbox.token(BOB)).status_code == 200
    refused(verify(api.guest(), token), 410, "token_spent")


def test_links_count_as_attempts_to_sign_in(limited: Mailbox) -> None:
    client = limited.api.guest()
    statuses = [
        client.post("/api/session/link", json={"email": ANN}, environ_base={"REMOTE_ADDR": f"203.0.113.{number}"})
        for number in range(6)
    ]
    assert [response.status_code for response in statuses] == [202] * 5 + [429]
    assert len(limited.mails()) == 5


def test_a_page_of_another_origin_asks_for_no_link(api: Api, mailbox: Mailbox) -> None:
    asked = api.guest().post("/api/session/link", json={"email": ANN}, headers={"Origin": "https://evil.example"})
    refused(asked, 403, "forbidden")
    assert mailbox.mails() == []
