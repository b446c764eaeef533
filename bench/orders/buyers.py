"""Customers who are signed in, each with quotes of three printed shirts, of one of many products."""

import json
from dataclasses import dataclass
from uuid import UUID

from bench.catalogue import load
from services.api import session_tokens
from shared.db import sessions, variants
from shared.db.pool import Connection, Database
from shared.models.customer import Customer
from tests.services.api.orders import rows

LINES, PRODUCTS = 3, 25  # two buyers want the same at a time
_STOCK = 1_000_000
_FIELDS = ("name", "line1", "city", "region", "country")
SHIP_TO = {**{name: rows.SHIP_TO[name] for name in _FIELDS}, "postalCode": rows.SHIP_TO["postal_code"]}


@dataclass(frozen=True, slots=True)
class Buyer:
    customer: Customer
    token: str
    quotes: list[UUID]

    def requests(self, count: int) -> list[bytes]:
        """Orders of the next quotes, to be sent over one connection."""
        return [self._request(self.quotes.pop()) for _ in range(count)]

    def _request(self, quote_id: UUID) -> bytes:
        body = json.dumps({"quoteId": str(quote_id), "shipTo": SHIP_TO}).encode()
        return load.post("/api/orders", body, f"Authorization: Bearer {self.token}", f"Idempotency-Key: {quote_id.hex}")


def add(database: Database, buyers: int, quotes_each: int) -> list[Buyer]:
    with database.transaction() as connection:
        products = [rows.add_product(connection, LINES, _STOCK) for _ in range(PRODUCTS)]
        return [_buyer(connection, products[number % PRODUCTS], quotes_each) for number in range(buyers)]


def _buyer(connection: Connection, product_id: UUID, quotes: int) -> Buyer:
    customer, token = rows.add_customer(connection), session_tokens.make()
    sessions.open_new(connection, customer.id, session_tokens.digest(token), "bench")
    design = rows.add_design(connection, customer, product_id)
    lines = [rows.line(variant, 1, design) for variant in variants.of_product(connection, product_id)]
    return Buyer(customer, token, [rows.add_quote(connection, customer, lines).id for _ in range(quotes)])
