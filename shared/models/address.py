"""Postal addresses of customers."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID


@dataclass(frozen=True, slots=True)
class Address:
    """`fields`: name, line1, line2, city, region, postal_code, country (ISO 3166-1) and phone, empty if left out."""

    id: UUID
    customer_id: UUID
    fields: Mapping[str, str]
    created_at: datetime
