"""What a request to remove.bg's API carries: its fields and pictures, in any of three encodings.

A body is taken in to disk first, so that many slow callers cost no memory.
"""

import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from tempfile import SpooledTemporaryFile

from flask import request
from werkzeug.datastructures import FileStorage

from services.api.middleware import request_body, upload_parser
from services.api.middleware.upload_parser import Upload
from services.api.removebg import fields
from services.api.removebg.refusals import Problem, Refusal
from shared import errors
from shared.images import MAX_BYTES

MAX_BODY = MAX_BYTES * 5 // 2  # two files in a form, or one in base64 with its signs escaped
_IN_MEMORY = 1 << 20
_STEP = 256 * 1024
_FILES = {"image_file", "bg_image_file"}
_NOT_BASE64 = Problem("Failed to read image", "failed_to_read_image", "image_file_b64 is not valid base64.")


@dataclass(frozen=True, slots=True)
class Incoming:
    """`texts` are the fields that are not empty; `files` the pictures of a form."""

    texts: dict[str, str]
    files: dict[str, FileStorage]

    @property
    def names(self) -> set[str]:
        """The fields that are given. A file that came as text is none, nor is a text that came as a file."""
        return (self.files.keys() & _FILES) | (self.texts.keys() - _FILES)

    def source(self) -> Upload:
        """The picture to cut out. Raises Refusal for anything but one."""
        fields.require_one_source(self.names)
        if "image_file" in self.files:
            return _upload(self.files["image_file"])
        if url := self.texts.get("image_url"):
            return Upload(None, url=url, name=upload_parser.plain_name(url.partition("?")[0]))
        try:
            return Upload.of(upload_parser.decoded(self.texts["image_file_b64"]))
        except errors.InvalidRequest:
            raise Refusal([_NOT_BASE64]) from None

    def background(self) -> Upload | None:
        """The picture behind it."""
        if "bg_image_file" in self.files:
            return _upload(self.files["bg_image_file"])
        url = self.texts.get("bg_image_url")
        return Upload(None, url=url) if url else None


def require_length() -> None:
    """Raise BodyTooLarge for a request that says so before it is read."""
    request_body.allow(MAX_BODY)
    if (request.content_length or 0) > MAX_BODY:
        raise errors.BodyTooLarge


@contextmanager
def taken_in() -> Iterator[None]:
    """The body of this request, which is read whole first, as long as the block lasts."""
    with SpooledTemporaryFile(_IN_MEMORY) as spool:
        shutil.copyfileobj(request.environ["wsgi.input"], spool, _STEP)
        spool.seek(0)
        request.environ["wsgi.input"] = spool
        yield


def parsed() -> Incoming:
    """The request that was taken in. Raises InvalidRequest for JSON that is none."""
    if request.is_json:
        body = request.get_json(silent=True)
        if not isinstance(body, dict):
            raise errors.InvalidRequest("The body is not a JSON object.")
        return Incoming(fields.texts(body), {})
    request.max_form_memory_size = MAX_BODY  # a picture in base64 is a field like any other
    texts = {name: value for name, value in request.form.items() if value}
    files = {name: file for name, file in request.files.items() if file.filename or _holds_bytes(file)}
    return Incoming(texts, files)


def _holds_bytes(file: FileStorage) -> bool:
    """Whether more than the empty part came that browsers send for no file."""
    held = bool(file.stream.read(1))
    file.stream.seek(0)
    return held


def _upload(file: FileStorage) -> Upload:
    data = file.stream.read(MAX_BYTES + 1)
    if len(data) > MAX_BYTES:
        raise errors.BodyTooLarge
    return Upload.of(data, upload_parser.plain_name(file.filename or ""))
