"""Answering with the bytes of a picture: tagged by their digest, in part where a part was asked for, never damaged.

The object is read from its beginning and checked while it passes, whatever part is wanted, so that the last bytes of an
answer leave only once the whole is known to be what was stored. A damaged small object is not found; a large one breaks
off, and the client sees that bytes are missing.
"""

import itertools
from collections.abc import Iterator
from pathlib import PurePath
from urllib.parse import quote

from flask import Response, request
from werkzeug.datastructures import ContentRange
from werkzeug.exceptions import RequestedRangeNotSatisfiable

from shared import errors, storage
from shared.models.asset import Asset, AssetKind
from shared.storage import integrity

_SANDBOX = "default-src 'none'; style-src 'unsafe-inline'; sandbox"  # a picture must never act as a page


def send(objects: storage.Storage, asset: Asset) -> Response:
    """The asset's object, as the request wants it. Raises NotFound where it is lost."""
    tag = asset.digest or asset.key
    answer = Response(status=304) if request.if_none_match.contains(tag) else _body(objects, asset, tag)
    answer.set_etag(tag)
    answer.accept_ranges = "bytes"
    answer.headers["Content-Security-Policy"] = _SANDBOX
    answer.headers["Cross-Origin-Resource-Policy"] = "cross-origin"  # shops show pictures on pages of their own
    return answer


def _body(objects: storage.Storage, asset: Asset, tag: str) -> Response:
    try:
        found = integrity.open(objects, asset.key, asset.digest)
        try:
            start, stop = _wanted(found.bytes, tag)
            pieces = _cut(integrity.pieces(found.stream, asset.key, asset.digest), start, stop)
            answer = Response(itertools.chain([next(pieces)], pieces), content_type=asset.content_type)
        except BaseException:
            found.stream.close()
            raise
    except storage.Missing:
        raise errors.NotFound from None
    answer.call_on_close(found.stream.close)
    answer.content_length = stop - start
    if stop - start < found.bytes:
        answer.status_code = 206
        answer.content_range = ContentRange("bytes", start, stop, found.bytes)
    kind = "attachment" if "download" in request.args else "inline"
    answer.headers.set("Content-Disposition", kind, **_named(_file_name(asset)))
    return answer


def _wanted(length: int, tag: str) -> tuple[int, int]:
    """The part to send. Several parts at once, or a part of another version, are answered with the whole."""
    part, condition = request.range, request.if_range
    stale = condition.date is not None or condition.etag not in (None, tag)
    if request.method != "GET" or part is None or part.units != "bytes" or len(part.ranges) > 1 or stale:
        return 0, length
    if (found := part.range_for_length(length)) is None:
        raise RequestedRangeNotSatisfiable(length)
    return found


def _cut(pieces: Iterator[bytes], start: int, stop: int) -> Iterator[bytes]:
    """The part of the pieces; its end waits for the end of the whole."""
    at, waiting = 0, b""
    for piece in pieces:
        part = piece[max(0, start - at) : max(0, stop - at)]
        at += len(piece)
        if part:
            if waiting:
                yield waiting
            waiting = part
    yield waiting


def _file_name(asset: Asset) -> str:
    stem = PurePath(asset.name).stem or "picture"
    suffix = "" if asset.kind is AssetKind.SOURCE else f"-{asset.kind}"
    return f"{stem}{suffix}.{asset.content_type.removeprefix('image/')}"


def _named(name: str) -> dict[str, str]:
    """The parameters of Content-Disposition, for old browsers and for names that no plain header can carry."""
    plain = name.encode("ascii", "ignore").decode()
    return {"filename": name} if plain == name else {"filename": plain, "filename*": f"UTF-8''{quote(name, safe='')}"}
