"""Invoices as PDF: amounts to the cent, every European letter, and TEST across test orders."""

import re
import unicodedata
from dataclasses import replace
from random import Random
from uuid import uuid4

import pytest

from services.api.documents import invoice_pdf
from shared.models.invoice import Invoice, Series, tax_sums
from tests.services.api.documents.reading import amount, invoice_of, line_totals, pages, random_order

_BLOCKS = {
    "Latin-1": (0xC0, 0x100),
    "Latin Extended-A": (0x100, 0x180),
    "Romanian": (0x218, 0x21C),
    "Greek": (0x386, 0x3CF),
    "Cyrillic": (0x400, 0x460),
}


def made(seed: int = 1) -> Invoice:
    return invoice_of(*random_order(Random(seed)))


def credit_note(invoice: Invoice) -> Invoice:
    """Of the whole first line."""
    line = invoice.facts.lines[0]
    lines = (replace(line, unit_cents=None, discount_cents=0, net_cents=-line.net_cents, tax_cents=-line.tax_cents),)
    facts = replace(
        invoice.facts, lines=lines, taxes=tax_sums(lines), corrects=invoice.number, reason="A sleeve was <torn> & wet"
    )
    said = replace(invoice, series=Series.CREDIT_NOTE, sequence=45, refund_id=uuid4(), facts=facts)
    return replace(said, tax_cents=lines[0].tax_cents, total_cents=lines[0].total_cents)


def test_what_the_pdf_says_is_what_the_order_costs_to_the_cent() -> None:
    random = Random(20)
    for _ in range(60):
        order, items = random_order(random)
        data = invoice_pdf.render(invoice_of(order, items))
        assert amount(data, "Total EUR") == order.total_cents
        assert amount(data, "Goods") == order.subtotal_cents
        assert amount(data, "Shipping") == order.shipping_cents
        if order.discount_cents:
            assert amount(data, "Discount AUTUMN") == -order.discount_cents
        assert line_totals(data) == [
            *(item.total_cents for item in items),
            order.shipping_cents + order.shipping_tax_cents,
        ]
        taxes = re.findall(r"^Tax [0-9.]+% of [0-9.,]+ ([0-9.,]+)$", "\n".join(pages(data)), re.MULTILINE)
        assert sum(int(re.sub(r"[.,]", "", tax)) for tax in taxes) == order.tax_cents


def test_an_invoice_names_seller_buyer_numbers_and_days() -> None:
    invoice = made()
    text = "\n".join(pages(invoice_pdf.render(invoice)))
    for part in (
        *("Acme Prints GmbH", "Hauptstr. 1", "10115 Berlin", "VAT ID DE1", "shop@acme.example", "Bank: DE02"),
        *("Zoë Łęcka", "1 Main Street", "INV-000123", invoice.facts.order_number, "30 November 2026", "Paid in full."),
    ):
        assert part in text


@pytest.mark.parametrize("block", _BLOCKS)
def test_every_letter_of_european_names_is_drawn_and_can_be_copied(block: str) -> None:
    letters = [chr(code) for code in range(*_BLOCKS[block]) if unicodedata.category(chr(code))[0] == "L"]
    invoice = made()
    lines = {f"line{at}": "".join(letters[at * 40 : at * 40 + 40]) for at in (1, 2)}
    buyer = {**invoice.facts.buyer, "name": "".join(letters[:40]), **lines}
    data = invoice_pdf.render(replace(invoice, facts=replace(invoice.facts, buyer=buyer)))
    text = "\n".join(pages(data))
    assert [letter for letter in letters[:120] if letter not in text] == []
    assert "A box stands for" not in text


def test_a_letter_typed_in_two_parts_is_drawn_as_one() -> None:
    invoice = made()
    buyer = {**invoice.facts.buyer, "name": "Zoe\u0308 S\u030crbic\u0301"}
    assert "Zoë Šrbić" in pages(invoice_pdf.render(replace(invoice, facts=replace(invoice.facts, buyer=buyer))))[0]


def test_a_character_that_the_font_lacks_is_said_to_be_missing_and_is_no_other_letter() -> None:
    invoice = made()
    buyer = {**invoice.facts.buyer, "name": "山田 \U0001f600", "line1": "x" * 300}
    text = pages(invoice_pdf.render(replace(invoice, facts=replace(invoice.facts, buyer=buyer))))[0]
    assert "A box stands for a character" in text


def test_test_stands_across_every_page_of_a_test_order_and_on_no_page_of_another() -> None:
    order, items = random_order(Random(3))
    many = tuple(replace(items[0], line=line) for line in range(1, 51))
    for test in (True, False):
        found = pages(invoice_pdf.render(invoice_of(replace(order, test=test), many)))
        assert len(found) > 2
        assert [bool(re.search(r"^TEST$", page, re.MULTILINE)) for page in found] == [test] * len(found)
        assert all(f"Page {number} of {len(found)}" in page for number, page in enumerate(found, 1))


def test_a_credit_note_names_its_invoice_and_its_reason_and_its_amounts_are_negative() -> None:
    invoice = made()
    data = invoice_pdf.render(credit_note(invoice))
    text = "\n".join(pages(data))
    for part in ("Credit note", "CN-000045", "Corrects invoice INV-000123", "A sleeve was <torn> & wet"):
        assert part in text
    assert amount(data, "Total EUR") == -invoice.facts.lines[0].total_cents
    assert "Paid in full" not in text


def test_a_reversal_names_the_credit_note_that_it_takes_back() -> None:
    credited = credit_note(made())
    facts = replace(credited.facts, corrects=credited.number)
    reversal = replace(credited, sequence=46, reverses=credited.id, facts=facts)
    text = "\n".join(pages(invoice_pdf.render(reversal)))
    assert "Reversal of a credit note" in text
    assert "Takes back credit note CN-000045" in text


def test_the_same_document_has_the_same_bytes_whenever_it_is_made() -> None:
    invoice = made()
    assert invoice_pdf.render(invoice) == invoice_pdf.render(invoice)
