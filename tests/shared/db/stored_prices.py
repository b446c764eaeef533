"""Rows of prices for tests, written by statements of their own."""

from collections.abc import Mapping

from shared.db import ids
from shared.db.pool import Connection
from tests.shared.db.catalogue import insert

PRICE_LIST: Mapping[str, object] = {"version": 1, "list": "{}", "set_by": "ann"}
DISCOUNT: Mapping[str, object] = {"code": "AUTUMN", "off_bp": 1000}
QUOTE: Mapping[str, object] = {
    "owner_type": "guest",
    "owner_id": "a" * 64,
    "currency": "usd",
    "subtotal_cents": 100,
    "discount_cents": 10,
    "shipping_cents": 5,
    "tax_cents": 1,
    "total_cents": 96,
    "charges": "{}",
    "country": "US",
    "postal_code": "",
    "price_version": 0,
    "created_at": "2026-01-01T00:00Z",
    "expires_at": "2026-01-01T00:30Z",
}


def row(table: str, **changes: object) -> Mapping[str, object]:
    if table == "price_lists":
        return {**PRICE_LIST, **changes}
    return {"id": ids.new(), **{"discounts": DISCOUNT, "quotes": QUOTE}[table], **changes}


def quote(connection: Connection, expired_s: int) -> None:
    """A quote that expired so long ago."""
    made = row("quotes")
    insert(connection, "quotes", made)
    connection.execute(
        "update quotes set created_at = now() - interval '30 days', expires_at = now() - %s * interval '1 second' "
        "where id = %s",
        [expired_s, made["id"]],
    )
