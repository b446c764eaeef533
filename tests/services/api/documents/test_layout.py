"""Amounts, days and addresses as documents write them."""

from datetime import UTC, datetime

import pytest

from services.api.documents.layout import address, date, money, percent


def test_amounts_have_two_decimals_and_no_rounding() -> None:
    assert [money(cents) for cents in (0, 5, 99, 100, 123_456, 99_999_999, -1, -123_456)] == [
        *("0.00", "0.05", "0.99", "1.00", "1,234.56", "999,999.99", "-0.01", "-1,234.56")
    ]


def test_rates_have_the_decimals_that_they_need() -> None:
    assert [percent(rate) for rate in (0, 700, 2550, 825, 10_000)] == ["0%", "7%", "25.5%", "8.25%", "100%"]


def test_days_are_written_out() -> None:
    assert date(datetime(2026, 3, 4, 23, 59, tzinfo=UTC)) == "4 March 2026"


@pytest.mark.parametrize(
    ("fields", "lines"),
    [
        (
            {
                "name": "Ann",
                "line1": "1 Main St",
                "city": "New York",
                "region": "NY",
                "postal_code": "1",
                "country": "US",
            },
            ["Ann", "1 Main St", "New York, NY 1", "US"],
        ),
        (
            {"name": "Ann", "line1": "1 Mall", "city": "London", "postal_code": "SW1A 1AA", "country": "GB"},
            ["Ann", "1 Mall", "London SW1A 1AA", "GB"],
        ),
        (
            {"name": "Ann", "line1": "Allee 1", "line2": "Hof", "city": "Ulm", "postal_code": "89073", "country": "DE"},
            ["Ann", "Allee 1", "Hof", "89073 Ulm", "DE"],
        ),
    ],
)
def test_an_address_is_written_as_its_country_does(fields: dict[str, str], lines: list[str]) -> None:
    assert address(fields) == lines
