"""The forms in which a picture is sent: a form's file, the whole body, base64 in JSON, or the address of a picture."""

import binascii
import re
from dataclasses import dataclass
from hashlib import sha256
from pathlib import PurePath
from typing import Any

from flask import request
from pydantic import ValidationError
from werkzeug.datastructures import FileStorage

from services.api.cutouts import schemas
from services.api.middleware import request_body
from services.api.middleware.request_body import ENVELOPE_BYTES, MAX_BYTES
from shared import errors

_NAME_CHARS = 120  # longer names help nobody find their picture
_DATA_URL = re.compile(r"\s*data:[^,]{0,200};\s*base64,", re.IGNORECASE)
_BASE64_LINES = (
    17,
    16,
)  # lines of 64 characters with `\\r\\n` behind each, as JSON writes it, make it longer by a sixteenth
_AS_STANDARD = str.maketrans("-_", "+/", " \t\r\n")  # the alphabet for URLs in the usual one, without white space
_FILE = {"type": "string", "format": "binary"}
_BASE64 = {"type": "string", "contentEncoding": "base64", "description": "Base64 of the file, or a data: URL with it."}
_URL = {"type": "string", "format": "uri", "description": "http or https, on its usual port; fetched within 10 s."}
# How OpenAPI is told; the views read the body themselves, because the framework knows one form an operation.
REQUEST_BODY: dict[str, Any] = {
    "required": True,
    "description": (
        "A JPEG, PNG, WebP, HEIC, AVIF, TIFF, GIF, BMP or SVG of at most 20 MB and 50 megapixels, not animated, in "
        "one of these forms. JPEG, PNG and WebP are kept as they are, others as a lossless PNG."
    ),
    "content": {
        "multipart/form-data": {
            "schema": {"type": "object", "properties": {"file": _FILE}, "required": ["file"]},
        },
        "image/*": {"schema": _FILE},
        "application/octet-stream": {"schema": _FILE},
        "application/json": {
            "schema": {
                "type": "object",
                "properties": {"image": _BASE64, "imageUrl": _URL},
                "oneOf": [{"required": ["image"]}, {"required": ["imageUrl"]}],
                "additionalProperties": False,
            }
        },
    },
}


@dataclass(frozen=True, slots=True)
class Sent:
    """A picture as it was sent: `data`, or None where it has to be fetched from `url`."""

    data: bytes | None
    url: str = ""
    name: str = ""

    @property
    def fingerprint(self) -> str:
        """Equal for two requests that mean the same picture, however it is wrapped."""
        return self.url if self.data is None else sha256(self.data).hexdigest()


def received() -> Sent:
    """The picture of this request. Raises MissingFile, LengthRequired, InvalidRequest or BodyTooLarge."""
    kind = request.mimetype
    request_body.allow(_most(kind))
    if kind == "multipart/form-data":
        return _file()
    if request.is_json:
        return _json()
    if kind == "application/octet-stream" or kind.startswith("image/"):
        return _whole()
    raise errors.MissingFile


def _most(kind: str) -> int:
    if request.is_json:
        return MAX_BYTES * 4 // 3 * _BASE64_LINES[0] // _BASE64_LINES[1] + ENVELOPE_BYTES
    return MAX_BYTES + ENVELOPE_BYTES * (kind == "multipart/form-data")


def _file() -> Sent:
    files = request.files.getlist("file")
    if not files:
        raise errors.MissingFile("The field `file` must be a file." if request.form.get("file") else None)
    if len(files) > 1:
        raise errors.InvalidRequest("Send one file at a time.")
    data = _within_limit(files[0])
    if not data and not files[0].filename:  # what a browser sends when nothing was chosen
        raise errors.MissingFile
    return Sent(data, name=plain_name(files[0].filename or ""))


def _within_limit(file: FileStorage) -> bytes:
    data = file.stream.read(MAX_BYTES + 1)
    if len(data) > MAX_BYTES:
        raise errors.BodyTooLarge
    return data


def _whole() -> Sent:
    if request.content_length is None:
        raise errors.LengthRequired
    return Sent(request.stream.read())


def _json() -> Sent:
    try:
        wish = schemas.PictureIn.model_validate(request.get_json())
    except ValidationError as error:
        request_body.refuse(error)
    if wish.image is not None:
        return Sent(_decoded(wish.image))
    url = wish.image_url or ""
    return Sent(None, url, plain_name(url.partition("?")[0]))


def _decoded(image: str) -> bytes:
    """Base64 as common tools write it: in lines, without padding, in the alphabet for URLs, behind `data:`."""
    prefix = _DATA_URL.match(image)
    digits = (image[prefix.end() :] if prefix else image).translate(_AS_STANDARD).rstrip("=")
    try:
        data = binascii.a2b_base64(digits + "=" * (-len(digits) % 4), strict_mode=True)
    except ValueError:
        raise errors.InvalidRequest("`image` is not base64.") from None
    if len(data) > MAX_BYTES:
        raise errors.BodyTooLarge
    return data


def plain_name(name: str) -> str:
    """The last part of a path, printable and short; it is only ever shown."""
    last = PurePath(name.replace("\\", "/")).name
    return "".join(c for c in last if c.isprintable())[:_NAME_CHARS]
