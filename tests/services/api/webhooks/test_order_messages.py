"""What the shop's own keys are told of orders, and that every message is as the OpenAPI document describes it."""

from typing import Any

import jsonschema  # type: ignore[import-untyped]
from flask.testing import FlaskClient

from services.api import examples
from services.api.webhooks import order_messages
from shared.db import webhook_messages
from shared.models.job import JobFailure
from shared.models.owner import Scope
from shared.models.webhook import EventType
from tests.services.api.client import body
from tests.services.api.conftest import Api
from tests.services.api.customers import with_key
from tests.services.api.documented import document
from tests.services.api.orders import rows
from tests.services.api.stripe_shop import Shop

ORDER_EVENTS = [event for event in EventType if event.of_shop]


def _path(client: FlaskClient, *events: str) -> str:
    response = client.post("/api/webhooks", json={"url": "https://shop.example/hooks", "events": events})
    assert response.status_code == 201, response.text
    return f"/api/webhooks/{body(response)['id']}"


def _told(client: FlaskClient, path: str) -> list[dict[str, Any]]:
    """The payloads, oldest first."""
    return [one["payload"] for one in body(client.get(f"{path}/deliveries"))["items"]][::-1]


def _check(api: Api, payload: dict[str, Any]) -> None:
    described = document(api.app)
    item = described["webhooks"][payload["type"]]["post"]["requestBody"]["content"]["application/json"]["schema"]
    jsonschema.validate(payload, {**item, "components": described["components"]})
    part = described["components"]["schemas"][item["$ref"].rpartition("/")[2]]["properties"]["data"]["$ref"]
    assert payload["data"].keys() == described["components"]["schemas"][part.rpartition("/")[2]]["properties"].keys()


def test_the_shop_s_keys_hear_of_what_is_paid_shipped_and_refunded_once_each(shop: Shop) -> None:
    path = _path(shop.clerk, *ORDER_EVENTS)
    other = with_key(shop.api, Scope.ADMIN)
    others = _path(other, EventType.ORDER_SHIPPED, EventType.JOB_DONE)
    order = shop.paid()
    with shop.api.deps.database.transaction() as connection:
        order_messages.paid(connection, order)  # as after a review, when it counts as paid once more
        rows.change(connection, order.id, production_status="packed")
    version = {"If-Match": str(shop.found(order).version)}
    sent = shop.clerk.post(
        f"/api/admin/orders/{order.id}/shipments", json={"carrier": "DHL", "tracking": "JD0146"}, headers=version
    )
    assert sent.status_code == 201, sent.text
    assert body(shop.refund(order, amountCents=100))["status"] == "succeeded"
    paid, shipped, refunded = _told(shop.clerk, path)
    assert [one["type"] for one in (paid, shipped, refunded)] == ORDER_EVENTS
    for payload in (paid, shipped, refunded):
        _check(shop.api, payload)
        assert payload["data"]["orderNumber"] == order.order_number
        assert payload["data"]["receivedCents"] == order.total_cents
    assert (paid["data"]["shipment"], paid["data"]["refund"]) == (None, None)
    assert (shipped["data"]["shipment"]["carrier"], shipped["data"]["shipment"]["tracking"]) == ("DHL", "JD0146")
    assert (refunded["data"]["refund"]["amountCents"], refunded["data"]["refundedCents"]) == (100, 100)
    assert [one["type"] for one in _told(other, others)] == [EventType.ORDER_SHIPPED]


def test_jobs_and_tests_are_told_as_described(api: Api) -> None:
    shop = with_key(api, Scope.PREMIUM)
    path = _path(shop, EventType.JOB_DONE, EventType.JOB_FAILED)
    assert shop.post("/api/cutouts", json={"image": examples.PICTURE}).status_code == 202
    job = api.claim()
    with api.deps.database.transaction() as connection:
        webhook_messages.job_ended(connection, job, job.owner)
        webhook_messages.job_ended(connection, job, job.owner, JobFailure.POISON)
    assert shop.post(f"{path}/test").status_code == 202
    told = _told(shop, path)
    assert [one["type"] for one in told] == [EventType.JOB_DONE, EventType.JOB_FAILED, EventType.TEST]
    for payload in told:
        _check(api, payload)
    assert {*document(api.app)["webhooks"]} == {*EventType}
