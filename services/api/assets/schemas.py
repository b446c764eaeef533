"""Requests and responses about pictures: uploads, stored assets and links to them."""

from collections.abc import Mapping
from typing import Annotated, ClassVar, Literal, Self
from uuid import UUID

from pydantic import ConfigDict, Field, WithJsonSchema

from services.api import examples
from services.api.middleware.upload_parser import InlinePicture, LinkedPicture
from services.api.schemas import (
    MAX_HEADER,
    ApiModel,
    BodyModel,
    Count,
    IdempotencyHeaders,
    Items,
    Name,
    NextCursor,
    RequestModel,
    ResponseModel,
    Sha256,
    Time,
    Url,
)
from services.api.url_builder import UrlBuilder
from shared.images import MAX_BYTES
from shared.models.asset import Asset

# Its size is in words: testers take a length for one of characters, and send whole pictures as too long.
PictureFile = Annotated[bytes, WithJsonSchema({"type": "string", "format": "binary", "description": "At most 20 MB."})]


class UploadHeaders(IdempotencyHeaders):
    content_digest: str | None = Field(
        None,
        alias="Content-Digest",
        max_length=MAX_HEADER,
        description="RFC 9530, such as `sha-256=:...:`; a body with another digest is refused.",
    )


class UploadForm(RequestModel):
    """A picture in a form."""

    # The name and the alternatives of the same request as JSON. Only for the document: `upload_parser` reads the form.
    in_json: ClassVar[tuple[str, tuple[type[BodyModel], ...]]] = ("PictureIn", (InlinePicture, LinkedPicture))
    archive: ClassVar[bool] = False  # whether a body that is no form is a ZIP file, and not a picture

    file: PictureFile


class AssetOut(ResponseModel):
    """A stored picture. `sha256` is the digest of the bytes as received.

    `url` needs no token and lasts for one to two hours; every response signs it afresh.
    """

    names: ClassVar[Mapping[str, str]] = {"asset_id": "id"}

    id: UUID
    url: Url
    sha256: Sha256
    content_type: Name
    width: Count
    height: Count
    bytes: Count
    created_at: Time

    @classmethod
    def of(cls, asset: Asset, urls: UrlBuilder) -> Self:
        return cls.from_row(asset, url=urls.asset(asset.key))


class AssetPage(ResponseModel):
    items: Items[AssetOut]
    next_cursor: NextCursor


class LinkOut(ResponseModel):
    """A private link and the time it expires."""

    url: Url
    expires_at: Time


class AssetPath(ApiModel):
    asset_id: UUID


class AddressPath(ApiModel):
    """A picture's key, and the grant that lets the holder of its address see it for a while."""

    key: str = Field(json_schema_extra={"minLength": 1, "maxLength": 200})
    grant: str = Field(json_schema_extra={"minLength": 1, "maxLength": 100})


class DownloadQuery(ApiModel):
    download: str | None = Field(
        None, max_length=10, description="Present, `1` for example: browsers save the file under the picture's name."
    )


class LinkQuery(DownloadQuery):
    """The signed parameters of a private link; empty ones never match."""

    expires: str = Field("", max_length=20)
    signature: str = Field("", max_length=100)


class DownloadHeaders(ApiModel):
    """`services.api.middleware.downloads` reads them."""

    range: str | None = Field(
        None,
        alias="Range",
        description="One range, such as `bytes=0-1023`.",
        max_length=MAX_HEADER,
    )
    if_range: str | None = Field(
        None,
        alias="If-Range",
        description="The ETag to which `Range` belongs; another version is sent whole.",
        max_length=MAX_HEADER,
    )
    if_none_match: str | None = Field(
        None,
        alias="If-None-Match",
        description="ETags that the caller has; with the current one among them the answer is 304.",
        max_length=MAX_HEADER,
    )


class VariantQuery(DownloadQuery):
    w: Literal["400", "800", "1600", "web"] | None = Field(
        None,
        description="A copy for a page: upright, at most so many pixels wide and 2,000 high, never enlarged; `web` is "
        "2,000 wide.",
    )


class NewUpload(BodyModel):
    """A picture to be uploaded; `sha256`, in lower-case hexadecimal, is checked if given.

    `contentType` is only how the bytes travel: their content decides what they are.
    """

    model_config = ConfigDict(json_schema_extra=examples.body(contentType="image/png", bytes=examples.PICTURE_BYTES))

    content_type: Literal[
        "image/jpeg", "image/png", "image/webp", "image/heic", "image/heif", "image/avif", "image/tiff", "image/gif",
        "image/bmp", "image/svg+xml", "image/jpg", "application/octet-stream", "",
    ] = ""  # fmt: skip
    bytes: int = Field(ge=1, json_schema_extra={"maximum": MAX_BYTES})
    sha256: str | None = Field(None, pattern=r"^[0-9a-f]{64}$")


class Presigned(ResponseModel):
    """Send the file to `uploadUrl` with exactly these headers before `expiresAt`, then complete the upload `id`."""

    names: ClassVar[Mapping[str, str]] = {"upload_id": "id"}

    id: UUID
    upload_url: Url
    method: Literal["PUT"] = "PUT"
    headers: dict[str, Name]
    expires_at: Time


class UploadPath(ApiModel):
    upload_id: UUID


class SignatureQuery(ApiModel):
    signature: str = Field("", max_length=100)
