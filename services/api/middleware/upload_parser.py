"""The ways to upload a picture: a file in a form, the whole body, base64 in JSON, or the URL of a picture."""

import binascii
import re
from dataclasses import dataclass
from hashlib import sha256
from pathlib import PurePath
from typing import Any, Self, TypeVar

from flask import request
from pydantic import ConfigDict, Field, ValidationError
from werkzeug.datastructures import FileStorage

from services.api import examples
from services.api.middleware import request_body
from services.api.middleware.request_body import ENVELOPE_BYTES
from services.api.schemas import BodyModel
from shared import errors
from shared.images import MAX_BYTES

_NAME_CHARS = 120
_DATA_URL = re.compile(r"\s*data:[^,]{0,200};\s*base64,", re.IGNORECASE)
_AS_STANDARD = str.maketrans("-_", "+/", " \t\r\n")  # from the URL-safe alphabet, and without whitespace
# Base64 adds a third; lines of 64 characters with an escaped line break each add a sixteenth to that.
_MAX_BASE64_BYTES = MAX_BYTES * 4 // 3 * 17 // 16
_WAYS = (
    "Send a multipart form with the field `file`, the picture as an image/* body, or JSON with `image` or `imageUrl`."
)


class InlinePicture(BodyModel):
    """A picture in base64, or a `data:` URL of it."""

    model_config = ConfigDict(json_schema_extra=examples.body(image=examples.PICTURE))

    image: str = Field(json_schema_extra={"contentEncoding": "base64", "maxLength": _MAX_BASE64_BYTES})


class LinkedPicture(BodyModel):
    """The URL of a picture: http or https, on the default port; fetched within 10 s."""

    image_url: str = Field(max_length=2000, json_schema_extra={"format": "uri"})


class NoOptions(BodyModel):
    """For requests that take a picture and nothing else."""


Options = TypeVar("Options", bound=BodyModel)
Model = TypeVar("Model", bound=BodyModel)
_PICTURE = frozenset({"image", "imageUrl"})


@dataclass(frozen=True, slots=True)
class Upload:
    """A picture as received: `data` and its `sha256`, or None if it has to be fetched from `url`."""

    data: bytes | None
    sha256: str = ""
    url: str = ""
    name: str = ""

    @classmethod
    def of(cls, data: bytes, name: str = "") -> Self:
        return cls(data, sha256(data).hexdigest(), name=name)


def parse(options: type[Options]) -> tuple[Upload, Options]:
    """The picture of this request, and what else its form or JSON says, which must be these options.

    A form is text, and is parsed; JSON is taken as strictly as the model says.

    Raises MissingFile, InvalidRequest or BodyTooLarge.
    """
    content_type = request.mimetype
    request_body.allow(_max_bytes(content_type))
    if content_type == "multipart/form-data":
        return _from_form(), _fields_of_form(options)
    if request.is_json:
        return _from_json(options)
    if content_type == "application/octet-stream" or content_type.startswith("image/"):
        return _from_body(), options()
    what = f"{content_type} carries none" if content_type else "the request has no Content-Type"
    raise errors.MissingFile(f"No picture was sent: {what}. {_WAYS}")


def _max_bytes(content_type: str) -> int:
    if request.is_json:
        return _MAX_BASE64_BYTES + ENVELOPE_BYTES
    return MAX_BYTES + ENVELOPE_BYTES * (content_type == "multipart/form-data")


def _from_form() -> Upload:
    if not request.mimetype_params.get("boundary"):
        raise errors.MissingFile("No picture was sent: the form's Content-Type lacks its boundary, which clients add.")
    files = request.files.getlist("file")
    if not files:
        raise errors.MissingFile(_why_no_file())
    if len(files) > 1:
        raise errors.InvalidRequest("Send one file at a time.")
    if others := [name for name in request.files if name != "file"]:
        raise errors.InvalidRequest(
            details={"fields": {name[:_NAME_CHARS]: "There is no such file." for name in others}}
        )
    data = _within_limit(files[0])
    if not data and not files[0].filename:  # as browsers send a form without a chosen file
        raise errors.MissingFile
    return Upload.of(data, plain_name(files[0].filename or ""))


def _why_no_file() -> str:
    if "file" in request.form:
        return "No picture was sent: the field `file` is text, and must be a file."
    if request.files:
        name = next(iter(request.files))[:_NAME_CHARS]
        return f"No picture was sent: the file's field is called `{name}`, not `file`."
    return "No picture was sent: the form has no field `file`."


def _within_limit(file: FileStorage) -> bytes:
    data = file.stream.read(MAX_BYTES + 1)
    if len(data) > MAX_BYTES:
        raise errors.BodyTooLarge
    return data


def _from_body() -> Upload:
    data = request.stream.read()
    if not data:
        raise errors.MissingFile("No picture was sent: the body is empty.")
    return Upload.of(data)


def _fields_of_form(options: type[Options]) -> Options:
    try:
        return options.model_validate(request.form.to_dict(), strict=False)
    except ValidationError as error:
        request_body.refuse(error)


def _from_json(options: type[Options]) -> tuple[Upload, Options]:
    body = request.get_json()
    given = body if isinstance(body, dict) else {}
    rest = {name: value for name, value in given.items() if name not in _PICTURE}
    picture = {name: given[name] for name in _PICTURE & given.keys()} if body == given else body
    model: type[InlinePicture | LinkedPicture] = LinkedPicture if "imageUrl" in given else InlinePicture
    wrong: list[ValidationError] = []  # of both, so that a caller learns of everything at once
    found, chosen = _validated(model, picture, wrong), _validated(options, rest, wrong)
    if found is None or chosen is None:
        request_body.refuse(*wrong)
    return _upload(found), chosen


def _validated(model: type[Model], given: Any, wrong: list[ValidationError]) -> Model | None:
    try:
        return model.model_validate(given)
    except ValidationError as error:
        wrong.append(error)
        return None


def _upload(picture: InlinePicture | LinkedPicture) -> Upload:
    if isinstance(picture, InlinePicture):
        return Upload.of(decoded(picture.image))
    return Upload(None, url=picture.image_url, name=plain_name(picture.image_url.partition("?")[0]))


def decoded(image: str) -> bytes:
    """Base64 as common tools write it: in lines, without padding, in the alphabet for URLs, behind `data:`."""
    prefix = _DATA_URL.match(image)
    digits = (image[prefix.end() :] if prefix else image).translate(_AS_STANDARD).rstrip("=")
    try:
        data = binascii.a2b_base64(digits + "=" * (-len(digits) % 4), strict_mode=True)
    except ValueError:
        raise errors.InvalidRequest("`image` is not valid base64.") from None
    if len(data) > MAX_BYTES:
        raise errors.BodyTooLarge
    return data


def plain_name(name: str) -> str:
    """The last part of a path, printable and short, for display only."""
    last = PurePath(name.replace("\\", "/")).name
    return "".join(c for c in last if c.isprintable())[:_NAME_CHARS]
