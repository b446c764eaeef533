"""Rate limits of callers with an API key, and what callers are told about limits."""

import pytest
from flask.testing import FlaskClient
from werkzeug.test import TestResponse

from services.api.keys import digest, make
from services.api.middleware.auth import API_KEY
from shared.db import api_keys, ids
from shared.models.owner import Scope
from tests.services import pictures
from tests.services.api.client import body, refused, send
from tests.services.api.conftest import Api, Start


def _key(api: Api, scope: Scope = Scope.PREMIUM) -> dict[str, str]:
    key = make()
    with api.deps.database.transaction() as connection:
        api_keys.add(connection, "some shop", scope, digest(key))
    return {API_KEY: key}


def _upload(client: FlaskClient, headers: dict[str, str]) -> TestResponse:
    return send(client, "/api/uploads", pictures.jpeg(), headers=headers)


def _cancel(client: FlaskClient, headers: dict[str, str]) -> TestResponse:
    return client.delete(f"/api/jobs/{ids.new()}", headers=headers)


def test_a_key_is_not_held_to_the_limits_of_guests(start: Start, environment: pytest.MonkeyPatch) -> None:
    environment.setenv("RATE_LIMIT_API", "1/h")
    environment.setenv("RATE_LIMIT_UPLOADS", "1/h")
    environment.setenv("RATE_LIMIT_PREMIUM_UPLOADS", "12/m")
    api = start()
    client, key = api.app.test_client(use_cookies=False), _key(api)
    statuses = [_upload(client, key).status_code for _ in range(12)]
    assert set(statuses) <= {200, 201}
    refusal = _upload(client, key)
    refused(refusal, 429, "rate_limited")
    assert int(refusal.headers["Retry-After"]) <= 60


def test_each_key_has_its_own_count_whatever_its_address(start: Start, environment: pytest.MonkeyPatch) -> None:
    environment.setenv("RATE_LIMIT_API", "1/h")
    environment.setenv("RATE_LIMIT_PREMIUM_API", "1/h")
    environment.setenv("TRUSTED_HOPS", "1")
    api = start()
    client, one, other = api.app.test_client(use_cookies=False), _key(api), _key(api)
    assert _cancel(client, one | {"X-Forwarded-For": "192.0.2.1"}).status_code == 404
    refused(_cancel(client, one | {"X-Forwarded-For": "192.0.2.2"}), 429, "rate_limited")
    assert _cancel(client, other | {"X-Forwarded-For": "192.0.2.1"}).status_code == 404
    assert _cancel(client, {"X-Forwarded-For": "192.0.2.1"}).status_code == 404  # a guest at the same address


def test_a_bearer_key_is_counted_as_the_same_key(start: Start, environment: pytest.MonkeyPatch) -> None:
    environment.setenv("RATE_LIMIT_PREMIUM_API", "1/h")
    api = start()
    client, key = api.app.test_client(use_cookies=False), _key(api)
    assert _cancel(client, key).status_code == 404
    refused(_cancel(client, {"Authorization": f"Bearer {key[API_KEY]}"}), 429, "rate_limited")


def test_each_scope_has_its_own_limits(start: Start, environment: pytest.MonkeyPatch) -> None:
    environment.setenv("RATE_LIMIT_PREMIUM_API", "7/m")
    environment.setenv("RATE_LIMIT_ADMIN_API", "8/m")
    api = start()
    client = api.app.test_client(use_cookies=False)
    told = [_cancel(client, _key(api, scope)).headers["RateLimit-Limit"] for scope in (Scope.PREMIUM, Scope.ADMIN)]
    assert told == ["7", "8"]


def test_guessing_keys_uses_up_the_limit_of_the_address_only(start: Start, environment: pytest.MonkeyPatch) -> None:
    environment.setenv("RATE_LIMIT_API", "1/h")
    environment.setenv("RATE_LIMIT_PREMIUM_API", "9/h")
    api = start()
    client, key = api.app.test_client(use_cookies=False), _key(api)
    refused(_cancel(client, {API_KEY: make()}), 401, "unauthorized")
    refused(_cancel(client, {API_KEY: make()}), 429, "rate_limited")
    assert _cancel(client, key).headers["RateLimit-Remaining"] == "8"


def test_a_key_that_may_not_do_something_is_counted(start: Start, environment: pytest.MonkeyPatch) -> None:
    environment.setenv("RATE_LIMIT_PREMIUM_API", "1/h")
    api = start()
    client, key = api.app.test_client(use_cookies=False), _key(api)
    refused(client.get("/api/admin/jobs", headers=key), 403, "forbidden")
    refused(client.get("/api/admin/jobs", headers=key), 429, "rate_limited")


def test_headers_name_every_limit_and_its_window(start: Start, environment: pytest.MonkeyPatch) -> None:
    environment.setenv("RATE_LIMIT_PREMIUM_API", "600/m")
    environment.setenv("RATE_LIMIT_PREMIUM_UPLOADS", "120/m")
    api = start()
    client, key = api.app.test_client(use_cookies=False), _key(api)
    assert _upload(client, key).headers["RateLimit-Policy"] == "600;w=60, 120;w=60"
    assert _cancel(client, key).headers["RateLimit-Policy"] == "600;w=60"
    assert "RateLimit-Policy" not in client.get("/api/jobs", headers=key).headers


@pytest.mark.parametrize(
    ("rate", "words"), [("1/h", "60 minutes"), ("1/3h", "3 hours"), ("1/3d", "3 days"), ("1/100s", "{} seconds")]
)
def test_a_refusal_says_how_long_to_wait(start: Start, environment: pytest.MonkeyPatch, rate: str, words: str) -> None:
    environment.setenv("RATE_LIMIT_API", rate)
    guest = start().guest()
    _cancel(guest, {})
    refusal = _cancel(guest, {})
    refused(refusal, 429, "rate_limited")
    wait = words.format(refusal.headers["Retry-After"])
    assert body(refusal)["error"]["message"] == f"Too many requests; try again in {wait}."


def test_the_document_states_the_limits_in_force(start: Start, environment: pytest.MonkeyPatch) -> None:
    environment.setenv("RATE_LIMIT_API", "100/15m")
    environment.setenv("RATE_LIMIT_PREMIUM_API", "600/m")
    environment.setenv("RATE_LIMIT_PREMIUM_UPLOADS", "120/m")
    description = body(start().guest().get("/openapi.json"))["info"]["description"]
    assert "| guest or customer, by address | 100 in 15 minutes | no limit |" in description
    assert "| key of scope premium, orders or catalogue | 600 in a minute | 120 in a minute |" in description
