"""Authentication by API key: which keys are accepted, what a scope permits, and what an admin sees."""

from base64 import urlsafe_b64decode
from collections.abc import Mapping
from typing import Any

import pytest
from flask.testing import FlaskClient
from werkzeug.test import TestResponse

from services.api import guest_tokens
from services.api.keys import digest, make
from services.api.middleware.auth import API_KEY
from shared.db import api_keys, jobs
from shared.models.owner import Scope
from tests.services import pictures
from tests.services.api.client import bearer, body, cut_out, refused, send, upload
from tests.services.api.conftest import Api

NOBODY: Mapping[str, str] = {}
WAYS = [lambda key: {API_KEY: key}, lambda key: {"Authorization": f"Bearer {key}"}]
ways = pytest.mark.parametrize("way", WAYS, ids=["X-Api-Key", "Bearer"])


def _key(api: Api, scope: Scope = Scope.PREMIUM) -> str:
    key = make()
    with api.deps.database.transaction() as connection:
        api_keys.add(connection, "some shop", scope, digest(key))
    return key


def _client(api: Api) -> FlaskClient:
    return api.app.test_client(use_cookies=False)


def _with(key: str) -> dict[str, str]:
    return {API_KEY: key}


@ways
def test_pictures_and_jobs_belong_to_the_key_that_created_them(api: Api, way: type) -> None:
    key = _key(api)
    client, headers = _client(api), way(key)
    accepted = cut_out(client, headers=headers)
    assert client.get(accepted["statusUrl"], headers=headers).status_code == 200
    assert [job["id"] for job in body(client.get("/api/jobs", headers=headers))["items"]] == [accepted["id"]]
    assert [a["id"] for a in body(client.get("/api/assets", headers=headers))["items"]] == [accepted["assetId"]]
    refused(client.get(accepted["statusUrl"]), 404, "not_found")
    refused(client.get(accepted["statusUrl"], headers=way(_key(api))), 404, "not_found")
    refused(api.guest().get(accepted["statusUrl"]), 404, "not_found")


@ways
def test_a_request_with_a_key_gets_no_guest_token(api: Api, way: type) -> None:
    guest = api.guest()
    cut_out(guest)
    for client in (_client(api), guest):  # with a key, the cookie is ignored
        response = send(client, "/api/uploads", pictures.png(), headers=way(_key(api)))
        assert response.status_code == 201
        assert "Set-Cookie" not in response.headers
        assert "X-Session-Token" not in response.headers


@ways
@pytest.mark.parametrize("wrong", ["unknown", "revoked"])
@pytest.mark.parametrize("path", ["/api/jobs", "/api/assets", "/api/admin/jobs"])
def test_an_unknown_or_revoked_key_is_refused(api: Api, way: type, wrong: str, path: str) -> None:
    key = make()
    if wrong == "revoked":
        with api.deps.database.transaction() as connection:
            api_keys.revoke(connection, api_keys.add(connection, "old", Scope.ADMIN, digest(key)).id)
    refused(_client(api).get(path, headers=way(key)), 401, "unauthorized")
    refused(send(_client(api), "/api/uploads", pictures.jpeg(), headers=way(key)), 401, "unauthorized")


@pytest.mark.parametrize("value", ["", " ", "sk_", "x", "sk_" + "x" * 42, "x" * 43, "é", "sk_" + "y" * 10_000])
def test_a_malformed_key_is_refused_and_never_treated_as_a_guest(api: Api, value: str) -> None:
    guest = api.guest()
    upload(guest)
    refused(guest.get("/api/jobs", headers={API_KEY: value}), 401, "unauthorized")


def test_a_revoked_key_is_refused_at_once(api: Api) -> None:
    key = make()
    with api.deps.database.transaction() as connection:
        kept = api_keys.add(connection, "shop", Scope.PREMIUM, digest(key))
    assert _client(api).get("/api/jobs", headers=_with(key)).status_code == 200
    with api.deps.database.transaction() as connection:
        api_keys.revoke(connection, kept.id)
    refused(_client(api).get("/api/jobs", headers=_with(key)), 401, "unauthorized")


def test_a_key_in_its_own_header_takes_precedence_over_a_token(api: Api) -> None:
    guest = api.guest()
    accepted = cut_out(guest)
    headers = {**bearer(guest), **_with(_key(api))}
    refused(_client(api).get(accepted["statusUrl"], headers=headers), 404, "not_found")


