"""Quotes: stored when a price is asked for, used once by an order, deleted when they are old."""

from collections.abc import Mapping
from typing import Any
from uuid import UUID

from psycopg.types.json import Jsonb

from shared import errors, shop_errors
from shared.db import discounts, owners
from shared.db.pool import Connection
from shared.models.discount import DiscountRefusal
from shared.models.owner import Owner
from shared.models.price_list import Destination
from shared.models.quote import Charges, Quote

HOLDS_S = 30 * 60
_WHOSE = f"id = %(id)s and {owners.OWNED}"


def add(
    connection: Connection,
    quote_id: UUID,
    owner: Owner,
    charges: Charges,
    *,
    currency: str,
    destination: Destination,
    discount_code: str | None,
    price_version: int,
) -> Quote:
    """Store charges; they hold for HOLDS_S from now on."""
    row = connection.execute(
        """insert into quotes (
            id, owner_type, owner_id, currency, subtotal_cents, discount_cents, shipping_cents, tax_cents, total_cents,
            charges, country, postal_code, discount_code, price_version, expires_at
        )
        values (
            %(id)s, %(owner_type)s, %(owner_id)s, %(currency)s, %(subtotal)s, %(discount)s, %(shipping)s, %(tax)s,
            %(total)s, %(charges)s, %(country)s, %(postal_code)s, %(discount_code)s, %(price_version)s,
            now() + %(holds)s * interval '1 second'
        )
        returning expires_at""",
        {
            "id": quote_id,
            **owners.parameters(owner),
            "currency": currency,
            "subtotal": charges.subtotal_cents,
            "discount": charges.discount_cents,
            "shipping": charges.shipping.cents,
            "tax": charges.tax_cents,
            "total": charges.total_cents,
            "charges": Jsonb(charges.json()),
            "country": destination.country,
            "postal_code": destination.postal_code,
            "discount_code": discount_code,
            "price_version": price_version,
            "holds": HOLDS_S,
        },
    ).fetchone()
    assert row is not None
    return Quote(quote_id, currency, charges, destination, discount_code, price_version, row["expires_at"])


def use(connection: Connection, owner: Owner, quote_id: UUID) -> Quote:
    """Use a quote and its discount code, in the transaction of the order that is made of it.

    Raises NotFound, QuoteUsed, QuoteExpired, or DiscountRefused for a code that was used up in the meantime.
    """
    whose = {"id": quote_id, **owners.parameters(owner)}
    row = connection.execute(
        f"""update quotes
        set used_at = now()
        where {_WHOSE} and used_at is null and expires_at > now()
        returning id, currency, charges, country, postal_code, discount_code, price_version, expires_at""",
        whose,
    ).fetchone()
    if row is None:
        found = connection.execute(f"select used_at from quotes where {_WHOSE}", whose).fetchone()
        raise _refusal(found)
    if row["discount_code"] and not discounts.take(connection, row["discount_code"]):
        raise shop_errors.DiscountRefused(details={"reason": DiscountRefusal.USED_UP})
    return _quote(row)


def prune(connection: Connection, older_than_s: float) -> int:
    """Delete quotes that expired so long ago, used or not; returns how many."""
    return connection.execute(
        "delete from quotes where expires_at < now() - %s * interval '1 second'", [older_than_s]
    ).rowcount


def _refusal(found: Mapping[str, Any] | None) -> errors.Failure:
    """Why a quote could not be used."""
    if found is None:
        return errors.NotFound("There is no such quote.")
    return shop_errors.QuoteUsed() if found["used_at"] else shop_errors.QuoteExpired()


def _quote(row: dict[str, Any]) -> Quote:
    return Quote(
        id=row["id"],
        currency=row["currency"],
        charges=Charges.read(row["charges"]),
        destination=Destination(row["country"], row["postal_code"]),
        discount_code=row["discount_code"],
        price_version=row["price_version"],
        expires_at=row["expires_at"],
    )
