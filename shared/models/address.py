"""Postal addresses of customers."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

_CITY_FIRST = ("AU", "CA", "GB", "IE", "NZ", "US")


@dataclass(frozen=True, slots=True)
class Address:
    """`fields`: name, line1, line2, city, region, postal_code, country (ISO 3166-1) and phone, empty if left out."""

    id: UUID
    customer_id: UUID
    fields: Mapping[str, str]
    created_at: datetime


def lines(fields: Mapping[str, str]) -> list[str]:
    """A postal address by lines, its country last, each in the order that its country uses."""
    city, region, code = (fields.get(name, "") for name in ("city", "region", "postal_code"))
    country = fields.get("country", "")
    if country in _CITY_FIRST:
        place = [" ".join(filter(None, (f"{city}," if region else city, region, code)))]
    else:
        place = [f"{code} {city}".strip(), region]
    return [one for one in (*(fields.get(name, "") for name in ("name", "line1", "line2")), *place, country) if one]
