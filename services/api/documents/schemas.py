"""Requests and responses about documents."""

from typing import Annotated
from uuid import UUID

from pydantic import Field

from services.api.pricing.rules import MOST_CENTS
from services.api.pricing.settings import Currency
from services.api.schemas import ApiModel, Name, ResponseModel, Time, bounded
from shared.models.invoice import InvoiceKind

SignedCents = Annotated[int, bounded(minimum=-MOST_CENTS, maximum=MOST_CENTS)]


class InvoiceOut(ResponseModel):
    """A document of an order: its invoice, a credit note of a refund, or a reversal of one whose refund failed.

    Amounts of credit notes are negative, so that all documents of an order sum to what was kept.
    """

    number: Name
    kind: InvoiceKind
    total_cents: SignedCents
    tax_cents: SignedCents
    currency: Currency
    issued_at: Time


class InvoicePath(ApiModel):
    invoice_number: str = Field(max_length=20, description="Such as INV-000123 or CN-000045.")


class CreditNotePath(InvoicePath):
    order_id: UUID
