"""Mails about orders: what they say, that each is queued once, and to whom."""

from dataclasses import replace
from datetime import UTC, datetime

import pytest

from services.api.mail.letters import Letters
from services.api.orders import mailing
from services.api.pages.settings import Shop
from shared.db import customers, ids, mails
from shared.db.pool import Connection, Database
from shared.models.mail import Mail
from shared.models.order import Order, PaymentStatus
from shared.models.payment import Refund, RefundState
from tests.services.api.orders.samples import ITEM, NOW, ORDER, PRINT

LETTERS = Letters(Shop.read({"SHOP_NAME": "Tee"}), "https://shop.example")
REFUND = Refund(
    *(ids.new(), ids.new(), ORDER.id, "key", "re_1", 50_734, (), RefundState.SUCCEEDED, "", "ann", None),
    *(NOW, None, None, NOW),
)


@pytest.fixture
def order(database: Database) -> Order:
    with database.transaction() as connection:
        return replace(ORDER, customer_id=customers.add(connection, "ann@shop.example", "Ann", "hash").id)


def queued(connection: Connection) -> list[Mail]:
    return list(mails.page(connection, 10, None, None).items)


def letter(connection: Connection) -> str:
    """The text of the only mail."""
    (mail,) = queued(connection)
    assert mail.recipient == "ann@shop.example"
    return LETTERS.text(mail) or ""


def test_a_payment_is_confirmed_with_what_was_bought_and_what_it_cost(database: Database, order: Order) -> None:
    with database.transaction() as connection:
        mailing.paid(connection, order, [ITEM, replace(ITEM, line=2, size="L", quantity=1)])
        text = letter(connection)
    assert text.startswith("Thank you for your order ST-7K2M-9QXA\n\n")
    assert "3 x Heavyweight tee, Black, M\n1 x Heavyweight tee, Black, L\n\n" in text
    assert (
        "Goods: 1,500.00 USD\nDiscount: -10.00 USD\nShipping: 5.00 USD\nTax: 12.34 USD\nTotal: 1,507.34 USD\n\n" in text
    )
    assert "We ship it to:\nAnn Lee\n1 Main St\nTroy, NY 12180\nUS\n\n" in text
    assert "\n\nhttps://shop.example/\n\n" in text


def test_an_address_is_written_as_its_country_does(database: Database, order: Order) -> None:
    there = {**order.ship_to, "city": "Ulm", "region": "", "postal_code": "89073", "country": "DE"}
    with database.transaction() as connection:
        mailing.paid(connection, replace(order, ship_to=there), [ITEM])
        assert "1 Main St\n89073 Ulm\nDE\n\n" in letter(connection)


def test_what_is_not_charged_is_not_named(database: Database, order: Order) -> None:
    with database.transaction() as connection:
        mailing.paid(connection, replace(order, discount_cents=0, tax_cents=0, shipping_cents=0), [ITEM])
        text = letter(connection)
    assert "Discount" not in text
    assert "Tax" not in text
    assert "Shipping: 0.00 USD" in text


def test_a_test_order_says_so(database: Database, order: Order) -> None:
    with database.transaction() as connection:
        mailing.paid(connection, replace(order, test=True), [ITEM])
        assert letter(connection).startswith("Thank you for your order ST-7K2M-9QXA (TEST, no real money)\n\n")


@pytest.mark.parametrize(
    ("tracking", "said"), [("JD0146", "Its tracking number is JD0146;"), ("", "handed your parcel to DHL.\n\n")]
)
def test_a_shipment_names_its_carrier_and_its_number(
    database: Database, order: Order, tracking: str, said: str
) -> None:
    with database.transaction() as connection:
        mailing.shipped(connection, order, ids.new(), "DHL", tracking)
        text = letter(connection)
    assert said in text
    assert "It goes to:\nAnn Lee\n" in text


def test_rejected_artwork_is_named_with_the_reason(database: Database, order: Order) -> None:
    with database.transaction() as connection:
        mailing.artwork_rejected(connection, order, ITEM, PRINT)
        text = letter(connection)
    assert "left chest of Heavyweight tee, Black, M.\n\nThe lines are thinner than 0.3 mm.\n\n" in text


@pytest.mark.parametrize(
    ("status", "owed", "expired", "said"),
    [
        (PaymentStatus.CANCELLED, [], True, ["not received your payment in time", "You have paid nothing"]),
        (PaymentStatus.PAID, [(100_000, "usd")], False, ["we make nothing of it", "We send 1,000.00 USD back"]),
        (PaymentStatus.PAID, [(500, "usd"), (700, "eur")], False, ["We send 5.00 USD and 7.00 EUR back"]),
        (PaymentStatus.REFUNDED, [], False, ["we make nothing of it", "We have sent your payment back"]),
        (PaymentStatus.LOST, [], False, ["we make nothing of it", "Your bank has sent your payment back"]),
    ],
)
def test_a_cancelled_order_says_what_becomes_of_the_money(
    database: Database,
    order: Order,
    status: PaymentStatus,
    owed: list[tuple[int, str]],
    expired: bool,
    said: list[str],
) -> None:
    with database.transaction() as connection:
        paid = replace(order, payment_status=status, received_cents=0 if expired else order.received_cents)
        mailing.cancelled(connection, paid, owed, expired=expired)
        text = letter(connection)
    assert all(words in text for words in said)


def test_a_refund_says_how_much_of_how_much(database: Database, order: Order) -> None:
    with database.transaction() as connection:
        mailing.refunded(connection, order, REFUND)
        text = letter(connection)
    assert text.startswith("We have refunded 507.34 USD of your order ST-7K2M-9QXA\n\n")
    assert "we have refunded 507.34 USD of the 1,507.34 USD" in text


def test_the_same_is_mailed_once(database: Database, order: Order) -> None:
    rejected_again = replace(PRINT, rejected_at=datetime(2026, 12, 1, tzinfo=UTC))
    with database.transaction() as connection:
        for _ in range(2):
            mailing.paid(connection, order, [ITEM])
            mailing.cancelled(connection, order, [])
            mailing.refunded(connection, order, REFUND)
            mailing.artwork_rejected(connection, order, ITEM, PRINT)
        assert len(queued(connection)) == 4
        mailing.refunded(connection, order, replace(REFUND, id=ids.new()))
        mailing.artwork_rejected(connection, order, ITEM, rejected_again)
        assert len(queued(connection)) == 6


def test_nothing_is_mailed_about_an_erased_account(database: Database, order: Order) -> None:
    with database.transaction() as connection:
        customer = customers.find(connection, order.customer_id)
        assert customer
        customers.erase(connection, customer)
        mailing.paid(connection, order, [ITEM])
        assert queued(connection) == []
