"""Webhooks as their owners see them: registered, shown, changed, rotated and deleted."""

from typing import Any, get_args
from uuid import UUID

import pytest
from flask.testing import FlaskClient

from services.api.webhooks.schemas import Subscribed
from shared.db import api_keys, webhook_endpoints
from shared.models.owner import OwnerType, Scope
from shared.models.webhook import MOST_ENDPOINTS, EventType
from tests.services.api.client import body, refused
from tests.services.api.conftest import Api
from tests.services.api.customers import signed_in, with_key

NEW = {"url": "https://shop.example/hooks", "events": ["job.done", "job.failed"]}


@pytest.fixture
def customer(api: Api) -> FlaskClient:
    return signed_in(api, "ann@shop.example")


def _add(client: FlaskClient, **fields: Any) -> dict[str, Any]:
    response = client.post("/api/webhooks", json={**NEW, **fields})
    assert response.status_code == 201, response.text
    return body(response)


def test_every_event_but_the_test_can_be_subscribed_to() -> None:
    assert {*get_args(Subscribed)} == {*EventType} - {EventType.TEST}


def test_the_secret_is_shown_once_and_no_column_holds_it(api: Api, customer: FlaskClient) -> None:
    made, other = _add(customer), _add(customer)
    assert made["secret"].startswith("whsec_")
    assert len(made["secret"]) == len("whsec_") + 44  # 32 bytes in base64
    assert made["secret"] != other["secret"]
    shown = body(customer.get(f"/api/webhooks/{made['id']}"))
    assert shown == {name: value for name, value in made.items() if name != "secret"}
    assert body(customer.get("/api/webhooks"))["items"][0] == shown
    assert (shown["enabled"], shown["events"], shown["oldSecretUntil"]) == (True, NEW["events"], None)
    with api.deps.database.transaction() as connection:
        rows = connection.execute("select webhook_endpoints::text as row from webhook_endpoints").fetchall()
    assert made["secret"].removeprefix("whsec_") not in rows[0]["row"]


def test_a_webhook_is_changed_rotated_disabled_enabled_and_deleted(customer: FlaskClient) -> None:
    made = _add(customer)
    path = f"/api/webhooks/{made['id']}"
    assert body(customer.patch(path, json={"events": ["job.failed"]}))["url"] == NEW["url"]
    changed = body(customer.patch(path, json={"url": "https://shop.example/other"}))
    assert (changed["url"], changed["events"]) == ("https://shop.example/other", ["job.failed"])
    rotated = body(customer.post(f"{path}/rotate"))
    assert rotated["secret"] != made["secret"]
    assert rotated["oldSecretUntil"] is not None
    disabled = body(customer.patch(path, json={"enabled": False}))
    assert (disabled["enabled"], disabled["disabledReason"]) == (False, "owner")
    enabled = body(customer.patch(path, json={"enabled": True}))
    assert (enabled["enabled"], enabled["disabledReason"], enabled["disabledAt"]) == (True, None, None)
    assert customer.delete(path).status_code == 204
    refused(customer.get(path), 404, "not_found")
    refused(customer.delete(path), 404, "not_found")


def test_others_see_none_of_it_whatever_they_may(api: Api, customer: FlaskClient) -> None:
    path = f"/api/webhooks/{_add(customer)['id']}"
    for other in (signed_in(api, "bob@shop.example"), with_key(api, Scope.PREMIUM), with_key(api, Scope.ADMIN)):
        refused(other.get(path), 404, "not_found")
        refused(other.patch(path, json={"enabled": False}), 404, "not_found")
        refused(other.post(f"{path}/rotate"), 404, "not_found")
        refused(other.post(f"{path}/test"), 404, "not_found")
        refused(other.get(f"{path}/deliveries"), 404, "not_found")
        refused(other.delete(path), 404, "not_found")
        assert body(other.get("/api/webhooks"))["items"] == []


def test_an_owner_has_a_few_and_a_guest_none(customer: FlaskClient, guest: FlaskClient) -> None:
    refused(guest.post("/api/webhooks", json=NEW), 401, "unauthorized")
    refused(guest.get("/api/webhooks"), 401, "unauthorized")
    for _ in range(MOST_ENDPOINTS):
        _add(customer)
    refused(customer.post("/api/webhooks", json=NEW), 409, "webhook_limit")


def test_only_the_shop_s_own_keys_hear_of_orders(api: Api, customer: FlaskClient) -> None:
    wanted = {**NEW, "events": ["order.paid"]}
    for other in (customer, with_key(api, Scope.PREMIUM), with_key(api, Scope.CATALOGUE)):
        refused(other.post("/api/webhooks", json=wanted), 403, "forbidden")
        path = f"/api/webhooks/{_add(other)['id']}"
        refused(other.patch(path, json={"events": ["order.refunded"]}), 403, "forbidden")
    for shop in (with_key(api, Scope.ORDERS), with_key(api, Scope.ADMIN)):
        assert _add(shop, events=["order.paid"])["events"] == ["order.paid"]


INTERNAL = (
    *("http://127.0.0.1/", "https://10.1.2.3/", "https://[::1]/", "https://169.254.169.254/latest", "https://redis/"),
    *("ftp://shop.example/", "https://user:word@shop.example/", "https://shop.example:8443/", "hooks"),
    *("https://2130706433/", "https://0x7f000001/", "https://localhost/"),
)
FAULTY: tuple[dict[str, Any], ...] = (
    *({"events": []}, {"events": ["webhook.test"]}, {"events": ["job.*"]}, {"url": ""}, {"secret": "x"}),
)


def test_an_address_that_is_not_public_is_refused_and_so_is_what_is_no_webhook(customer: FlaskClient) -> None:
    path = f"/api/webhooks/{_add(customer)['id']}"
    for url in INTERNAL:
        refused(customer.post("/api/webhooks", json={**NEW, "url": url}), 400, "url_not_allowed")
        refused(customer.patch(path, json={"url": url}), 400, "url_not_allowed")
    for wrong in FAULTY:
        refused(customer.post("/api/webhooks", json={**NEW, **wrong}), 400, "invalid_request")


def test_the_webhooks_of_a_revoked_key_end(api: Api) -> None:
    shop = with_key(api, Scope.ORDERS)
    made = _add(shop, events=["order.paid"])
    with api.deps.database.transaction() as connection:
        found = webhook_endpoints.find(connection, None, UUID(made["id"]))
        assert found is not None
        assert found.owner.type is OwnerType.KEY
        api_keys.revoke(connection, UUID(found.owner.id))
        assert webhook_endpoints.find(connection, None, UUID(made["id"])) is None
        assert webhook_endpoints.wanting(connection, None, EventType.ORDER_PAID) == []
