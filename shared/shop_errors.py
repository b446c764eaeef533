"""The failures that only the shop has: accounts, catalogue, prices and orders; `shared.errors` has the others."""

from shared.errors import Failure


class Changed(Failure):
    status, code, message = 412, "changed", "This was changed since you read it."
    advice = "Read it again, and send your change with its new `version` as `If-Match`."


class QuoteExpired(Failure):
    status, code, message = 409, "quote_expired", "This quote no longer holds."
    advice = "Ask for a new price: quotes hold for 30 minutes."


class QuoteUsed(Failure):
    status, code, message = 409, "quote_used", "This quote was already ordered."
    advice = "Look at your orders, or ask for a new price."


class UnknownSku(Failure):
    status, code, message = 422, "unknown_sku", "This article is not sold."
    advice = "Choose another: `details.sku` is unknown, archived, or of a product that is not active."


class NotShippedThere(Failure):
    status, code, message = 422, "not_shipped_there", "The shop does not ship to this place."
    advice = "Choose a destination within the zones of `GET /api/prices`."


class TotalOutOfRange(Failure):
    status, code, message = 422, "total_out_of_range", "The total is too small or too large to be paid."
    advice = "Change the cart until the total is between `details.leastCents` and `details.mostCents`."


class DiscountRefused(Failure):
    status, code, message = 422, "discount_refused", "This discount code does not count."
    advice = (
        "`details.reason` is `unknown`, `not_started`, `ended`, `used_up` or `below_minimum`; "
        "leave the code out, or reach `details.minimumCents` of goods."
    )
