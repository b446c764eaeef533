"""Which order a request is about."""

from uuid import UUID

from pydantic import Field

from services.api.schemas import ApiModel


class OrderPath(ApiModel):
    order_id: UUID


class OrderKeyPath(ApiModel):
    order: str = Field(max_length=36, description="The order's id or number, in any case.")
