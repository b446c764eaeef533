"""Our own failures as the errors of remove.bg that mean the same."""

import math
from collections.abc import Mapping
from typing import Any, NamedTuple

from flask import request

from services.api.middleware import auth
from services.api.removebg.refusals import Problem
from shared import errors
from shared.images import MAX_BYTES

_LIMIT = f"File exceeds limit of {MAX_BYTES >> 20}MB"


class _As(NamedTuple):
    """How one of our failures is told: its status, title and code."""

    status: int
    title: str
    code: str


_UNREADABLE = _As(400, "Failed to read image", "failed_to_read_image")
_DIMENSIONS = _As(400, "Invalid image dimensions", "invalid_dimensions")
_KEY = _As(403, "API Key invalid", "auth_failed")
_RATE = _As(429, "Rate limit exceeded", "rate_limit_exceeded")
_OURS: Mapping[str, _As] = {
    errors.Unauthorized.code: _KEY,
    errors.Forbidden.code: _KEY,
    errors.BodyTooLarge.code: _As(400, "File too large", "file_too_large"),
    errors.UnsupportedImage.code: _As(400, "Invalid file type", "invalid_file_type"),
    errors.UnreadableImage.code: _UNREADABLE,
    errors.AnimatedImage.code: _UNREADABLE,
    errors.TooComplex.code: _UNREADABLE,
    errors.SourceMissing.code: _UNREADABLE,
    errors.Poison.code: _UNREADABLE,
    errors.ImageTooSmall.code: _DIMENSIONS,
    errors.ImageTooLarge.code: _DIMENSIONS,
    errors.UrlNotAllowed.code: _As(400, "Invalid image_url parameter given", "invalid_image_url"),
    errors.SourceUnreachable.code: _As(400, "Failed to download image", "failed_image_download"),
    errors.UnknownForeground.code: _As(400, "Could not identify foreground in image.", "unknown_foreground"),
    errors.RateLimited.code: _RATE,
    errors.JobQuota.code: _As(429, "Too many unfinished images", errors.JobQuota.code),
    errors.StorageQuota.code: _As(402, "Storage quota used up", errors.StorageQuota.code),
    errors.Busy.code: _As(503, "Service busy", errors.Busy.code),
    errors.Unavailable.code: _As(503, "Service unavailable", errors.Unavailable.code),
}


def told(status: int, code: str, message: str, details: Mapping[str, Any]) -> tuple[int, Problem]:
    """The status and the entry for an error of this status, code, message and details."""
    known = _OURS.get(code, _As(status, message, code))
    if known is _KEY and not {auth.API_KEY, "Authorization"} & {name.title() for name, _ in request.headers}:
        return known.status, Problem("Missing API Key", known.code)
    if code == errors.BodyTooLarge.code:
        return known.status, Problem(known.title, known.code, _LIMIT)
    if code == errors.ImageTooLarge.code and details["width"] * details["height"] > details["maxPixels"]:
        return known.status, _too_many(details)
    return known.status, Problem(known.title, known.code, "" if message == known.title else message)


def _too_many(details: Mapping[str, Any]) -> Problem:
    megapixels, limit = math.ceil(details["width"] * details["height"] / 1_000_000), details["maxPixels"] // 1_000_000
    detail = f"Input image has {megapixels} megapixels, maximum supported input resolution is {limit} megapixels."
    return Problem("Image resolution too high", "resolution_too_high", detail)
