"""Sending a stored picture: tagged by its digest, as a range if requested, and never damaged.

The object is read from its beginning and hashed on the way, whatever range is requested, so that the last bytes of a
response are sent only once the whole object is known to be intact. A damaged small object is NotFound; a large one
breaks off, and the client notices that bytes are missing.
"""

import itertools
import re
import unicodedata
from collections.abc import Iterator
from pathlib import PurePath
from urllib.parse import quote

from flask import Response, request
from werkzeug.datastructures import ContentRange
from werkzeug.exceptions import RequestedRangeNotSatisfiable
from werkzeug.http import quote_etag

from shared import errors, storage
from shared.image_format.structure import STORED
from shared.models.asset import Asset, AssetKind
from shared.storage import integrity

_SHOWN = frozenset(kind.content_type for kind in STORED)  # by browsers; an SVG could hold a script
_ENDINGS = {"image/svg+xml": "svg", "application/pdf": "pdf"}  # of other types, the type's own name
_SANDBOX = "default-src 'none'; style-src 'unsafe-inline'; sandbox"  # a picture must never act as a page


def send(objects: storage.Storage, asset: Asset) -> Response:
    """The asset's object, honouring the request's conditions and range. Raises NotFound if it is lost."""
    tag = asset.stored_sha256 or asset.key
    known = request.if_none_match.contains_weak(tag)  # proxies that compress make tags weak
    response = Response(status=304) if known else _body(objects, asset, tag)
    response.set_etag(tag)
    response.accept_ranges = "bytes"
    response.headers["Content-Security-Policy"] = _SANDBOX
    response.headers["Cross-Origin-Resource-Policy"] = "cross-origin"  # shops embed pictures in their own pages
    return response


def _body(objects: storage.Storage, asset: Asset, tag: str) -> Response:
    try:
        found = integrity.open(objects, asset.key, asset.stored_sha256)
        try:
            start, stop = _range(found.bytes, tag)
            pieces = _slice(integrity.pieces(found.stream, asset.key, asset.stored_sha256), start, stop)
            response = Response(itertools.chain([next(pieces)], pieces), content_type=asset.content_type)
        except BaseException:
            found.stream.close()
            raise
    except storage.Missing:
        raise errors.NotFound from None
    response.call_on_close(found.stream.close)
    response.content_length = stop - start
    if stop - start < found.bytes:
        response.status_code = 206
        response.content_range = ContentRange("bytes", start, stop, found.bytes)
    shown = asset.content_type in _SHOWN and "download" not in request.args
    disposition = "inline" if shown else "attachment"
    response.headers.set("Content-Disposition", disposition, **_name_parameters(*_file_name(asset)))
    return response


def _range(length: int, tag: str) -> tuple[int, int]:
    """The bytes to send. Several ranges at once, or a range of another version, get the whole object."""
    requested = request.range
    stale = request.headers.get("If-Range", quote_etag(tag)) != quote_etag(tag)  # weak tags and dates never match
    if request.method != "GET" or requested is None or requested.units != "bytes" or len(requested.ranges) > 1 or stale:
        return 0, length
    if (found := requested.range_for_length(length)) is None:
        raise RequestedRangeNotSatisfiable(length)
    return found


def _slice(pieces: Iterator[bytes], start: int, stop: int) -> Iterator[bytes]:
    """The bytes from `start` to `stop`; holds back the last part until all pieces are read."""
    at, held = 0, b""
    for piece in pieces:
        part = piece[max(0, start - at) : max(0, stop - at)]
        at += len(piece)
        if part:
            if held:
                yield held
            held = part
    yield held


def _file_name(asset: Asset) -> tuple[str, str]:
    """Stem and ending: ("shirt", "-cutout.png")."""
    suffix = "" if asset.kind is AssetKind.SOURCE else f"-{asset.kind}"
    ending = _ENDINGS.get(asset.content_type, asset.content_type.removeprefix("image/"))
    return PurePath(asset.name).stem.strip(" .") or "picture", f"{suffix}.{ending}"


def _name_parameters(stem: str, ending: str) -> dict[str, str]:
    """Of Content-Disposition (RFC 6266): `filename*` as well where the name is not ASCII, which `curl -OJ` ignores."""
    if stem.isascii():
        return {"filename": stem + ending}
    plain = re.sub(r"[^\w. -]+", "", unicodedata.normalize("NFKD", stem), flags=re.ASCII).strip(" .-_")
    return {"filename": (plain or "picture") + ending, "filename*": f"UTF-8''{quote(stem + ending, safe='')}"}
