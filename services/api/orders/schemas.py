"""Requests and responses about orders. Money is in minor units of the order's currency, rates in basis points."""

from collections.abc import Mapping
from typing import Annotated, ClassVar, Self
from uuid import UUID

from pydantic import ConfigDict, model_validator

from services.api import examples
from services.api.accounts.schemas import AddressIn
from services.api.designs.schemas import Millimetres
from services.api.documents.schemas import InvoiceOut
from services.api.orders.whole import WholeOrder
from services.api.pricing.schemas import BasisPoints, Cents
from services.api.pricing.settings import Currency
from services.api.production.shipment_schemas import ShipmentOut
from services.api.refunds.schemas import RefundOut
from services.api.schemas import (
    FROM_TEXT,
    Amount,
    BodyModel,
    Count,
    Items,
    Message,
    Name,
    NextCursor,
    PageQuery,
    ResponseModel,
    Time,
    bounded,
)
from shared.models.order import Order, OrderItem, OrderPrint, PaymentStatus, ProductionStatus


class NewOrder(BodyModel):
    """A quote, and where it goes: either one of the customer's addresses or another."""

    model_config = ConfigDict(
        json_schema_extra=examples.body(
            quoteId=examples.QUOTE,
            shipTo={
                "name": "Ann Lee",
                "line1": "1 Main Street",
                "city": "New York",
                "region": "NY",
                "postalCode": "10001",
                "country": "US",
            },
        )
    )

    quote_id: Annotated[UUID, FROM_TEXT]
    address_id: Annotated[UUID, FROM_TEXT] | None = None
    ship_to: AddressIn | None = None

    @model_validator(mode="after")
    def _one_address(self) -> Self:
        if (self.address_id is None) == (self.ship_to is None):
            raise ValueError("either addressId or shipTo is needed, not both")
        return self


class OrdersQuery(PageQuery):
    payment_status: PaymentStatus | None = None


class OrderPrintOut(ResponseModel):
    """The ink's box on its print area, as of a design. `rejection` says why it cannot be printed, else null."""

    id: UUID
    design_id: UUID
    placement: Name
    method: Name
    left_mm: Millimetres
    top_mm: Millimetres
    width_mm: Amount
    height_mm: Amount
    rotation_deg: Annotated[float, bounded(minimum=0, maximum=360)]
    rejection: Message | None

    @classmethod
    def of(cls, printed: OrderPrint) -> Self:
        return cls.from_row(
            printed,
            left_mm=printed.left_um / 1000,
            top_mm=printed.top_um / 1000,
            width_mm=printed.width_um / 1000,
            height_mm=printed.height_um / 1000,
            rotation_deg=printed.rotation_mdeg / 1000,
        )


class OrderItemOut(ResponseModel):
    """Equal pieces. `totalCents` = `quantity` x `unitCents` - `discountCents` + `taxCents`."""

    id: UUID
    line: Count
    sku: Name
    title: Name
    color: Name
    color_hex: Name
    size: Name
    quantity: Count
    unit_cents: Cents
    discount_cents: Cents
    tax_rate_bp: BasisPoints
    tax_cents: Cents
    total_cents: Cents
    prints: Items[OrderPrintOut]

    @classmethod
    def of(cls, item: OrderItem) -> Self:
        return cls.from_row(
            item,
            color=item.colour,
            color_hex=item.colour_hex,
            tax_rate_bp=item.tax_bp,
            prints=list(map(OrderPrintOut.of, item.prints)),
        )


class TotalsOut(ResponseModel):
    """`totalCents` = `subtotalCents` - `discountCents` + `shippingCents` + `taxCents`."""

    subtotal_cents: Cents
    discount_cents: Cents
    shipping_cents: Cents
    tax_cents: Cents
    total_cents: Cents
    received_cents: Cents
    refunded_cents: Cents
    currency: Currency


class ShipToOut(ResponseModel):
    name: Name
    line1: Name
    line2: Name
    city: Name
    region: Name
    postal_code: Name
    country: Name
    phone: Name


class HappenedOut(ResponseModel):
    """A step of the order's history."""

    what: Name
    at: Time


class OrderSummary(ResponseModel):
    """`test`: no real money is moved. Until `holdUntil`, unpaid pieces are reserved; then the order is cancelled."""

    id: UUID
    order_number: Name
    payment_status: PaymentStatus
    production_status: ProductionStatus
    test: bool
    totals: TotalsOut
    version: Count
    hold_until: Time | None
    created_at: Time
    paid_at: Time | None

    @classmethod
    def summary(cls, order: Order) -> Self:
        return cls.from_row(order, totals=TotalsOut.from_row(order))


class OrderOut(OrderSummary):
    names: ClassVar[Mapping[str, str]] = {"order_id": "id", "order": "orderNumber"}

    items: Items[OrderItemOut]
    ship_to: ShipToOut
    shipments: Items[ShipmentOut]
    refunds: Items[RefundOut]
    invoices: Items[InvoiceOut]
    history: Items[HappenedOut]

    @classmethod
    def of(cls, whole: WholeOrder) -> Self:
        order = whole.order
        return cls.from_row(
            order,
            totals=TotalsOut.from_row(order),
            items=list(map(OrderItemOut.of, whole.items)),
            ship_to=ShipToOut(**order.ship_to),
            shipments=list(map(ShipmentOut.from_row, whole.shipments)),
            refunds=[RefundOut.of(refund, order.currency) for refund in whole.refunds],
            invoices=list(map(InvoiceOut.from_row, whole.invoices)),
            history=list(map(HappenedOut.from_row, whole.events)),
        )


class OrderPage(ResponseModel):
    items: Items[OrderSummary]
    next_cursor: NextCursor
