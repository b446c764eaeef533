"""An account is seen, changed, exported and erased by its customer only."""

import pytest

from shared.models.customer import Role
from shared.models.owner import Scope
from tests.services.api.accounts.conftest import ANN, BOB, PASSWORD, Mailbox, customer, sign_in, verify
from tests.services.api.client import bearer, body, cut_out, refused, upload
from tests.services.api.conftest import Api
from tests.services.api.customers import signed_in, token_of, with_key

NEW = "battery staple"
ADDRESS = {"name": "Ann", "line1": "1 Main Street", "city": "Berlin", "postalCode": "10115", "country": "DE"}


def test_a_name_changes_at_once(api: Api, mailbox: Mailbox) -> None:
    client = customer(mailbox)
    assert body(client.patch("/api/account", json={"name": "Ann Lee"}))["name"] == "Ann Lee"
    assert body(client.get("/api/account"))["name"] == "Ann Lee"


@pytest.mark.parametrize("change", [{"email": BOB}, {"password": NEW}])
@pytest.mark.parametrize("proof", [{}, {"currentPassword": "another one"}])
def test_an_address_or_password_changes_only_with_the_current_password(
    api: Api, mailbox: Mailbox, change: dict[str, str], proof: dict[str, str]
) -> None:
    client = customer(mailbox)
    refused(client.patch("/api/account", json=change | proof), 401, "wrong_credentials")
    assert sign_in(api.guest()).status_code == 200
    assert mailbox.mails(BOB) == []


@pytest.mark.parametrize("field", ["role", "id", "createdAt", "passwordHash"])
def test_nothing_else_changes(api: Api, mailbox: Mailbox, field: str) -> None:
    client = customer(mailbox)
    refused(client.patch("/api/account", json={field: "admin"}), 400, "invalid_request")
    assert body(client.get("/api/account"))["role"] == "customer"


def test_a_new_password_ends_the_other_sessions_and_changes_the_token(api: Api, mailbox: Mailbox) -> None:
    client, other = customer(mailbox), api.guest()
    sign_in(other)
    old = token_of(client)
    assert client.patch("/api/account", json={"password": NEW, "currentPassword": PASSWORD}).status_code == 200
    assert token_of(client) != old
    assert client.get("/api/account").status_code == 200
    refused(other.get("/api/account"), 401, "unauthorized")
    refused(sign_in(api.guest()), 401, "wrong_credentials")
    assert sign_in(api.guest(), password=NEW).status_code == 200
    assert mailbox.mails()[-1] == ("password_changed", {})


def test_a_new_address_holds_once_the_customer_confirms_it(api: Api, mailbox: Mailbox) -> None:
    client = customer(mailbox)
    asked = client.patch("/api/account", json={"email": BOB, "currentPassword": PASSWORD})
    assert body(asked)["email"] == ANN
    token = mailbox.token(BOB)
    refused(verify(api.guest(), token), 401, "unauthorized")  # a stranger's mailbox, if it was mistyped
    refused(verify(signed_in(api, "eve@shop.example"), token), 401, "unauthorized")
    assert body(verify(client, token))["email"] == BOB
    refused(sign_in(api.guest()), 401, "wrong_credentials")
    assert sign_in(api.guest(), BOB).status_code == 200
    assert mailbox.mails()[-1] == ("email_changed", {})


def test_one_s_own_address_is_no_change(api: Api, mailbox: Mailbox) -> None:
    client = customer(mailbox)
    told = mailbox.mails()
    assert body(client.patch("/api/account", json={"email": ANN, "name": "Ann Lee"}))["name"] == "Ann Lee"
    assert mailbox.mails() == told


def test_an_address_with_an_account_is_only_told_so(api: Api, mailbox: Mailbox) -> None:
    client = customer(mailbox)
    customer(mailbox, BOB)
    assert client.patch("/api/account", json={"email": BOB, "currentPassword": PASSWORD}).status_code == 200
    assert mailbox.mails(BOB)[-1] == ("already_registered", {})


def test_an_address_taken_while_its_mail_was_under_way_stays_the_other_s(api: Api, mailbox: Mailbox) -> None:
    client = customer(mailbox)
    client.patch("/api/account", json={"email": BOB, "currentPassword": PASSWORD})
    token = mailbox.token(BOB)
    customer(mailbox, BOB)
    refused(verify(client, token), 410, "token_spent")
    assert body(client.get("/api/account"))["email"] == ANN


def test_an_export_holds_what_is_stored_about_the_customer(api: Api, mailbox: Mailbox) -> None:
    client = customer(mailbox)
    accepted = cut_out(client)
    address = body(client.post("/api/addresses", json=ADDRESS))
    upload(customer(mailbox, BOB))
    found = body(client.get("/api/account/export"))
    assert found["customer"]["email"] == ANN
    assert found["addresses"] == [address]
    assert [item["current"] for item in found["sessions"]] == [True]
    assert [row["id"] for row in found["records"]["jobs"]] == [accepted["id"]]
    (picture,) = found["records"]["assets"]
    assert (picture["id"], picture["name"]) == (accepted["assetId"], "photo.jpg")
    with client.get(picture["url"]) as served:
        assert served.status_code == 200
    assert "hash" not in str(found)


def test_an_erased_account_leaves_nothing_personal(api: Api, mailbox: Mailbox) -> None:
    client, other = customer(mailbox), api.guest()
    sign_in(other)
    client.post("/api/addresses", json=ADDRESS)
    accepted, header = cut_out(client), bearer(client)
    client.patch("/api/account", json={"name": "Ann Lee"})
    assert client.delete("/api/account").status_code == 204
    assert client.get_cookie("session") is None
    refused(other.get("/api/account"), 401, "unauthorized")
    refused(api.guest().get("/api/account", headers=header), 401, "unauthorized")
    refused(sign_in(api.guest()), 401, "wrong_credentials")
    refused(with_key(api, Scope.PREMIUM).get(accepted["statusUrl"]), 404, "not_found")
    assert body(with_key(api, Scope.ADMIN).get(accepted["statusUrl"]))["status"] == "cancelled"
    refused(with_key(api, Scope.ADMIN).get(f"/api/assets/{accepted['assetId']}"), 404, "not_found")
    assert mailbox.mails() == [("account_erased", {})]
    with api.deps.database.transaction() as connection:
        rows = connection.execute("select customers::text as text from customers").fetchall()
        tables = ("sessions", "addresses", "email_tokens")
        counts = [connection.execute(f"select from {table}".encode()).rowcount for table in tables]
    assert len(rows) == 1
    assert "nn" not in rows[0]["text"].lower().replace("t,", "")
    assert counts == [0, 0, 0]
    assert customer(mailbox).get("/api/account").status_code == 200  # the address is free again


def test_an_admin_gives_and_takes_roles(api: Api, mailbox: Mailbox) -> None:
    client, admin = customer(mailbox), with_key(api, Scope.ADMIN)
    refused(client.put("/api/admin/roles", json={"email": ANN, "role": "admin"}), 403, "forbidden")
    for role, status in ((Role.ADMIN, 200), (Role.CUSTOMER, 403)):
        given = admin.put("/api/admin/roles", json={"email": ANN.upper(), "role": role})
        assert body(given)["role"] == role
        assert client.get("/api/admin/jobs").status_code == status
    refused(admin.put("/api/admin/roles", json={"email": BOB, "role": "admin"}), 404, "not_found")
    refused(admin.put("/api/admin/roles", json={"email": ANN, "role": "owner"}), 400, "invalid_request")
