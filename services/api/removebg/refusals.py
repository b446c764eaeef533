"""Errors as remove.bg writes them: `{"errors": [{"title", "code", "detail"}]}`, for every response of its paths.

What our own parts refuse becomes the error of remove.bg that means the same; a wait stands in the body as well as in
Retry-After, as one client shows its callers nothing but the list of errors.
"""

import json
import math
from collections.abc import Mapping, Sequence
from typing import Any, NamedTuple

from flask import Flask, Response, request

from services.api.middleware import auth
from shared import errors
from shared.images import MAX_BYTES

PREFIXES = ("/v1.0/", "/api/v1.0/")
_JSON = "application/json; charset=utf-8"
_LIMIT = f"File exceeds limit of {MAX_BYTES >> 20}MB"


class Problem(NamedTuple):
    """One entry of a list of errors."""

    title: str
    code: str
    detail: str = ""


class Refusal(Exception):
    """A request is refused; nothing is charged. `headers` go with the response."""

    def __init__(
        self, problems: Sequence[Problem], status: int = 400, headers: Mapping[str, str] | None = None
    ) -> None:
        super().__init__(problems[0].code)
        self.problems = tuple(problems)
        self.status = status
        self.headers = dict(headers or {})


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


def install(app: Flask) -> None:
    """Write every error below PREFIXES in remove.bg's way, whoever raised it."""
    app.register_error_handler(Refusal, _answer)
    app.after_request(_rewrite)


def bad_value(name: str, title: str = "") -> Problem:
    """A field with a value that remove.bg does not take."""
    return Problem(title or f"Invalid {name} parameter given", f"invalid_{name}")


def of_failure(failure: errors.Failure) -> Problem:
    """What remove.bg would say of one of our failures."""
    return _told(failure.status, failure.code, failure.public, failure.details or {})[1]


def _answer(refusal: Refusal) -> Response:
    headers = dict(refusal.headers)
    response = Response(status=refusal.status, headers=headers)
    return _written(response, refusal.problems)


def _rewrite(response: Response) -> Response:
    if not request.path.startswith(PREFIXES) or response.status_code < 400:
        return response
    ours = response.get_json(silent=True) if response.mimetype == "application/json" else None
    if not isinstance(ours, dict) or "error" not in ours:
        return response
    error = ours["error"]
    status, problem = _told(response.status_code, error["code"], error["message"], error.get("details", {}))
    response.status_code = status
    return _written(response, [problem])


def _written(response: Response, problems: Sequence[Problem]) -> Response:
    wait_s = response.headers.get("Retry-After")
    wait = {"retry_after": int(wait_s)} if wait_s else {}
    listed = [{name: value for name, value in problem._asdict().items() if value} | wait for problem in problems]
    response.content_type = _JSON
    response.set_data(json.dumps({"errors": listed}))
    return response


def _told(status: int, code: str, message: str, details: Mapping[str, Any]) -> tuple[int, Problem]:
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
