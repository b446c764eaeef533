"""The failures that only the shop has: accounts, catalogue, prices and orders; `shared.errors` has the others."""

from shared.errors import Failure


class KeyMissing(Failure):
    status, code, message = 400, "idempotency_key_missing", "This request needs the header Idempotency-Key."
    advice = "Send a value of your choice, new for each distinct request, and the same one if you repeat it."


class NotOffered(Failure):
    status, code, message = (
        422,
        "not_offered",
        "The product is not printed there, or not by this method, or lacks this colour.",
    )
    advice = "Choose a placement, a method and a colour that `details` offers."


class NotPrintable(Failure):
    """`details` names the design."""

    status, code, message = 422, "not_printable", "A design cannot be printed as it is."
    advice = "Read the design: `problem` of each placement says why; change it, or leave it out."


class OutsidePrintArea(Failure):
    status, code, message = 422, "outside_print_area", "The picture leaves the print area."
    advice = "Move it or make it smaller: `details` has the box around it, turned as asked, and the area."


class OutOfStock(Failure):
    """`details` says how many of each SKU there are."""

    status, code, message = 409, "out_of_stock", "There are not that many."
    advice = "Take fewer: `details` says how many there are of each SKU."


class SlugTaken(Failure):
    status, code, message = 409, "slug_taken", "Another product has this slug."
    advice = "Choose another slug, or change that product."


class SkuTaken(Failure):
    status, code, message = 409, "sku_taken", "This SKU is there already."
    advice = "Give each variant a SKU of its own; `details` names the one that is taken."


class VariantTaken(Failure):
    status, code, message = 409, "variant_taken", "The product has another variant of this color and size."
    advice = "Give each variant a color and a size that no other has; an archived variant counts too."


class FaultyFile(Failure):
    """`details` lists the faults by row and column."""

    status, code, message = 422, "faulty_file", "The file has faults; nothing was imported."
    advice = "Correct the rows that `details` names; `dryRun=true` lists them without importing."


class MailNotFailed(Failure):
    status, code, message = 409, "mail_not_failed", "Only a failed mail whose link still works can be sent again."
    advice = "Let the customer ask for a new link."


class Changed(Failure):
    status, code, message = 412, "changed", "This was changed since you read it."
    advice = "Read it again, and send your change with its new `version` as `If-Match`."


class WrongCredentials(Failure):
    status, code, message = 401, "wrong_credentials", "The address or the password is wrong."
    advice = "Type them again, or ask for a mail that lets you set a new password."


class TokenSpent(Failure):
    status, code, message = 410, "token_spent", "This link was used before, or has expired."
    advice = "Ask for a new mail: register again, or ask for a new password."


class WeakPassword(Failure):
    status, code, message = 422, "weak_password", "This password is too easy to guess."
    advice = "Choose one of at least 8 characters that is neither common nor your address."


class BadAddress(Failure):
    status, code, message = 422, "bad_address", "This address cannot be right."
    advice = "Correct the field that `details` names."


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


class NotPaid(Failure):
    status, code, message = 409, "not_paid", "The order is not paid."
    advice = "Pay it first: its invoice and its packing slip follow from the payment. A cancelled order has none."


class MoreThanPaid(Failure):
    """`details` has `leftCents`, or the `line` and the `quantity` that is left of it."""

    status, code, message = 409, "more_than_paid", "That is more than is left to pay back."
    advice = "Read the order: refunds that are on their way count too. `details` says what is left."


class InProduction(Failure):
    status, code, message = 409, "in_production", "The order is being made, or was sent."
    advice = "Ask the shop: an order can be cancelled by its customer until it is printed."


class NotAllowedNow(Failure):
    status, code, message = 409, "not_allowed_now", "The order's state does not allow this now."
    advice = "Read the order: `paymentStatus` and `productionStatus` say what it waits for."


class NotPayable(Failure):
    status, code, message = 409, "not_payable", "This order cannot be paid now."
    advice = "Read the order: it is paid, its payment is on the way, or it is cancelled; then order again."


class OpenOrders(Failure):
    """`details` has the `orderNumbers`."""

    status, code, message = 409, "open_orders", "The account has orders that are not finished."
    advice = "Wait until they are shipped or refunded, or cancel them; `details` names them."


class BadSignature(Failure):
    status, code, message = (
        400,
        "bad_signature",
        "This is no event that Stripe signed for this shop within five minutes.",
    )
    advice = "Only Stripe sends events. Check STRIPE_WEBHOOK_SECRET and the clock."


class WrongMode(Failure):
    status, code, message = 400, "wrong_mode", "The event is of Stripe's other mode: test or live."
    advice = "Register the endpoint in the mode of STRIPE_SECRET_KEY."


class PaymentUnavailable(Failure):
    """Whether Stripe did what was asked is unknown: repeat with the same Idempotency-Key."""

    status, code, message, retryable = 503, "payment_unavailable", "Payments are not available now.", True
    advice = "Repeat the request with the same Idempotency-Key after `Retry-After` seconds."
