"""Postal addresses as mails and documents write them."""

import pytest

from shared.models import address


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
    assert address.lines(fields) == lines
