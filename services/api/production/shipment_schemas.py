"""Requests and responses about parcels."""

from typing import Annotated
from uuid import UUID

from pydantic import ConfigDict, Field

from services.api import examples
from services.api.accounts.schemas import Line
from services.api.schemas import ApiModel, BodyModel, Name, ResponseModel, Time


class NewShipment(BodyModel):
    model_config = ConfigDict(json_schema_extra=examples.body(carrier="DHL", tracking="00340434161094042557"))

    carrier: Annotated[Line, Field(min_length=1, max_length=60)]
    tracking: Line = Field("", description="The carrier's number, if it gives one.")


class ShipmentPath(ApiModel):
    order_id: UUID
    shipment_id: UUID


class ShipmentOut(ResponseModel):
    """A parcel. `tracking` is empty where the carrier gives no number."""

    id: UUID
    carrier: Name
    tracking: Name
    shipped_at: Time
    delivered_at: Time | None
