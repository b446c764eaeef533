"""Whatever is refunded of an order, by pieces or amounts, its documents sum to what the shop kept, and so do taxes."""

from random import Random

from services.api.documents import invoice_pdf
from services.api.refunds import rules
from shared.db import invoices
from shared.db.pool import Connection, Database
from shared.models.payment import Refund
from tests.services.api.documents.reading import SELLER, amount, line_totals
from tests.shared.db.paid_orders import line, paid, refund


def test_documents_sum_to_what_was_kept_after_any_refunds(database: Database) -> None:
    random = Random(20)
    for _ in range(15):
        with database.transaction() as connection:
            check(connection, random)


def check(connection: Connection, random: Random) -> None:
    lines = [
        line(random.randint(1, 9), random.randint(1, 9999), random.choice([0, 1]), random.choice([0, 700, 1900, 2550]))
        for _ in range(random.randint(1, 4))
    ]
    order, items = paid(connection, *lines)
    invoices.issue(connection, order, items, SELLER)
    refunds: list[Refund] = []
    while rules.total(parts := rules.left(order, items, refunds)):
        back = refund(connection, order, *map(as_json, chosen(random, parts)))
        credited = invoices.credit(connection, order, back)
        assert credited
        data = invoice_pdf.render(credited)
        assert amount(data, "Total EUR") == sum(line_totals(data)) == -back.amount_cents
        if random.random() < 0.3:
            invoices.reverse(connection, order, back)
        else:
            refunds.append(back)
        kept = order.total_cents - sum(one.amount_cents for one in refunds)
        assert sum(one.total_cents for one in invoices.of_orders(connection, [order.id])) == kept
    assert sum(one.tax_cents for one in invoices.of_orders(connection, [order.id])) == 0


def chosen(random: Random, parts: tuple[rules.Part, ...]) -> tuple[rules.Part, ...]:
    """All that is left, an amount of it, or some pieces of one line."""
    most = rules.total(parts)
    if most > 1 and random.random() < 0.3:
        return rules.of_amount(parts, random.randint(1, most))
    one = random.choice(parts)
    if one.quantity and one.cents and random.random() < 0.8:
        return rules.of_pieces(parts, {one.line: random.randint(1, one.quantity)})
    return rules.whole(parts)


def as_json(part: rules.Part) -> dict[str, int]:
    return {"line": part.line, "quantity": part.quantity, "cents": part.cents, "taxCents": part.tax_cents}
