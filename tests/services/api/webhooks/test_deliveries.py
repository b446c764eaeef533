"""The log of deliveries: what it shows, test events, and redelivery."""

from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any

import pytest
from flask.testing import FlaskClient

from shared.db import webhook_messages
from shared.models.webhook import Attempt
from tests.services.api.client import body, refused
from tests.services.api.conftest import Api
from tests.services.api.customers import signed_in

Note = Callable[[int], None]


@pytest.fixture
def customer(api: Api) -> FlaskClient:
    return signed_in(api, "ann@shop.example")


@pytest.fixture
def path(customer: FlaskClient) -> str:
    new = {"url": "https://shop.example/hooks", "events": ["job.done"]}
    return f"/api/webhooks/{body(customer.post('/api/webhooks', json=new))['id']}"


@pytest.fixture
def note(api: Api) -> Note:
    """Claims the due message as a worker does, and records that the receiver answered with this status."""

    def record(status: int) -> None:
        with api.deps.database.transaction() as connection:
            (message,) = webhook_messages.claim(connection, 1, 60)
            attempt = Attempt(datetime.now(UTC), status, None, 12)
            if attempt.accepted:
                webhook_messages.delivered(connection, message, attempt)
            else:
                webhook_messages.failed(connection, message, attempt)

    return record


def _list(client: FlaskClient, path: str, query: str = "") -> list[dict[str, Any]]:
    items: list[dict[str, Any]] = body(client.get(f"{path}/deliveries{query}"))["items"]
    return items


def test_a_test_event_is_queued_and_listed(customer: FlaskClient, path: str) -> None:
    sent = customer.post(f"{path}/test")
    assert sent.status_code == 202
    queued = body(sent)
    assert (queued["type"], queued["status"], queued["attempts"]) == ("webhook.test", "pending", [])
    assert queued["payload"]["type"] == "webhook.test"
    assert queued["payload"]["data"] == {"endpointId": path.rpartition("/")[2]}
    assert _list(customer, path) == [queued]


def test_an_attempt_is_shown_with_its_status(customer: FlaskClient, path: str, note: Note) -> None:
    customer.post(f"{path}/test")
    note(500)
    (shown,) = _list(customer, path)
    assert (shown["status"], shown["nextAttemptAt"]) == ("failed", None)
    assert [(one["status"], one["error"], one["durationMs"]) for one in shown["attempts"]] == [(500, None, 12)]


def test_a_redelivery_keeps_id_payload_and_attempts(customer: FlaskClient, path: str, note: Note) -> None:
    queued = body(customer.post(f"{path}/test"))
    note(500)
    again = customer.post(f"{path}/deliveries/{queued['id']}/redeliver")
    assert again.status_code == 202
    assert (body(again)["id"], body(again)["payload"]) == (queued["id"], queued["payload"])
    note(204)
    (shown,) = _list(customer, path)
    assert (shown["status"], [one["status"] for one in shown["attempts"]]) == ("delivered", [500, 204])


def test_deliveries_are_paged_newest_first_and_filtered(customer: FlaskClient, path: str, note: Note) -> None:
    made = [body(customer.post(f"{path}/test"))["id"] for _ in range(3)]
    note(204)
    first = body(customer.get(f"{path}/deliveries?limit=2"))
    second = body(customer.get(f"{path}/deliveries?limit=2&cursor={first['nextCursor']}"))
    assert [one["id"] for page in (first, second) for one in page["items"]] == made[::-1]
    assert [one["id"] for one in _list(customer, path, "?status=delivered")] == made[:1]
    refused(customer.get(f"{path}/deliveries?cursor=x"), 400, "invalid_cursor")


def test_a_disabled_webhook_is_sent_nothing_by_hand(customer: FlaskClient, path: str) -> None:
    queued = body(customer.post(f"{path}/test"))
    customer.patch(path, json={"enabled": False})
    refused(customer.post(f"{path}/test"), 409, "webhook_disabled")
    refused(customer.post(f"{path}/deliveries/{queued['id']}/redeliver"), 409, "webhook_disabled")


def test_a_delivery_of_another_webhook_is_not_found(customer: FlaskClient, path: str) -> None:
    queued = body(customer.post(f"{path}/test"))
    other = body(customer.post("/api/webhooks", json={"url": "https://shop.example/2", "events": ["job.done"]}))["id"]
    refused(customer.post(f"/api/webhooks/{other}/deliveries/{queued['id']}/redeliver"), 404, "not_found")
