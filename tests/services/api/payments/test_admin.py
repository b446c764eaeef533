"""Events of Stripe that wait are listed with the reason, tried again, and ended by hand."""

from typing import Any

import pytest

from shared.models.owner import Scope
from tests.doubles.stripe_double import PAID
from tests.services.api.client import body, refused
from tests.services.api.customers import with_key
from tests.services.api.payments.conftest import Shop

PATH = "/api/admin/webhooks"


@pytest.fixture
def waiting(shop: Shop) -> dict[str, Any]:
    """The event of a payment, which came while Stripe did not answer."""
    order = shop.order()
    shop.pay(shop.begun(order), PAID)
    shop.double.fault("500_before", times=20)
    (event,) = shop.double.events("payment_intent.succeeded")
    assert shop.send(event).status_code == 200
    shop.double.no_faults()
    return event


def test_an_event_that_waits_is_listed_and_applied_by_a_retry(shop: Shop, waiting: dict[str, Any]) -> None:
    admin = with_key(shop.api, Scope.ADMIN)
    (shown,) = body(admin.get(PATH))["items"]
    assert (shown["id"], shown["type"], shown["attempts"]) == (waiting["id"], "payment_intent.succeeded", 1)
    assert (shown["objectId"], shown["handledAt"]) == (waiting["data"]["object"]["id"], None)
    assert shown["error"]
    done = body(admin.post(f"{PATH}/{waiting['id']}/retry"))
    assert (bool(done["handledAt"]), done["error"]) == (True, None)
    assert body(admin.get(PATH))["items"] == []
    assert body(admin.post(f"{PATH}/{waiting['id']}/retry")) == done


def test_a_retry_that_fails_says_why(shop: Shop, waiting: dict[str, Any]) -> None:
    admin = with_key(shop.api, Scope.ADMIN)
    shop.double.fault("500_before", times=20)
    shown = body(admin.post(f"{PATH}/{waiting['id']}/retry"))
    assert (shown["handledAt"], shown["attempts"]) == (None, 2)
    shop.double.no_faults()
    assert body(admin.get(PATH))["items"] == [shown]


def test_an_event_that_needs_nothing_more_is_dismissed(shop: Shop, waiting: dict[str, Any]) -> None:
    admin = with_key(shop.api, Scope.ADMIN)
    dismissed = body(admin.post(f"{PATH}/{waiting['id']}/dismiss"))
    assert dismissed["handledAt"]
    assert body(admin.post(f"{PATH}/{waiting['id']}/dismiss")) == dismissed
    assert body(admin.get(PATH))["items"] == []
    for what in ("retry", "dismiss"):
        refused(admin.post(f"{PATH}/evt_unknown/{what}"), 404, "not_found")
        refused(admin.post(f"{PATH}/evt_%00/{what}"), 400, "invalid_request")
