"""kill -9 at every step of a refund: repeated by its client, and reconciled, it is one refund at Stripe."""

import json
from http.client import RemoteDisconnected

import pytest

from services.api import keys
from services.api.middleware.auth import API_KEY
from shared.db import api_keys
from shared.models.owner import Scope
from shared.models.payment import RefundState
from tests.services.api.served import Served
from tests.services.api.stripe_shop import Shop


@pytest.mark.parametrize("step", ["f1", "f2", "f3", "f4", "f5"])
def test_an_api_killed_at_any_step_pays_back_once(
    shop: Shop, environment: pytest.MonkeyPatch, free_port: int, step: str
) -> None:
    order, secret = shop.paid(stock=10), keys.make()
    with shop.api.deps.database.transaction() as connection:
        api_keys.add(connection, "clerk", Scope.ORDERS, keys.digest(secret))
    path, content = f"/api/admin/orders/{order.id}/refunds", {"items": [{"line": 1, "quantity": 1}], "restock": True}
    headers = {API_KEY: secret, "Idempotency-Key": "the-same-again", "Content-Type": "application/json"}
    environment.setenv("FAILPOINT", f"{step}:exit")
    environment.setenv("TESTING", "1")
    victim = Served(free_port)
    line = victim.connect()
    line.request("POST", path, json.dumps(content), headers)
    with pytest.raises((RemoteDisconnected, ConnectionResetError)):
        line.getresponse()
    victim.stop()
    with shop.api.deps.database.transaction() as database:
        database.execute("update idempotency_keys set locked_until = now()")
    again = shop.api.guest().post(path, json=content, headers=headers)
    assert again.status_code in (200, 201)
    shop.age("refunds", 121)
    shop.turn()
    (refund,) = shop.refunds(order)
    assert refund.status is RefundState.SUCCEEDED
    assert shop.found(order).refunded_cents == refund.amount_cents
    made = [one for one in shop.double.objects("refund") if one["payment_intent"] == shop.intent(order)]
    assert [one["amount"] for one in made] == [refund.amount_cents]
    assert shop.stock(order) == [9, 9]
