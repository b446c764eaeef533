"""The order, its invoice as PDF, and what Stripe charged are one amount, to the cent."""

from random import Random

from tests.doubles.stripe_double import PAID
from tests.services.api.client import body
from tests.services.api.documents.reading import amount, line_totals
from tests.services.api.payments.conftest import Shop


def test_order_pdf_and_stripe_agree_to_the_cent(shop: Shop) -> None:
    random = Random(20)
    for kind in ("payment_intent", "checkout_session") * 3:
        quantities = [random.randint(1, 9) for _ in range(random.randint(1, 6))]
        order = shop.order(quantities=quantities, discount_cents=random.randint(0, 1899))
        customer = shop.customer(order)
        begun = body(shop.ask(order, kind, "k", customer))
        shop.pay(begun, PAID)
        assert set(shop.deliver()) == {200}
        totals = body(customer.get(f"/api/orders/{order.id}"))["totals"]
        data = customer.get(f"/api/orders/{order.id}/invoice.pdf").data
        charged = shop.double.objects("payment_intent")[-1]
        assert charged["metadata"]["order_number"] == order.order_number
        assert (
            order.total_cents
            == totals["totalCents"]
            == totals["receivedCents"]
            == charged["amount_received"]
            == amount(data, f"Total {totals['currency'].upper()}")
            == sum(line_totals(data))
        )
