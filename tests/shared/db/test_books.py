"""The books follow from payments, refunds and disputes, by day and currency, test money apart."""

from datetime import UTC, date, datetime, timedelta
from typing import Any

import pytest

from shared.db import books
from shared.db.pool import Connection, Database
from shared.models.booking import BookDay, BookingKind
from tests.shared.db import booked
from tests.shared.db.booked import NOON

DAY = timedelta(days=1)
FIRST = datetime(2026, 11, 1, tzinfo=UTC)


def _days(
    connection: Connection, test: bool = False, since: datetime = FIRST, until: datetime = FIRST + 30 * DAY
) -> Any:
    return books.by_day(connection, since, until, test=test)


def test_a_day_sums_what_came_and_what_went(database: Database) -> None:
    with database.transaction() as connection:
        intent = booked.payment(connection, booked.order(connection), 3000, 117)
        booked.payment(connection, booked.order(connection), 1000, 59)
        booked.refund(connection, intent, 700)
        dispute = booked.dispute(connection, intent, 2300)
        booked.moved(connection, dispute, -2300, 1500)
        (day,) = _days(connection)
    assert day == BookDay(date(2026, 11, 2), "usd", 4000, 700, 2300, 117 + 59 + 1500, 0)
    assert day.net_cents == 4000 - 700 - 2300 - 1676


def test_a_refund_that_fails_later_comes_back_on_that_day(database: Database) -> None:
    with database.transaction() as connection:
        intent = booked.payment(connection, booked.order(connection))
        booked.refund(connection, intent, 700, NOON, NOON + 3 * DAY)
        first, later = _days(connection)
    assert (first.refunded_cents, later.refunded_cents) == (700, -700)
    assert (later.day, later.received_cents, later.net_cents) == (date(2026, 11, 5), 0, 700)


def test_a_refund_that_took_no_money_is_no_booking(database: Database) -> None:
    with database.transaction() as connection:
        intent = booked.payment(connection, booked.order(connection))
        booked.refund(connection, intent, 700, None)
        booked.refund(connection, intent, 800, None, NOON)
        (day,) = _days(connection)
    assert day.refunded_cents == 0


def test_what_a_dispute_took_comes_back_as_often_as_it_is_won(database: Database) -> None:
    with database.transaction() as connection:
        intent = booked.payment(connection, booked.order(connection))
        dispute = booked.dispute(connection, intent, 3000)
        for back, (cents, fee) in enumerate([(-3000, 1500), (3000, 0), (-3000, 0), (3000, -1500)], 1):
            booked.moved(connection, dispute, cents, fee, NOON + back * DAY)
        days = _days(connection)
    assert [day.disputed_cents for day in days] == [0, 3000, -3000, 3000, -3000]
    assert [day.fees_cents for day in days] == [117, 1500, 0, 0, -1500]
    assert sum(day.net_cents for day in days) == 3000 - 117


def test_real_and_test_money_never_meet(database: Database) -> None:
    with database.transaction() as connection:
        for test, cents in ((False, 100), (True, 5000)):
            intent = booked.payment(connection, booked.order(connection, test=test), cents, 1)
            booked.refund(connection, intent, cents)
            booked.moved(connection, booked.dispute(connection, intent, cents), -cents, 1)
        (real,), (tested,) = _days(connection), _days(connection, test=True)
    assert real == BookDay(date(2026, 11, 2), "usd", 100, 100, 100, 2, 0)
    assert tested == BookDay(date(2026, 11, 2), "usd", 5000, 5000, 5000, 2, 0)


def test_currencies_are_apart(database: Database) -> None:
    with database.transaction() as connection:
        for currency, cents in (("usd", 100), ("eur", 5000)):
            booked.payment(connection, booked.order(connection, currency=currency), cents, 1)
        days = _days(connection)
    assert [(day.currency, day.received_cents) for day in days] == [("eur", 5000), ("usd", 100)]


@pytest.mark.parametrize("zone", ["Pacific/Kiritimati", "Pacific/Pago_Pago"])
def test_a_day_is_in_utc_from_midnight_to_midnight(database: Database, zone: str) -> None:
    with database.transaction() as connection:
        connection.execute("select set_config('timezone', %s, true)", [zone])
        for at in (FIRST - DAY / 86_400_000, FIRST, FIRST + DAY - DAY / 86_400_000, FIRST + DAY):
            booked.payment(connection, booked.order(connection), at=at)
        days = [day.day for day in _days(connection, since=FIRST - DAY)]
        (day,) = _days(connection, until=FIRST + DAY)
    assert days == [date(2026, 10, 31), date(2026, 11, 1), date(2026, 11, 2)]
    assert day.received_cents == 6000


def test_a_fee_that_is_not_known_yet_is_told(database: Database) -> None:
    with database.transaction() as connection:
        booked.payment(connection, booked.order(connection), fee=None)
        booked.payment(connection, booked.order(connection), fee=0)
        (day,) = _days(connection)
    assert (day.fees_cents, day.unknown_fees) == (0, 1)


def test_sums_name_what_stripe_names(database: Database) -> None:
    with database.transaction() as connection:
        intent = booked.payment(connection, booked.order(connection))
        refund = booked.refund(connection, intent, 700, NOON, NOON)
        dispute = booked.dispute(connection, intent, 2300)
        booked.moved(connection, dispute, -2300, 1500)
        booked.moved(connection, dispute, 2300, 0)
        found = books.sums(connection, FIRST, FIRST + 30 * DAY, test=False)
    assert found == {
        ("usd", BookingKind.PAYMENT, intent): 3000,
        ("usd", BookingKind.FEE, intent): -117,
        ("usd", BookingKind.REFUND, refund): -700,
        ("usd", BookingKind.REFUND_FAILED, refund): 700,
        ("usd", BookingKind.DISPUTE, dispute): -2300,
        ("usd", BookingKind.DISPUTE_RETURNED, dispute): 2300,
        ("usd", BookingKind.FEE, dispute): -1500,
    }
