"""Invoices, credit notes and reversals as PDF, from what is stored of them alone."""

from collections.abc import Iterator, Sequence

from reportlab.lib.units import mm
from reportlab.platypus import Flowable, Spacer, Table

from services.api.documents import fonts, layout
from services.api.documents.layout import MARGIN, date, lines, money, percent, table, text
from shared.models import address
from shared.models.invoice import SHIPPING, Invoice, InvoiceKind, InvoiceLine

_TITLES = {
    InvoiceKind.INVOICE: "Invoice",
    InvoiceKind.CREDIT_NOTE: "Credit note",
    InvoiceKind.REVERSAL: "Reversal of a credit note",
}
_CORRECTS = {InvoiceKind.CREDIT_NOTE: "Corrects invoice", InvoiceKind.REVERSAL: "Takes back credit note"}
_ENDS = {
    InvoiceKind.INVOICE: "Paid in full.",
    InvoiceKind.CREDIT_NOTE: "Refunded to the original means of payment.",
    InvoiceKind.REVERSAL: "The refund failed, so the credit note named above no longer counts.",
}
_AMOUNT = 23 * mm


def render(invoice: Invoice) -> bytes:
    size = layout.paper(invoice.currency)
    width = size[0] - 2 * MARGIN
    seller = invoice.facts.seller
    story = [*_head(invoice, width), _lines(invoice, width), Spacer(0, 4 * mm), _totals(invoice)]
    story += [Spacer(0, 8 * mm), text(_ENDS[invoice.kind])]
    story += layout.missing((*invoice.facts.buyer.values(), *(line.title for line in invoice.facts.lines)))
    if seller.note:
        story += [Spacer(0, 4 * mm), text(seller.note, layout.SMALL)]
    title = f"{_TITLES[invoice.kind]} {invoice.number}"
    return layout.build(story, size, title=title, foot=f"{seller.name} · {title}", test=invoice.test)


def _head(invoice: Invoice, width: float) -> Iterator[Flowable]:
    seller = invoice.facts.seller
    yield text(seller.name, layout.BOLD)
    yield lines([*seller.address, seller.tax_id, seller.email], layout.SMALL)
    yield Spacer(0, 8 * mm)
    yield text(_TITLES[invoice.kind], layout.TITLE)
    yield Spacer(0, 3 * mm)
    buyer = [text("Bill to", layout.SMALL), lines(address.lines(invoice.facts.buyer))]
    facts = table(
        [[text(name, layout.SMALL), text(value)] for name, value in _named(invoice)], [32 * mm, 60 * mm], padding=0
    )
    yield table([[buyer, facts]], [width * 0.45, width * 0.55], padding=0)
    yield Spacer(0, 8 * mm)


def _named(invoice: Invoice) -> Iterator[tuple[str, str]]:
    facts = invoice.facts
    yield "Number", invoice.number
    yield "Date", date(invoice.issued_at)
    yield "Order", facts.order_number
    yield "Ordered on", date(facts.ordered_at)
    if facts.corrects:
        yield _CORRECTS[invoice.kind], facts.corrects
    if facts.reason:
        yield "Reason", facts.reason


def _lines(invoice: Invoice, width: float) -> Table:
    columns = _columns(invoice)
    fixed = [of_column for _, of_column in columns[1:]]
    widths = [width - sum(fixed), *fixed]
    return table(
        [[name for name, _ in columns], *(_row(line, columns) for line in invoice.facts.lines)],
        widths,
        ("FONT", (0, 0), (-1, 0), fonts.BOLD, 8),
        ("FONT", (0, 1), (-1, -1), fonts.REGULAR, 8.5),
        ("ALIGN", (1, 0), (-1, -1), "RIGHT"),
        ("LINEBELOW", (0, 0), (-1, -1), 0.4, layout.LINE),
    )


def _columns(invoice: Invoice) -> list[tuple[str, float]]:
    """Those that say something in this document, with their widths; the first takes what is left."""
    found = [("Description", 0.0), ("Qty", 11 * mm)]
    if invoice.kind is InvoiceKind.INVOICE:
        found.append(("Unit", 21 * mm))
    if any(line.discount_cents for line in invoice.facts.lines):
        found.append(("Discount", 19 * mm))
    return [*found, ("Net", _AMOUNT), ("Rate", 14 * mm), ("Tax", 20 * mm), ("Total", _AMOUNT)]


def _row(line: InvoiceLine, columns: Sequence[tuple[str, float]]) -> list[object]:
    cells: dict[str, object] = {
        "Description": [text(line.title, layout.BODY), text(line.details, layout.SMALL)],
        "Qty": str(line.quantity or ""),
        "Unit": "" if line.unit_cents is None else money(line.unit_cents),
        "Discount": money(-line.discount_cents) if line.discount_cents else "",
        "Net": money(line.net_cents),
        "Rate": percent(line.tax_bp),
        "Tax": money(line.tax_cents),
        "Total": money(line.total_cents),
    }
    return [cells[name] for name, _ in columns]


def _totals(invoice: Invoice) -> Table:
    rows: list[list[object]] = [[name, money(cents)] for name, cents in _sums(invoice)]
    rows.append(["Total", f"{invoice.currency.upper()} {money(invoice.total_cents)}"])
    sums = table(
        rows,
        [60 * mm, 35 * mm],
        ("FONT", (0, 0), (-1, -2), fonts.REGULAR, 9),
        ("FONT", (0, -1), (-1, -1), fonts.BOLD, 11),
        ("ALIGN", (0, 0), (-1, -1), "RIGHT"),
        ("LINEABOVE", (0, -1), (-1, -1), 0.8, layout.GREY),
    )
    sums.hAlign = "RIGHT"
    return sums


def _sums(invoice: Invoice) -> Iterator[tuple[str, int]]:
    facts = invoice.facts
    goods = [line for line in facts.lines if line.line != SHIPPING]
    if invoice.kind is InvoiceKind.INVOICE:
        yield "Goods", sum(line.net_cents + line.discount_cents for line in goods)
        if discount := sum(line.discount_cents for line in goods):
            yield f"Discount {facts.discount_code or ''}".strip(), -discount
        yield "Shipping", sum(line.net_cents for line in facts.lines if line.line == SHIPPING)
    else:
        yield "Net", sum(line.net_cents for line in facts.lines)
    for tax in facts.taxes:
        yield f"Tax {percent(tax.rate_bp)} of {money(tax.net_cents)}", tax.tax_cents
