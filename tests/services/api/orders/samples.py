"""An order that was paid and is partly paid back, with a line and its print, as no database has them."""

from datetime import UTC, datetime

from shared.db import ids
from shared.models.order import DisputeState, Order, OrderItem, OrderPrint, PaymentStatus, ProductionStatus

NOW = datetime(2026, 11, 30, 12, tzinfo=UTC)
SHIP_TO = {
    "name": "Ann  Lee",
    "line1": "1 Main St",
    "line2": "",
    "city": "Troy",
    "region": "NY",
    "postal_code": "12180",
    "country": "US",
    "phone": "",
}
PRINT = OrderPrint(
    *(ids.new(), 0, ids.new(), "left_chest", ids.new(), "dtf", 0, 0, 90_000, 60_000),
    rejected_at=NOW,
    rejection="The lines are\n\nthinner than 0.3 mm.",
)
ITEM = OrderItem(
    *(ids.new(), 1, ids.new(), "TEE-BLK-M", "Heavyweight tee", "Black", "ffffff", "M", 3, 50_000, 0, 0, 0, 150_000),
    prints=(PRINT,),
)
ORDER = Order(
    id=ids.new(),
    order_number="ST-7K2M-9QXA",
    customer_id=ids.new(),
    quote_id=ids.new(),
    test=False,
    currency="usd",
    subtotal_cents=150_000,
    discount_cents=1_000,
    discount_code="SPRING",
    shipping_cents=500,
    shipping_tax_bp=0,
    shipping_tax_cents=0,
    tax_cents=1_234,
    total_cents=150_734,
    zone="us",
    weight_g=600,
    ship_to=SHIP_TO,
    processing=False,
    declined=False,
    received_cents=150_734,
    refunded_cents=50_734,
    refunding_cents=0,
    dispute=DisputeState.NONE,
    review=None,
    cancelled_at=None,
    payment_status=PaymentStatus.PAID,
    production_status=ProductionStatus.QUEUED,
    held_from=None,
    held_for=None,
    held_reason=None,
    version=1,
    hold_until=None,
    created_at=NOW,
    paid_at=NOW,
)
