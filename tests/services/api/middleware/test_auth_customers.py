"""Customers: which tokens name one, what an admin's role opens, and writes by pages of other origins."""

import pytest
from flask.testing import FlaskClient
from werkzeug.test import TestResponse

from services.api.middleware.auth import COOKIE
from shared.db import customers
from shared.models.customer import Role
from shared.models.owner import Scope
from tests.services import pictures
from tests.services.api.client import bearer, refused, send, upload
from tests.services.api.conftest import Api, Start
from tests.services.api.customers import signed_in, token_of, with_key

ANN = "ann@shop.example"


def _change(api: Api, statement: str) -> None:
    with api.deps.database.transaction() as connection:
        connection.execute(statement)


def test_pictures_belong_to_the_customer_in_every_session(api: Api) -> None:
    asset = upload(signed_in(api, ANN))
    second = signed_in(api, ANN)
    stranger = api.app.test_client(use_cookies=False)
    assert second.get(f"/api/assets/{asset['id']}").status_code == 200
    assert stranger.get(f"/api/assets/{asset['id']}", headers=bearer(second)).status_code == 200
    refused(signed_in(api, "bob@shop.example").get(f"/api/assets/{asset['id']}"), 404, "not_found")


def test_the_token_is_not_stored(api: Api) -> None:
    token = token_of(signed_in(api, ANN))
    with api.deps.database.transaction() as connection:
        row = connection.execute("select sessions::text as text from sessions").fetchone()
    assert row is not None
    assert token not in row["text"]


WAYS_TO_END = {
    "expired": "update sessions set created_at = now() - interval '31 days', expires_at = now()",
    "ended": "delete from sessions",
    "erased": "update customers set deleted_at = now(), email = null, password_hash = null",
}


@pytest.mark.parametrize("end", WAYS_TO_END.values(), ids=WAYS_TO_END)
def test_a_session_that_has_ended_names_no_one_from_then_on(api: Api, end: str) -> None:
    client = signed_in(api, ANN)
    asset, header = upload(client), bearer(client)
    _change(api, end)
    refused(api.guest().get("/api/assets", headers=header), 401, "unauthorized")
    assert client.get("/api/assets").json == {"items": [], "nextCursor": None}  # a browser's cookie is ignored
    assert client.get(f"/api/assets/{asset['id']}").status_code == 404
    assert len(send(client, "/api/uploads", pictures.jpeg()).headers["X-Session-Token"]) == 43  # a guest again


def test_no_other_token_is_accepted(api: Api) -> None:
    token = token_of(signed_in(api, ANN))
    flipped = token[:-1] + ("A" if token[-1] != "A" else "B")
    for wrong in (flipped, token + "A", token[:-1], token[3:], token.replace("st_", "sk_"), "eyJhbGciOiJub25lIn0.e30."):
        refused(api.guest().get("/api/assets", headers={"Authorization": f"Bearer {wrong}"}), 401, "unauthorized")


def test_a_session_is_prolonged_by_its_use_once_an_hour(api: Api) -> None:
    client = signed_in(api, ANN)
    question = "select expires_at > now() + interval '29 days' as prolonged, seen_at from sessions"
    for age, prolonged in (("59 minutes", False), ("61 minutes", True)):
        _change(api, f"update sessions set seen_at = now() - interval '{age}', expires_at = now() + interval '1 day'")
        client.get("/api/assets")
        with api.deps.database.transaction() as connection:
            row = connection.execute(question).fetchone()
        assert row is not None
        assert row["prolonged"] is prolonged


def test_the_role_of_admin_holds_from_one_request_to_the_next(api: Api) -> None:
    client = signed_in(api, ANN)
    for role, status in ((Role.CUSTOMER, 403), (Role.ADMIN, 200), (Role.CUSTOMER, 403)):
        with api.deps.database.transaction() as connection:
            assert customers.set_role(connection, ANN.upper(), role)
        assert client.get("/api/admin/rollout").status_code == status


def test_an_admin_who_is_a_customer_sees_everything_and_is_named_in_the_record(api: Api) -> None:
    asset = upload(api.guest())
    admin = signed_in(api, ANN, Role.ADMIN)
    assert admin.get(f"/api/assets/{asset['id']}").status_code == 200
    changed = admin.put("/api/admin/rollout", json={"percent": 50}).json
    assert isinstance(changed, dict)
    assert changed["history"][0]["setBy"] == ANN


@pytest.mark.parametrize("scope", [Scope.ORDERS, Scope.CATALOGUE])
def test_the_scopes_of_parts_open_no_other_part(api: Api, scope: Scope) -> None:
    asset = upload(api.guest())
    client = with_key(api, scope)
    refused(client.get("/api/admin/rollout"), 403, "forbidden")
    refused(client.get(f"/api/assets/{asset['id']}"), 404, "not_found")
    assert upload(client)["id"] != asset["id"]


def _delete(client: FlaskClient, origin: str | None, **options: str) -> TestResponse:
    headers = {"Origin": origin} if origin else {}
    return client.delete(f"/api/assets/{upload(client)['id']}", headers=headers | options)


@pytest.mark.parametrize(
    "origin", [None, "http://localhost", "https://localhost", "https://shop.example", "HTTPS://shop.example"]
)
def test_pages_of_this_host_and_of_allowed_origins_may_write_with_the_cookie(
    start: Start, environment: pytest.MonkeyPatch, origin: str | None
) -> None:
    environment.setenv("CORS_ORIGINS", "https://shop.example")
    api = start()
    for client in (api.guest(), signed_in(api, ANN)):
        assert _delete(client, origin).status_code == 204


@pytest.mark.parametrize(
    "origin", ["https://evil.example", "http://localhost:3000", "https://localhost.evil.example", "null", "x"]
)
def test_pages_of_other_origins_may_not(api: Api, origin: str) -> None:
    for client in (api.guest(), signed_in(api, ANN)):
        refused(_delete(client, origin), 403, "forbidden")
        assert client.get("/api/assets", headers={"Origin": origin}).status_code == 200


def test_pages_of_any_origin_may_write_with_a_bearer_token_or_key(api: Api) -> None:
    """Whoever sends one means to; a browser adds only cookies by itself."""
    evil = {"Origin": "https://evil.example"}
    client = signed_in(api, ANN)
    assert _delete(client, evil["Origin"], **bearer(client)).status_code == 204
    assert _delete(with_key(api, Scope.PREMIUM), evil["Origin"]).status_code == 204


def test_the_cookie_of_a_session_lasts_longer_than_a_guest_s(api: Api) -> None:
    client = signed_in(api, ANN)
    response = send(client, "/api/uploads", pictures.jpeg())
    assert response.headers["X-Session-Token"] == token_of(client)
    assert f"{COOKIE}={token_of(client)}" in response.headers["Set-Cookie"]
    assert f"Max-Age={400 * 86_400}" in response.headers["Set-Cookie"]
