"""Invoices, credit notes and reversals, each issued once, in the transaction of its cause and under its order's lock.

A number is taken under the lock of its series, which lasts until the transaction ends: a series has no gap, whatever
is rolled back, and its dates rise with its numbers. The database refuses to change or delete what was issued.
"""

from collections.abc import Collection, Sequence
from dataclasses import replace
from typing import Any
from uuid import UUID

from psycopg.types.json import Jsonb

from shared.db import ids
from shared.db.pool import Connection
from shared.models import invoice
from shared.models.invoice import Invoice, InvoiceFacts, InvoiceLine, Seller, Series
from shared.models.order import Order, OrderItem
from shared.models.payment import Refund

_COLUMNS = "id, series, number, order_id, refund_id, reverses, facts, currency, tax_cents, total_cents, issued_at"


def issue(connection: Connection, order: Order, items: Sequence[OrderItem], seller: Seller) -> Invoice | None:
    """The invoice of an order that has been paid; the one there is if it has one already.

    None for a cancelled order: money that came too late is paid back, and nothing was sold.
    """
    if found := _of_order(connection, order.id):
        return found
    if order.cancelled_at:
        return None
    series = Series.TEST_INVOICE if order.test else Series.INVOICE
    return _add(connection, series, order, invoice.of_order(order, items, seller))


def credit(connection: Connection, order: Order, refund: Refund) -> Invoice | None:
    """The credit note of a refund that has succeeded, by the seller of the invoice that it corrects.

    None if there is no invoice, or if the refund is of no line: it returns what was paid beyond the invoice.
    """
    if found := _of_refund(connection, refund.id):
        return found
    corrected = _of_order(connection, order.id)
    if corrected is None or not refund.lines:
        return None
    lines = _credited(corrected.facts, refund)
    facts = replace(
        corrected.facts,
        lines=lines,
        taxes=invoice.tax_sums(lines),
        corrects=corrected.number,
        reason=refund.reason,
    )
    return _add(connection, _credit_series(order), order, facts, refund_id=refund.id)


def reverse(connection: Connection, order: Order, refund: Refund) -> Invoice | None:
    """The document that takes back the credit note of a refund that failed later; None if there is no credit note."""
    credited = _of_refund(connection, refund.id)
    if credited is None:
        return None
    found = connection.execute(f"select {_COLUMNS} from invoices where reverses = %s", [credited.id]).fetchone()
    if found:
        return _invoice(found)
    lines = tuple(_negative(line) for line in credited.facts.lines)
    facts = replace(
        credited.facts,
        lines=lines,
        taxes=invoice.tax_sums(lines),
        corrects=credited.number,
        reason="The refund failed.",
    )
    return _add(connection, _credit_series(order), order, facts, refund_id=refund.id, reverses=credited.id)


def of_orders(connection: Connection, order_ids: Collection[UUID]) -> tuple[Invoice, ...]:
    """All documents of these orders, in the order in which they were issued."""
    rows = connection.execute(
        f"select {_COLUMNS} from invoices where order_id = any(%s) order by issued_at, id", [list(order_ids)]
    ).fetchall()
    return tuple(map(_invoice, rows))


def by_number(connection: Connection, number: str) -> Invoice | None:
    """A document by a number such as CN-000045."""
    parsed = invoice.parse_number(number)
    if parsed is None:
        return None
    row = connection.execute(f"select {_COLUMNS} from invoices where series = %s and number = %s", parsed).fetchone()
    return _invoice(row) if row else None


def _of_order(connection: Connection, order_id: UUID) -> Invoice | None:
    row = connection.execute(
        f"select {_COLUMNS} from invoices where order_id = %s and refund_id is null", [order_id]
    ).fetchone()
    return _invoice(row) if row else None


def _of_refund(connection: Connection, refund_id: UUID) -> Invoice | None:
    row = connection.execute(
        f"select {_COLUMNS} from invoices where refund_id = %s and reverses is null", [refund_id]
    ).fetchone()
    return _invoice(row) if row else None


def _credit_series(order: Order) -> Series:
    return Series.TEST_CREDIT_NOTE if order.test else Series.CREDIT_NOTE


def _credited(corrected: InvoiceFacts, refund: Refund) -> tuple[InvoiceLine, ...]:
    """The lines of a refund, whose `cents` include `taxCents`, in the words of the invoice."""
    known = {line.line: line for line in corrected.lines}
    return tuple(
        replace(
            known[back["line"]],
            quantity=back["quantity"],
            unit_cents=None,
            discount_cents=0,
            net_cents=back["taxCents"] - back["cents"],
            tax_cents=-back["taxCents"],
        )
        for back in refund.lines
    )


def _negative(line: InvoiceLine) -> InvoiceLine:
    return replace(line, net_cents=-line.net_cents, tax_cents=-line.tax_cents)


def _add(
    connection: Connection,
    series: Series,
    order: Order,
    facts: InvoiceFacts,
    *,
    refund_id: UUID | None = None,
    reverses: UUID | None = None,
) -> Invoice:
    row = connection.execute(
        f"""
        with taken as (
            insert into invoice_series as s (series, last) values (%(series)s, 1)
            on conflict (series) do update set last = s.last + 1
            returning last
        )
        insert into invoices (
            id, series, number, order_id, refund_id, reverses, facts, currency, tax_cents, total_cents, issued_at
        )
        select %(id)s, %(series)s, last, %(order_id)s, %(refund_id)s, %(reverses)s, %(facts)s, %(currency)s, %(tax)s,
            %(total)s, clock_timestamp()
        from taken
        returning {_COLUMNS}""",
        {
            "id": ids.new(),
            "series": series,
            "order_id": order.id,
            "refund_id": refund_id,
            "reverses": reverses,
            "facts": Jsonb(facts.json()),
            "currency": order.currency,
            "tax": sum(tax.tax_cents for tax in facts.taxes),
            "total": sum(line.total_cents for line in facts.lines),
        },
    ).fetchone()
    assert row is not None
    return _invoice(row)


def _invoice(row: dict[str, Any]) -> Invoice:
    read = {"series": Series(row["series"]), "sequence": row["number"], "facts": InvoiceFacts.read(row["facts"])}
    return Invoice(**{name: value for name, value in row.items() if name != "number"} | read)
