"""The check of the books against Stripe's double: nothing differs, or what differs is found, told and remembered."""

from collections.abc import Iterator
from datetime import UTC, date, datetime, timedelta
from typing import Any

import pytest
from prometheus_client import REGISTRY

from services.api.books import checking
from services.api.books.checking import midnight
from shared import shop_errors
from shared.db import book_checks
from shared.db.pool import Connection
from shared.models.book_check import BookCheck
from shared.models.booking import BookingKind
from tests.doubles.stripe_double import PAID, StripeDouble
from tests.services.api.conftest import Api
from tests.shared.db import booked

YESTERDAY = datetime.now(UTC).date() - timedelta(days=1)


@pytest.fixture(autouse=True)
def yesterday(stripe_double: StripeDouble) -> None:
    """The double's clock shows yesterday noon."""
    noon = midnight(YESTERDAY) + timedelta(hours=12)
    stripe_double.clock(round((noon - datetime.now(UTC)).total_seconds()))


def _paid(double: StripeDouble, cents: int) -> tuple[str, dict[str, Any]]:
    """A payment at the double alone: its intent, and what that moved on the balance."""
    made = double.call(
        *("POST", "/v1/payment_intents"), amount=cents, currency="usd", payment_method=PAID, confirm="true"
    )
    assert made.ok, made.text
    return made.json()["id"], double.objects("balance_transaction")[-1]


def _booked(connection: Connection, double: StripeDouble, cents: int = 3000) -> str:
    """A payment at the double and in the books."""
    intent, moved = _paid(double, cents)
    at = datetime.fromtimestamp(moved["created"], UTC)
    return booked.payment(connection, booked.order(connection, cents, test=True), cents, moved["fee"], at, intent)


def _check(shop: Api, day: date = YESTERDAY) -> BookCheck:
    assert shop.deps.stripe
    return checking.check(shop.deps.database, shop.deps.stripe, day, 30)


def _metric(name: str) -> float:
    value = REGISTRY.get_sample_value(f"stolentee_books_{name}")
    assert value is not None
    return value


def test_books_that_say_what_stripe_says_do_not_differ(shop: Api, stripe_double: StripeDouble) -> None:
    with shop.deps.database.transaction() as connection:
        intents = [_booked(connection, stripe_double, cents) for cents in (3000, 1999, 50)]
        made = stripe_double.call("POST", "/v1/refunds", payment_intent=intents[0], amount=700).json()["id"]
        at = datetime.fromtimestamp(stripe_double.objects("balance_transaction")[-1]["created"], UTC)
        booked.refund(connection, intents[0], 700, at, stripe_id=made)
        dispute = stripe_double.dispute(intents[1])
        moved = stripe_double.objects("balance_transaction")[-1]
        booked.dispute(connection, intents[1], 1999, stripe_id=dispute)
        booked.moved(connection, dispute, moved["amount"], moved["fee"], at)
    assert _check(shop).differences == ()
    assert len(stripe_double.objects("balance_transaction")) == 5


def test_a_day_without_anything_does_not_differ(shop: Api) -> None:
    assert _check(shop).differences == ()


def test_more_than_a_page_is_compared(shop: Api, stripe_double: StripeDouble) -> None:
    with shop.deps.database.transaction() as connection:
        for _ in range(101):
            _booked(connection, stripe_double)
    assert _check(shop).differences == ()
    assert len(stripe_double.calls("/v1/balance_transactions", "GET")) == 2


def test_what_only_stripe_knows_is_found(shop: Api, stripe_double: StripeDouble) -> None:
    with shop.deps.database.transaction() as connection:
        _booked(connection, stripe_double)
    intent, moved = _paid(stripe_double, 1000)
    found = {one.kind: one for one in _check(shop).differences}
    assert found.keys() == {BookingKind.PAYMENT, BookingKind.FEE}
    payment = found[BookingKind.PAYMENT]
    assert (payment.ours_cents, payment.stripe_cents, payment.stripe_ids) == (3000, 4000, (intent,))
    assert found[BookingKind.FEE].cents == moved["fee"]


def test_what_only_the_books_know_is_found(shop: Api, stripe_double: StripeDouble) -> None:
    at = midnight(YESTERDAY) + timedelta(hours=3)
    with shop.deps.database.transaction() as connection:
        booked.payment(connection, booked.order(connection, test=True), 3000, 0, at, "pi_gone")
    (found,) = _check(shop).differences
    assert (found.kind, found.ours_cents, found.stripe_cents) == (BookingKind.PAYMENT, 3000, 0)


