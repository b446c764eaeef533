"""The shapes of requests that send a picture, in whichever way, and of those that may be sent twice."""

from typing import Literal, Self
from uuid import UUID

from pydantic import Field, model_validator

from services.api.schemas import ApiModel, RequestModel, ResponseModel, Time


class PictureIn(RequestModel):
    """A picture inside JSON: either its bytes in base64 or where to fetch it."""

    image: str | None = None
    image_url: str | None = Field(None, max_length=2000)

    @model_validator(mode="after")
    def _one(self) -> Self:
        if (self.image is None) == (self.image_url is None):
            raise ValueError("send either `image` or `imageUrl`")
        return self


class Repeatable(ApiModel):
    """Sent again with the same key within a day, a request has one effect and the same answer."""

    idempotency_key: str | None = Field(
        None,
        alias="Idempotency-Key",
        min_length=1,
        max_length=255,
        pattern=r"^[!-~]+$",
        description="Of your choice, a new one for each request that means something new. Sent again, it is answered "
        "with `Idempotent-Replayed: true`; failures are not kept. Needs a token: else each request is a new guest's.",
    )


class Sending(Repeatable):
    content_digest: str | None = Field(
        None,
        alias="Content-Digest",
        description="RFC 9530, such as `sha-256=:...:`; a body that is another one is refused.",
    )


class NewUpload(RequestModel):
    """A picture that is going to be sent; `sha256` in lower-case hexadecimal, to have it checked."""

    content_type: Literal[
        "image/jpeg", "image/png", "image/webp", "image/heic", "image/heif", "image/avif", "image/tiff", "image/gif",
        "image/bmp", "image/svg+xml",
    ]  # fmt: skip
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
