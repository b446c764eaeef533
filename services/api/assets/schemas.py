"""Requests and responses about pictures: uploads, stored assets and links to them."""

from typing import Literal, Self
from uuid import UUID

from pydantic import Field

from services.api.schemas import ApiModel, IdempotencyHeaders, RequestModel, ResponseModel, Time
from services.api.url_builder import UrlBuilder
from shared.models.asset import Asset


class UploadHeaders(IdempotencyHeaders):
    content_digest: str | None = Field(
        None,
        alias="Content-Digest",
        description="RFC 9530, such as `sha-256=:...:`; a body with another digest is refused.",
    )


class AssetOut(ResponseModel):
    """A stored picture. `sha256` is the digest of the bytes as received.

    `url` needs no token and lasts for one to two hours; every response signs it afresh.
    """

    id: UUID
    url: str
    sha256: str
    content_type: str
    width: int
    height: int
    bytes: int
    created_at: Time

    @classmethod
    def of(cls, asset: Asset, urls: UrlBuilder) -> Self:
        return cls.from_row(asset, url=urls.asset(asset.key))


class AssetPage(ResponseModel):
    items: list[AssetOut]
    next_cursor: str | None


class LinkOut(ResponseModel):
    """A private link and the time it expires."""

    url: str
    expires_at: Time


class AssetPath(ApiModel):
    asset_id: UUID


class AddressPath(ApiModel):
    """A picture's key, and the grant that lets the holder of its address see it for a while."""

    key: str
    grant: str


class LinkQuery(ApiModel):
    """The signed parameters of a private link; empty ones never match."""

    expires: str = Field("", max_length=20)
    signature: str = Field("", max_length=100)


class VariantQuery(ApiModel):
    """`w`: upright for a page, at most so many pixels wide and 2,000 high, never enlarged; `web`: 2,000 wide."""

    w: Literal["400", "800", "1600", "web"] | None = None


class NewUpload(RequestModel):
    """A picture to be uploaded; `sha256`, in lower-case hexadecimal, is checked if given.

    `contentType` is only how the bytes travel: their content decides what they are.
    """

    content_type: Literal[
        "image/jpeg", "image/png", "image/webp", "image/heic", "image/heif", "image/avif", "image/tiff", "image/gif",
        "image/bmp", "image/svg+xml", "image/jpg", "application/octet-stream", "",
    ] = ""  # fmt: skip
    bytes: int = Field(ge=1)
    sha256: str | None = Field(None, pattern=r"^[0-9a-f]{64}$")


class Presigned(ResponseModel):
    """Send the file to `uploadUrl` with exactly these headers before `expiresAt`, then complete the upload `id`."""

    id: UUID
    upload_url: str
    method: Literal["PUT"] = "PUT"
    headers: dict[str, str]
    expires_at: Time


class UploadPath(ApiModel):
    upload_id: UUID


class SignatureQuery(ApiModel):
    signature: str = ""