def test_real_money_is_none_of_a_test_key_s_business(shop: Api) -> None:
    with shop.deps.database.transaction() as connection:
        booked.payment(connection, booked.order(connection, test=False), at=midnight(YESTERDAY))
    assert _check(shop).differences == ()


def test_a_day_ends_at_midnight(shop: Api, stripe_double: StripeDouble) -> None:
    """The books have the payment a second later than Stripe, which is the next day."""
    last = midnight(YESTERDAY) + timedelta(days=1, seconds=-1)
    stripe_double.clock(round((last - datetime.now(UTC)).total_seconds()) - 5)
    intent, moved = _paid(stripe_double, 3000)
    assert datetime.fromtimestamp(moved["created"], UTC).date() == YESTERDAY
    with shop.deps.database.transaction() as connection:
        late = last + timedelta(seconds=1)
        booked.payment(connection, booked.order(connection, test=True), 3000, moved["fee"], late, intent)
    ours, today = _check(shop), _check(shop, YESTERDAY + timedelta(days=1))
    assert [one.ours_cents for one in ours.differences] == [0, 0]
    assert [one.stripe_cents for one in today.differences] == [0, 0]


# The nightly run


def _pass(shop: Api, minutes: int) -> None:
    """As if the checks were so much older."""
    with shop.deps.database.transaction() as connection:
        connection.execute(
            """update book_checks set started_at = started_at - %(ago)s, checked_at = checked_at - %(ago)s""",
            {"ago": timedelta(minutes=minutes)},
        )


@pytest.fixture
def nightly(shop: Api) -> Iterator[Api]:
    """After one o'clock, whatever the time is."""
    closed, book_checks.CLOSED = book_checks.CLOSED, timedelta(0)
    yield shop
    book_checks.CLOSED = closed


def test_a_run_checks_the_last_week_once_and_publishes_it(nightly: Api, stripe_double: StripeDouble) -> None:
    for _ in range(3):
        checking.run(nightly.deps)
    assert len(stripe_double.calls("/v1/balance_transactions", "GET")) == book_checks.DAYS
    assert (_metric("difference_cents"), _metric("unchecked_days")) == (0, 0)


def test_a_difference_is_published_until_it_is_gone(nightly: Api, stripe_double: StripeDouble) -> None:
    intent, moved = _paid(stripe_double, 1000)
    checking.run(nightly.deps)
    assert _metric("difference_cents") == 1000 + moved["fee"]
    with nightly.deps.database.transaction() as connection:
        at = datetime.fromtimestamp(moved["created"], UTC)
        booked.payment(connection, booked.order(connection, test=True), 1000, moved["fee"], at, intent)
    _pass(nightly, minutes=16)
    checking.run(nightly.deps)
    assert _metric("difference_cents") == 0
    assert len(stripe_double.calls("/v1/balance_transactions", "GET")) == book_checks.DAYS + 1


def test_days_stay_due_and_are_counted_while_stripe_is_away(nightly: Api, stripe_double: StripeDouble) -> None:
    stripe_double.fault("500_before", "GET /v1/balance_transactions", times=2)
    checking.run(nightly.deps)
    assert _metric("unchecked_days") == book_checks.DAYS
    checking.run(nightly.deps)  # another instance, or the next turn: the lease still runs
    assert len(stripe_double.calls("/v1/balance_transactions", "GET")) == 2
    _pass(nightly, minutes=11)
    checking.run(nightly.deps)
    assert _metric("unchecked_days") == 0


def test_a_list_that_does_not_end_in_time_leaves_the_day_due(shop: Api, stripe_double: StripeDouble) -> None:
    _paid(stripe_double, 1000)
    assert shop.deps.stripe
    with pytest.raises(checking.TooLong):
        checking.check(shop.deps.database, shop.deps.stripe, YESTERDAY, 0)
    with shop.deps.database.transaction() as connection:
        assert book_checks.between(connection, YESTERDAY, YESTERDAY, test=True) == []


def test_stripe_away_is_no_difference(shop: Api, stripe_double: StripeDouble) -> None:
    stripe_double.fault("500_before", "GET /v1/balance_transactions", times=2)
    with pytest.raises(shop_errors.PaymentUnavailable):
        _check(shop)


def test_without_a_key_nothing_is_checked(api: Api) -> None:
    checking.run(api.deps)
    with api.deps.database.transaction() as connection:
        assert book_checks.between(connection, date(2020, 1, 1), date(2099, 1, 1), test=True) == []
