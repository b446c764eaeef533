"""Requests and responses about pictures of products."""

from typing import Annotated, Literal
from uuid import UUID

from pydantic import ConfigDict, Field

from services.api import examples
from services.api.schemas import FROM_TEXT, ApiModel, BodyModel, Count, RequestModel, ResponseModel, Url


class Publication(BodyModel):
    model_config = ConfigDict(json_schema_extra=examples.body(assetId=examples.ASSET))

    asset_id: Annotated[UUID, FROM_TEXT]


class Published(ResponseModel):
    """`url` goes into the `pictures` of a product."""

    id: UUID
    url: Url
    width: Count
    height: Count


class PicturePath(ApiModel):
    picture_key: str = Field(json_schema_extra={"minLength": 1, "maxLength": 200})


class PictureQuery(RequestModel):
    w: Literal["400", "800"] | None = Field(None, description="A copy at most so many pixels wide, never enlarged.")
