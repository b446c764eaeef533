"""Amounts and days as documents write them."""

from datetime import UTC, datetime

from services.api.documents.layout import date, money, percent


def test_amounts_have_two_decimals_and_no_rounding() -> None:
    assert [money(cents) for cents in (0, 5, 99, 100, 123_456, 99_999_999, -1, -123_456)] == [
        *("0.00", "0.05", "0.99", "1.00", "1,234.56", "999,999.99", "-0.01", "-1,234.56")
    ]


def test_rates_have_the_decimals_that_they_need() -> None:
    assert [percent(rate) for rate in (0, 700, 2550, 825, 10_000)] == ["0%", "7%", "25.5%", "8.25%", "100%"]


def test_days_are_written_out() -> None:
    assert date(datetime(2026, 3, 4, 23, 59, tzinfo=UTC)) == "4 March 2026"
