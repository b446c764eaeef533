"""The pictures of a request: files of a form, a ZIP file, or stored ones and addresses in JSON."""

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass, replace
from uuid import UUID

from flask import request
from pydantic import ValidationError

from services.api.batches import archives, names
from services.api.batches.schemas import MAX_ADDRESS, ItemsIn, NewItemIn
from services.api.middleware import request_body, upload_parser
from shared import errors
from shared.guarded_http import Target
from shared.images import MAX_BYTES
from shared.models.batch import MAX_PICTURES, NewItem
from shared.models.job import JobError

ZIP = "application/zip"
_ZIPS = (ZIP, "application/x-zip-compressed")
_ITEM_BYTES = MAX_ADDRESS + 2048  # in JSON
_FORM_BYTES = 1 << 20  # around 500 files; the front lets no more through
_REFUSAL = "A request carries at most 20 MB of pictures; send a batch in several requests."
_WAYS = "Send a form with fields `file`, a ZIP file as the body, or JSON with `items`."


@dataclass(frozen=True, slots=True)
class Parcel:
    """Pictures that come in one request. `archive` holds those that are entries, `unpacked` bytes in all.

    `digest` tells it from any other.
    """

    items: Sequence[NewItem]
    digest: str
    archive: bytes | None = None
    unpacked: int = 0


def parse(*, fetches: bool) -> Parcel:
    """The pictures of this request. `fetches`: addresses are fetched at all.

    Raises MissingFile, InvalidRequest, BodyTooLarge, ArchiveRefused or BatchTooLarge.
    """
    if request.is_json:
        return _from_json(fetches)
    request_body.allow(MAX_BYTES + _FORM_BYTES, _REFUSAL)
    if request.mimetype in _ZIPS:
        return _of_archive(request.stream.read())
    if request.mimetype == "multipart/form-data":
        return _from_form()
    raise errors.MissingFile(f"No picture was sent. {_WAYS}")


def _from_json(fetches: bool) -> Parcel:
    request_body.allow(MAX_PICTURES * _ITEM_BYTES, "The body is too large.")
    try:
        body = ItemsIn.model_validate(request.get_json())
    except ValidationError as error:
        request_body.refuse(error)
    items = [_listed(at, item, fetches) for at, item in enumerate(body.items)]
    return Parcel(items, hashlib.sha256(body.model_dump_json().encode()).hexdigest())


def _listed(at: int, item: NewItemIn, fetches: bool) -> NewItem:
    if (item.asset_id is None) is (item.image_url is None):
        message = "must have either assetId or imageUrl"
        raise errors.InvalidRequest(f"Item {at + 1} {message}.", details={"fields": {f"items.{at}": message}})
    if item.image_url is None:
        return NewItem(item.name or "", asset_id=item.asset_id)
    name = item.name or upload_parser.plain_name(item.image_url.partition("?")[0])
    try:
        if not fetches:
            raise errors.UrlNotAllowed("This service does not fetch pictures from URLs.")
        Target.parse(item.image_url)
    except errors.UrlNotAllowed as refusal:
        return NewItem(name, error=JobError(refusal.code, refusal.public))
    return NewItem(name, url=item.image_url)


def _from_form() -> Parcel:
    if others := {*request.form, *(name for name in request.files if name != "file")}:
        raise errors.InvalidRequest(
            f"The form has fields other than files called `file`. {_WAYS}",
            details={"fields": {name[:100]: "There is no such field." for name in others}},
        )
    sent = request.files.getlist("file")
    if not sent:
        raise errors.MissingFile(f"No picture was sent. {_WAYS}")
    files = [(file.filename or "", file.stream.read()) for file in sent]
    if len(files) == 1 and archives.is_archive(files[0][1]):
        return _of_archive(files[0][1])
    items = [
        _entry(NewItem(name, entry=at, sha256=hashlib.sha256(data).hexdigest()), len(data))
        for at, (name, data) in enumerate(files)
    ]
    digest = hashlib.sha256("".join(f"{item.name}\0{item.sha256}\0" for item in items).encode()).hexdigest()
    return Parcel(items, digest, archives.pack(data for _, data in files), sum(len(data) for _, data in files))


def _of_archive(data: bytes) -> Parcel:
    if not data:
        raise errors.MissingFile("No picture was sent: the body is empty.")
    found = archives.entries(data)
    items = [_entry(NewItem(one.name, entry=one.number), one.bytes) for one in found]
    return Parcel(items, hashlib.sha256(data).hexdigest(), data, sum(one.bytes for one in found))


def _entry(item: NewItem, size: int) -> NewItem:
    """The picture, refused if it is larger than any may be."""
    if size <= MAX_BYTES:
        return item
    return replace(item, entry=None, error=JobError(errors.BodyTooLarge.code, errors.BodyTooLarge.message))


def named(items: Sequence[NewItem], stored: dict[UUID, str], taken: Sequence[str]) -> list[NewItem]:
    """The pictures with safe and unique names; `stored` are those of the assets, `taken` those of the batch so far."""
    given = [item.name or (stored.get(item.asset_id, "") if item.asset_id else "") for item in items]
    made = names.unique(map(names.safe, given), taken)
    return [replace(item, name=name) for item, name in zip(items, made, strict=True)]
