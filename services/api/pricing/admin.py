"""The price list and discount codes, for admins."""

from services.api.dependencies import Dependencies
from services.api.middleware import auth
from services.api.pricing import views
from services.api.pricing.admin_schemas import DiscountIn, DiscountOut, DiscountPage, DiscountPath, PriceListIn
from services.api.pricing.schemas import PricesOut
from services.api.schemas import PageQuery, VersionHeaders
from shared import shop_errors
from shared.db import discounts, ids, price_lists
from shared.db.pagination import Cursor


def admin_show_list(deps: Dependencies) -> PricesOut:
    """Get price list.

    Shows the newest price list, not cached. `version` goes into the `If-Match` of a change.
    """
    return views.current(deps)


def set_list(deps: Dependencies, header: VersionHeaders, body: PriceListIn) -> PricesOut:
    """Change price list.

    Replaces the whole list, for prices asked for from now on; those that were given before still hold. If someone else
    has changed it since `version`, nothing changes, and the response is 412. The same list keeps its version.
    """
    prices = body.price_list()
    with deps.database.transaction() as connection:
        if price_lists.current(connection) == (header.version, prices):
            return PricesOut.of(header.version, prices, deps.settings.pricing.currency)
        if not price_lists.add(connection, header.version, prices, auth.actor()):
            raise shop_errors.Changed
    deps.prices.forget_version()
    return PricesOut.of(header.version + 1, prices, deps.settings.pricing.currency)


def list_discounts(deps: Dependencies, query: PageQuery) -> DiscountPage:
    """List discount codes.

    Lists discount codes, newest first, with how often each was used.
    """
    after = Cursor.parse(query.cursor) if query.cursor else None
    with deps.database.transaction() as connection:
        found = discounts.page(connection, query.limit, after)
    return DiscountPage(items=list(map(DiscountOut.from_row, found.items)), next_cursor=found.next_cursor)


def set_discount(deps: Dependencies, path: DiscountPath, body: DiscountIn) -> DiscountOut:
    """Set discount code.

    Adds the code, or changes its terms; its uses stay counted. To end one, set `endsAt`.
    """
    with deps.database.transaction() as connection:
        return DiscountOut.from_row(discounts.put(connection, body.discount(ids.new(), path.code)))
