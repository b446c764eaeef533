"""Prices: the list that anyone may read, and the price of a cart, which holds for 30 minutes."""

from datetime import UTC, datetime
from functools import partial

from flask import Response

from services.api.dependencies import Dependencies
from services.api.middleware import auth
from services.api.pricing import carts, rules
from services.api.pricing.default_list import DEFAULT
from services.api.pricing.schemas import NewPrice, PriceOut, PricesOut
from services.api.pricing.shipping import ZoneRates
from services.api.schemas import ConditionalHeaders
from shared.db import ids, price_lists, quotes
from shared.db.pool import Connection
from shared.models.price_list import PriceList


def show_list(deps: Dependencies, header: ConditionalHeaders) -> Response:  # noqa: ARG001 - documents
    """Get prices.

    Shows what prints, shipping and taxes cost, and from how many pieces on they cost less. Cached for five minutes;
    `Cache-Control: no-cache` asks for the newest.
    """
    return deps.prices.answer("list", partial(current, deps), shared=False)  # quickly made, and differs by release


def quote(deps: Dependencies, body: NewPrice) -> PriceOut:
    """Price a cart.

    Prices each line with garment, prints, quantity break, discount and tax; and shipping. The same cart in any order of
    items costs the same. The price holds for 30 minutes and can be ordered once.
    """
    owner = auth.writer()
    with deps.database.transaction() as connection:
        version, prices = _in_force(connection)
        cart = carts.read(connection, owner, body)
    postage = ZoneRates(prices).rate(cart.destination, cart.weight_g)
    charges = rules.price(prices, cart, postage, datetime.now(UTC))
    with deps.database.transaction() as connection:
        stored = quotes.add(
            connection,
            ids.new(),
            owner,
            charges,
            currency=deps.settings.pricing.currency,
            destination=cart.destination,
            discount_code=cart.discount.code if cart.discount else None,
            price_version=version,
        )
    return PriceOut.of(stored)


def current(deps: Dependencies) -> PricesOut:
    with deps.database.transaction() as connection:
        version, prices = _in_force(connection)
    return PricesOut.of(version, prices, deps.settings.pricing.currency)


def _in_force(connection: Connection) -> tuple[int, PriceList]:
    return price_lists.current(connection) or (0, DEFAULT)
