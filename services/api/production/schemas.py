"""Requests and responses about orders in production."""

from collections.abc import Mapping
from typing import Annotated, ClassVar, Literal, Self
from uuid import UUID

from pydantic import ConfigDict, Field, model_validator

from services.api import examples
from services.api.designs.schemas import Millimetres
from services.api.orders.schemas import OrderPrintOut, ShipToOut
from services.api.production.shipment_schemas import ShipmentOut
from services.api.schemas import (
    FROM_TEXT,
    Amount,
    ApiModel,
    BodyModel,
    Count,
    Items,
    Message,
    Name,
    NextCursor,
    PageQuery,
    ResponseModel,
    Time,
    Url,
)
from shared.models.job import JobState
from shared.models.order import Hold, PaymentStatus, ProductionStatus

_FILLED = r"^[^\x00-\x1f\x7f]*[^\s\x00-\x1f\x7f][^\x00-\x1f\x7f]*$"
Reason = Annotated[str, Field(min_length=1, max_length=500, pattern=_FILLED)]
_MOST_LINES = 50


class QueueQuery(PageQuery):
    """Pages are oldest first; `cursor` is the `nextCursor` of the page before."""

    status: Literal["queued", "printing", "printed", "packed", "held"] | None = Field(
        None, description="Only orders in this state; left out, all that can be worked on."
    )


class PrintPath(ApiModel):
    order_id: UUID
    print_id: UUID


class Move(BodyModel):
    """Orders go through `queued`, `printing`, `printed` and `packed`, one step at a time; a shipment is the next."""

    model_config = ConfigDict(json_schema_extra=examples.body(to="printing"))

    to: Literal["printing", "printed", "packed"]


class HoldIn(BodyModel):
    model_config = ConfigDict(json_schema_extra=examples.body(reason="The customer called: wait until Monday"))

    reason: Reason


class Rejection(BodyModel):
    """`reason` is mailed to the customer."""

    model_config = ConfigDict(
        json_schema_extra=examples.body(reason="The lines are thinner than 0.3 mm and would break.")
    )

    reason: Reason


class NewArtwork(BodyModel):
    model_config = ConfigDict(json_schema_extra=examples.body(assetId=examples.ASSET))

    asset_id: Annotated[UUID, FROM_TEXT] = Field(description="A picture of yours.")


class ReprintLine(BodyModel):
    line: int = Field(ge=1, le=_MOST_LINES)
    quantity: int = Field(ge=1, le=1000)


class NewReprint(BodyModel):
    """Pieces of some lines, each line once."""

    model_config = ConfigDict(
        json_schema_extra=examples.body(items=[{"line": 1, "quantity": 1}], reason="The print has a crease")
    )

    items: list[ReprintLine] = Field(min_length=1, max_length=_MOST_LINES)
    reason: Reason

    @model_validator(mode="after")
    def _once(self) -> Self:
        if len({item.line for item in self.items}) < len(self.items):
            raise ValueError("items: a line is named twice")
        return self


class FileOut(ResponseModel):
    """The file of a print. `status` is that of its job, `missing` if it was deleted since.

    `url`, and `plateUrl` of its white ink, last for 15 minutes. The file's upper left corner lies on the print area at
    `leftMm` and `topMm`.
    """

    status: JobState | Literal["missing"]
    error: Message | None
    url: Url | None
    plate_url: Url | None
    left_mm: Millimetres | None
    top_mm: Millimetres | None
    width_mm: Amount | None
    height_mm: Amount | None


class ProductionPrintOut(OrderPrintOut):
    """As in an order. `pictureUrl` is the artwork; it lasts for 15 minutes, `mockupUrl` for one to two hours.

    `gangSheetId` is null unless it lies on a gang sheet; of pieces printed again, on a sheet made since.
    """

    picture_url: Url
    mockup_url: Url | None
    file: FileOut
    gang_sheet_id: UUID | None


class ProductionItemOut(ResponseModel):
    """`quantity` pieces are to be made, or to be packed."""

    id: UUID
    line: Count
    sku: Name
    title: Name
    color: Name
    color_hex: Name
    size: Name
    quantity: Count
    prints: Items[ProductionPrintOut]


class ProductionOut(ResponseModel):
    """An order as the printer sees it. `items` are what is to be made or packed now: of a reprint, nothing else.

    `heldFor` is null unless it is held. `heldReason` are the words of an `admin` who holds it, else null.
    """

    names: ClassVar[Mapping[str, str]] = {"order_id": "id", "order": "orderNumber"}

    id: UUID
    order_number: Name
    payment_status: PaymentStatus
    production_status: ProductionStatus
    held_from: ProductionStatus | None
    held_for: Hold | None
    held_reason: Message | None
    test: bool
    reprint: bool
    items: Items[ProductionItemOut]
    ship_to: ShipToOut
    shipments: Items[ShipmentOut]
    version: Count
    created_at: Time
    paid_at: Time | None


class ProductionPage(ResponseModel):
    items: Items[ProductionOut]
    next_cursor: NextCursor
