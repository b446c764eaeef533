"""The steps of `make story`: an order from a guest's photo to the books, over HTTP alone."""

import secrets
from collections.abc import Iterable
from datetime import UTC, datetime, timedelta
from typing import Any

from deploy.local import story_words as words
from deploy.local.api_client import SAMPLE
from deploy.local.errors import CommandError
from deploy.local.story_client import Say, StoryClient

_SKU, _COLOUR, _PIECES = "CT-BLACK-M", "1c1c1f", 2
_SHIP_TO = {
    "name": "Ann Lee",
    "line1": "1 Main Street",
    "city": "New York",
    "region": "NY",
    "postalCode": "10001",
    "country": "US",
}
_DAYS = 300  # whose bookings are compared; the api shows at most a year


class Story:
    """Told once: `tell` raises CommandError where a step does not go as it should."""

    def __init__(self, say: Say, *, shop: str, admin_key: str, stripe: str, stripe_key: str) -> None:
        self._say = say
        self._customer = StoryClient(shop, say)
        self._admin = StoryClient(shop, say, {"X-Api-Key": admin_key})
        self._stripe = StoryClient(stripe, say, {"Authorization": f"Bearer {stripe_key}"})
        self._page = StoryClient(stripe, say)  # what Stripe's script in the customer's browser calls
        self._email = f"ann.{secrets.token_hex(4)}@example.com"

    def tell(self) -> None:
        try:
            self._tell()
        except (LookupError, TypeError) as error:
            raise CommandError(f"the last answer is not as expected ({type(error).__name__}: {error})") from error

    def _tell(self) -> None:
        design = self._design(self._picture())
        quote = self._price(design)
        self._account()
        order = self._order(quote)
        self._pay(order)
        self._produce(order["id"])
        self._refund(order["id"])
        self._books()

    def _chapter(self, title: str) -> None:
        self._say(f"\n{title}")

    def _picture(self) -> str:
        """The id of the cut-out."""
        self._chapter("A guest sends a photo, and it is cut out")
        photo = {"file": (SAMPLE.name, SAMPLE.read_bytes())}
        sent = f"{SAMPLE.name}, {SAMPLE.stat().st_size:,} bytes"
        job = self._customer.call(
            *("POST", "/api/cutouts", sent), files=photo, expect=202, came=lambda job: f"job {job['status']}"
        )
        done = self._until_done(f"/api/jobs/{job['id']}", words.cut_out)
        self._customer.file(done["result"]["cutoutUrl"], "cut-out", "image/png")
        return str(done["result"]["assetId"])

    def _design(self, picture: str) -> str:
        self._chapter("The guest places it on a T-shirt; it is checked for print, and shown")
        products = self._customer.call(
            "GET",
            "/api/products",
            came=lambda page: f"{len(page['items'])} products, {page['items'][0]['title']} first",
        )
        placed: dict[str, Any] = {"placement": "front", "assetId": picture, "method": "dtg"}
        placed |= {"leftMm": 40, "topMm": 30, "widthMm": 220, "rotationDeg": -5}
        wish = {"productId": products["items"][0]["id"], "name": "Story", "color": _COLOUR, "placements": [placed]}
        made = self._customer.call(
            "POST",
            "/api/designs",
            "220 mm wide on the front, direct to garment",
            json=wish,
            expect=201,
            came=lambda design: f"height {words.placed(design)['heightMm']} mm",
        )
        design = self._customer.until(
            f"/api/designs/{made['id']}",
            lambda design: words.placed(design)["check"],
            came=words.checked,
            what="a print check",
        )
        self._customer.file(words.placed(design)["mockupUrl"], "mock-up", "image/webp")
        return str(made["id"])

    def _price(self, design: str) -> str:
        self._chapter("The guest asks for the price")
        cart = {"country": "US", "postalCode": _SHIP_TO["postalCode"]}
        item = {"sku": _SKU, "quantity": _PIECES, "designIds": [design]}
        quote = self._customer.call(
            "POST",
            "/api/price",
            f"{_PIECES} x {_SKU} with the design, to US {_SHIP_TO['postalCode']}",
            json={**cart, "items": [item]},
            came=words.priced,
        )
        return str(quote["quoteId"])

    def _account(self) -> None:
        self._chapter("The guest gives an address, and becomes a customer by the link in a mail")
        self._customer.call("POST", "/api/session/link", self._email, json={"email": self._email}, expect=202)
        mail = self._mails("a mail with a link")[0]
        token = mail["text"].partition("#")[2].split()[0]
        self._customer.call(
            "POST",
            "/api/account/verify",
            "the token of that link",
            json={"token": token},
            came=lambda customer: f"signed in as {customer['email']}",
        )

    def _order(self, quote: str) -> Any:
        self._chapter("The customer orders; sent twice with one key, it is one order")
        key = {"Idempotency-Key": secrets.token_hex(16)}
        wish = {"quoteId": quote, "shipTo": _SHIP_TO}
        first, again = (
            self._customer.call(
                "POST",
                "/api/orders",
                "the quote and where it goes",
                headers=key,
                json=wish,
                expect=201,
                came=words.ordered,
            )
            for _ in range(2)
        )
        words.require(first["id"] == again["id"], "two orders came of one key")
        return first

    def _pay(self, order: Any) -> None:
        self._chapter(
            "The customer pays with TEST money: one card is declined, the next pays; a webhook tells the shop"
        )
        payment = self._customer.call(
            "POST",
            f"/api/orders/{order['id']}/payment",
            "payment_intent",
            headers={"Idempotency-Key": secrets.token_hex(16)},
            json={"kind": "payment_intent"},
            came=lambda begun: f"{begun['kind']}, test: {begun['test']}; a client secret for the page",
        )
        secret = payment["clientSecret"]
        form = {"key": payment["publishableKey"], "client_secret": secret, "return_url": "http://localhost/"}
        confirm = f"/v1/payment_intents/{secret.partition('_secret_')[0]}/confirm"
        for card, status in (("pm_card_chargeDeclined", 402), ("pm_card_visa", 200)):
            sent = {**form, "payment_method": card}
            self._page.call("POST", confirm, card, data=sent, expect=status, came=words.confirmed)
        self._customer.until(
            f"/api/orders/{order['id']}",
            lambda order: order["paymentStatus"] == "paid",
            came=words.paid,
            what="a paid order",
        )
        self._stripe.call("GET", "/control/webhooks", came=words.delivered)
        self._customer.file(f"/api/orders/{order['id']}/invoice.pdf", "invoice", "application/pdf")

    def _produce(self, order: str) -> None:
        self._chapter("The shop prints it, packs it and sends it")
        self._admin.call("GET", "/api/admin/production", came=lambda page: f"{len(page['items'])} orders to be made")
        production = f"/api/admin/orders/{order}/production"
        made = self._admin.until(
            production,
            lambda made: words.print_file(made)["status"] == "done",
            came=words.printable,
            what="a print file",
        )
        self._admin.file(words.print_file(made)["url"], "print file", "image/png")
        for step in ("printing", "printed", "packed"):
            made = self._admin.call(
                "POST",
                production,
                step,
                headers={"If-Match": f'"{made["version"]}"'},
                json={"to": step},
                came=lambda made: f"{made['productionStatus']}, version {made['version']}",
            )
        self._admin.file(f"/api/admin/orders/{order}/slip.pdf", "packing slip", "application/pdf")
        self._admin.file(f"/api/admin/orders/{order}/label.pdf", "label", "application/pdf")
        self._admin.call(
            "POST",
            f"/api/admin/orders/{order}/shipments",
            "DHL 00340434161094042557",
            headers={"If-Match": f'"{made["version"]}"'},
            json={"carrier": "DHL", "tracking": "00340434161094042557"},
            expect=201,
            came=lambda made: f"{made['productionStatus']}, {made['shipments'][0]['carrier']} has it",
        )
        self._mails("the mails about it")

    def _refund(self, order: str) -> None:
        self._chapter("One shirt is paid back")
        self._admin.call(
            "POST",
            f"/api/admin/orders/{order}/refunds",
            f"1 of {_PIECES} pieces of line 1",
            headers={"Idempotency-Key": secrets.token_hex(16)},
            json={"items": [{"line": 1, "quantity": 1}], "reason": "A stain"},
            came=lambda refund: f"{refund['status']}, {words.money(refund, 'amountCents')}",
        )
        shown = self._customer.until(
            f"/api/orders/{order}",
            lambda order: order["paymentStatus"] == "partly_refunded" and len(order["invoices"]) == 2,
            came=words.paid,
            what="a refund and its credit note",
        )
        [note] = [one for one in shown["invoices"] if one["kind"] == "credit_note"]
        self._customer.file(f"/api/orders/{order}/credit-notes/{note['number']}.pdf", "credit note", "application/pdf")

    def _books(self) -> None:
        self._chapter("The books equal Stripe's ledger")
        today = datetime.now(UTC).date()
        query = f"test=true&from={today - timedelta(days=_DAYS)}&to={today}"
        books = self._admin.call(
            "GET", f"/api/admin/books?{query}", came=lambda books: "; ".join(map(words.sums, books["totals"]))
        )
        ledger = words.ledger(self._transactions())
        self._say("    the ledger: " + "; ".join(map(words.sums, ledger)))
        ours = [{name: row[name] for name in ledger[0]} for row in books["totals"]]
        words.require(ours == ledger, f"the books are {ours}, and the ledger is {ledger}")
        self._say("    equal to the cent")
        self._admin.call(
            "POST",
            "/api/admin/books/check",
            str(today),
            json={"day": str(today)},
            came=lambda check: words.no_differences(check, today),
        )

    def _transactions(self) -> Iterable[Any]:
        after = ""
        while True:
            path = f"/v1/balance_transactions?limit=100{after}"
            page = self._stripe.call("GET", path, came=lambda page: f"{len(page['data'])} balance transactions")
            yield from page["data"]
            if not page["has_more"]:
                return
            after = f"&starting_after={page['data'][-1]['id']}"

    def _mails(self, what: str) -> list[Any]:
        """Those to the customer, the newest first."""
        found = self._admin.until(
            "/api/admin/mails?limit=20",
            self._mine,
            came=lambda page: f"to {self._email}: " + ", ".join(mail["template"] for mail in self._mine(page)),
            what=what,
        )
        return self._mine(found)

    def _mine(self, page: Any) -> list[Any]:
        return [mail for mail in page["items"] if mail["recipient"] == self._email]

    def _until_done(self, path: str, came: Any) -> Any:
        """The job once it and what follows it have ended."""
        ended = ("done", "failed", "cancelled")

        def over(job: Any) -> bool:
            return all(one["status"] in ended for one in (job, *job["steps"]))

        job = self._customer.until(path, over, came=came, what="the end of a job")
        words.require(job["status"] == "done", f"the job {job['status']}: {job['error']}")
        return job
