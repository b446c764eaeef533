"""/api/admin/books: sums of days, and a check on demand."""

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from flask.testing import FlaskClient

from services.api.books import checking, views
from shared.models.invoice import Seller
from shared.models.owner import Scope
from tests.doubles.stripe_double import PAID, StripeDouble
from tests.services.api.client import body, refused
from tests.services.api.conftest import Api
from tests.services.api.customers import with_key
from tests.shared.db import booked

DAY = timedelta(days=1)
NOVEMBER = "from=2026-11-01&to=2026-11-30"
SELLER = Seller("Acme Prints GmbH")
SHIPPING = {"line": 0, "quantity": 1, "cents": 595, "taxCents": 95}


def test_the_books_are_for_admins(api: Api) -> None:
    for scope in (Scope.ORDERS, Scope.CATALOGUE, Scope.PREMIUM):
        client = with_key(api, scope)
        for path in ("/api/admin/books", "/api/admin/books.csv"):
            refused(client.get(path), 403, "forbidden")
            refused(api.guest().get(path), 401, "unauthorized")
        refused(client.post("/api/admin/books/check", json={"day": "2026-11-01"}), 403, "forbidden")


def test_the_totals_are_the_sums_of_the_days(admin: FlaskClient, api: Api) -> None:
    with api.deps.database.transaction() as connection:
        booked.three_days(connection)
    shown = body(admin.get(f"/api/admin/books?{NOVEMBER}"))
    assert [(day["day"], day["currency"], day["netCents"]) for day in shown["days"]] == [
        ("2026-11-02", "usd", 2883),
        ("2026-11-03", "eur", 844),
        ("2026-11-03", "usd", 1300),
        ("2026-11-04", "usd", 700 - 3000 - 1500),
    ]
    assert shown["totals"] == [_total("eur", 900, 0, 0, 56, 0), _total("usd", 5000, 0, 3000, 1617, 1)]
    assert (shown["test"], shown["checks"]) == (False, [])


def _total(currency: str, received: int, refunded: int, disputed: int, fees: int, unknown: int) -> dict[str, Any]:
    return {
        "currency": currency,
        "receivedCents": received,
        "refundedCents": refunded,
        "disputedCents": disputed,
        "feesCents": fees,
        "netCents": received - refunded - disputed - fees,
        "unknownFees": unknown,
    }


def test_test_money_is_shown_alone(admin: FlaskClient, api: Api) -> None:
    with api.deps.database.transaction() as connection:
        booked.three_days(connection, test=True)
    assert body(admin.get(f"/api/admin/books?{NOVEMBER}"))["days"] == []
    shown = body(admin.get(f"/api/admin/books?{NOVEMBER}&test=true"))
    assert (shown["test"], len(shown["days"])) == (True, 4)


def test_both_ends_of_a_period_belong_to_it(admin: FlaskClient, api: Api) -> None:
    with api.deps.database.transaction() as connection:
        booked.three_days(connection)
    days = body(admin.get("/api/admin/books?from=2026-11-03&to=2026-11-03"))["days"]
    assert {day["day"] for day in days} == {"2026-11-03"}


def test_by_default_the_last_thirty_days_are_shown(admin: FlaskClient, api: Api) -> None:
    today = datetime.now(UTC)
    with api.deps.database.transaction() as connection:
        for ago in (0, 29, 30):
            booked.payment(connection, booked.order(connection), at=today - ago * DAY)
    assert len(body(admin.get("/api/admin/books"))["days"]) == 2


PERIODS = (
    *("from=2026-11-02&to=2026-11-01", "from=2025-11-01&to=2026-11-02", "from=yesterday", "from=20261101"),
    *("to=2026-02-30", "to=1999-01-01", "to=2026-11-01T00:00:00Z", "since=2026-11-01", "test=perhaps"),
)


def test_another_period_is_refused(admin: FlaskClient) -> None:
    for query in PERIODS:
        for path in ("/api/admin/books", "/api/admin/books.csv"):
            refused(admin.get(f"{path}?{query}"), 400, "invalid_request")


# The check


@pytest.fixture
def shop_admin(shop: Api) -> FlaskClient:
    return with_key(shop, Scope.ADMIN)


def _paid_at(double: StripeDouble) -> str:
    """A payment that only Stripe knows; returns its intent."""
    form: dict[str, Any] = {"amount": 1000, "currency": "usd", "payment_method": PAID, "confirm": "true"}
    return str(double.call("POST", "/v1/payment_intents", **form).json()["id"])


def _check(admin: FlaskClient, day: object) -> Any:
    return admin.post("/api/admin/books/check", json={"day": str(day)})


def test_a_check_tells_what_differs_and_the_books_show_it(
    shop_admin: FlaskClient, shop: Api, stripe_double: StripeDouble
) -> None:
    today = datetime.now(UTC).date()
    assert body(_check(shop_admin, today))["differences"] == []
    intent = _paid_at(stripe_double)
    found = body(_check(shop_admin, today))
    assert [(one["kind"], one["oursCents"], one["stripeCents"], one["stripeIds"]) for one in found["differences"]] == [
        ("fee", 0, -59, [intent]),
        ("payment", 0, 1000, [intent]),
    ]
    for query, checks in (("test=true", [found]), ("test=false", [])):
        assert body(shop_admin.get(f"/api/admin/books?{query}"))["checks"] == checks


def test_a_check_that_takes_long_goes_on_in_the_background(
    shop_admin: FlaskClient, shop: Api, stripe_double: StripeDouble, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(views, "NOW_S", 0)
    _paid_at(stripe_double)
    today = datetime.now(UTC).date()
    assert body(_check(shop_admin, today))["checkedAt"] is None
    checking.run(shop.deps)
    (check,) = body(shop_admin.get(f"/api/admin/books?test=true&from={today}&to={today}"))["checks"]
    assert check["checkedAt"]
    assert len(check["differences"]) == 2


def test_a_check_needs_stripe(admin: FlaskClient, shop_admin: FlaskClient, stripe_double: StripeDouble) -> None:
    refused(_check(admin, "2026-11-01"), 503, "payment_unavailable")
    stripe_double.fault("500_before", "GET /v1/balance_transactions", times=2)
    refused(_check(shop_admin, "2026-11-01"), 503, "payment_unavailable")


def test_a_day_that_has_not_begun_or_is_none_is_refused(admin: FlaskClient) -> None:
    for day in ("2099-12-31", "today", "2026-11-01T00:00:00", 20261101, None):
        refused(admin.post("/api/admin/books/check", json={"day": day}), 400, "invalid_request")