def test_a_guest_whose_token_looks_like_a_key_stays_a_guest(api: Api, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("secrets.token_bytes", lambda _: urlsafe_b64decode("sk_a" * 6)[:16])
    token = guest_tokens.issue(api.deps.secret)
    assert token.startswith("sk_")  # as one in 262,144 does
    client, headers = _client(api), {"Authorization": f"Bearer {token}"}
    accepted = cut_out(client, headers=headers)
    assert client.get(accepted["statusUrl"], headers=headers).status_code == 200


def test_the_owner_of_a_row_is_the_key_s_id_and_no_secret(api: Api) -> None:
    key = _key(api)
    accepted = cut_out(_client(api), headers=_with(key))
    with api.deps.database.transaction() as connection:
        rows = connection.execute("select * from jobs").fetchall()
    assert str(rows[0]["id"]) == accepted["id"]
    assert rows[0]["owner_type"] == "key"
    assert key not in str(rows)
    assert digest(key) not in str(rows)


# What a scope permits


def _wish(client: FlaskClient, asset: str, headers: Mapping[str, str] = NOBODY, **payload: Any) -> TestResponse:
    return client.post("/api/jobs", json={"assetId": asset, "type": "cutout", **payload}, headers=headers)


@pytest.mark.parametrize("scope", list(Scope))
def test_a_key_chooses_priority_and_provider(api: Api, scope: Scope) -> None:
    headers, client = _with(_key(api, scope)), _client(api)
    asset = upload(client, headers=headers)["id"]
    accepted = body(_wish(client, asset, headers, priority=0, provider="removebg"))
    with api.deps.database.transaction() as connection:
        made = jobs.find(connection, None, api.claim().id)
    assert made is not None
    assert (str(made.id), made.priority, made.input) == (accepted["id"], 0, {"provider": "removebg"})
    shown = body(client.get(accepted["statusUrl"], headers=headers))
    assert (shown["priority"], shown["provider"]) == (0, None)  # not claimed yet


@pytest.mark.parametrize(
    "payload", [{"priority": 5}, {"provider": "self_hosted"}, {"priority": 0, "provider": "removebg"}]
)
def test_a_guest_cannot_choose_priority_or_provider(api: Api, payload: dict[str, Any]) -> None:
    guest = api.guest()
    asset = upload(guest)["id"]
    refused(_wish(guest, asset, **payload), 403, "forbidden")
    refused(_wish(_client(api), asset, **payload), 403, "forbidden")
    assert body(guest.get("/api/jobs"))["items"] == []
    assert _wish(guest, asset, priority=None, provider=None).status_code == 202


@pytest.mark.parametrize("payload", [{"priority": -1}, {"priority": 10}, {"provider": "magic"}, {"priority": "x"}])
def test_an_impossible_choice_is_refused(api: Api, payload: dict[str, Any]) -> None:
    headers, client = _with(_key(api)), _client(api)
    asset = upload(client, headers=headers)["id"]
    assert set(refused(_wish(client, asset, headers, **payload), 400, "invalid_request")["fields"]) == set(payload)


def test_an_urgent_job_is_claimed_first(api: Api) -> None:
    cut_out(api.guest())
    headers, client = _with(_key(api)), _client(api)
    asset = upload(client, pictures.png(), headers=headers)["id"]
    urgent = body(_wish(client, asset, headers, priority=0))
    assert str(api.claim().id) == urgent["id"]


# What an admin sees


def test_an_admin_sees_everyone_s_rows_by_id(api: Api) -> None:
    admin, client, guest = _with(_key(api, Scope.ADMIN)), _client(api), api.guest()
    accepted = cut_out(guest)
    asset = f"/api/assets/{accepted['assetId']}"
    assert body(client.get(accepted["statusUrl"], headers=admin)) == body(guest.get(accepted["statusUrl"]))
    assert body(client.get(asset, headers=admin)) == body(guest.get(asset))
    cancelled = client.delete(accepted["statusUrl"], headers=admin)
    assert body(cancelled)["status"] == "cancelled"
    assert (
        accepted["id"] in client.get(accepted["eventsUrl"], headers=admin).text
    )  # the stream ends, because the job has
    assert client.post(f"{accepted['statusUrl']}/retry", headers=admin).status_code == 202
    assert client.delete(asset, headers=admin).status_code == 204
    refused(guest.get(asset), 404, "not_found")
    refused(client.get(accepted["statusUrl"].replace(accepted["id"][:8], "0" * 8), headers=admin), 404, "not_found")


def test_an_admin_s_lists_hold_only_its_own_rows(api: Api) -> None:
    cut_out(api.guest())
    admin = _with(_key(api, Scope.ADMIN))
    assert body(_client(api).get("/api/jobs", headers=admin))["items"] == []
    assert body(_client(api).get("/api/assets", headers=admin))["items"] == []


def test_a_premium_key_sees_only_its_own_rows(api: Api) -> None:
    accepted = cut_out(api.guest())
    premium, client = _with(_key(api)), _client(api)
    for method, path in (
        ("GET", accepted["statusUrl"]),
        ("GET", accepted["eventsUrl"]),
        ("DELETE", accepted["statusUrl"]),
        ("POST", f"{accepted['statusUrl']}/retry"),
        ("GET", f"/api/assets/{accepted['assetId']}"),
        ("DELETE", f"/api/assets/{accepted['assetId']}"),
    ):
        refused(client.open(path, method=method, headers=premium), 404, "not_found")
    refused(_wish(client, accepted["assetId"], premium), 404, "not_found")
