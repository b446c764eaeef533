"""Every failure a caller can get: HTTP status, stable code, message, and whether a retry helps.

    Failure
    ├── 4xx: the caller's           MissingFile, InvalidRequest, NotFound, UnsupportedImage, ...
    └── 503: ours, temporary        Busy (full), Unavailable (a dependency is down), with Retry-After

Codes are part of the contract and never change; messages may.
"""

import re
from collections.abc import Mapping
from typing import ClassVar


class Failure(Exception):
    """A failure with a public message.

    `details` must hold nothing secret; `retry_after_s` becomes the Retry-After header.
    """

    status: ClassVar[int] = 500
    code: ClassVar[str] = "internal"
    message: ClassVar[str] = "Something went wrong on our side."
    retryable: ClassVar[bool] = False

    def __init__(
        self,
        message: str | None = None,
        *,
        details: Mapping[str, object] | None = None,
        retry_after_s: int | None = None,
    ) -> None:
        self.public = message or self.message
        self.details = dict(details) if details else None
        self.retry_after_s = retry_after_s or (1 if self.retryable else None)
        super().__init__(self.public)

    def envelope(self, request_id: str) -> dict[str, object]:
        """The body of the error response."""
        error: dict[str, object] = {"code": self.code, "message": self.public, "requestId": request_id}
        if self.details:
            error["details"] = self.details
        return {"error": error}


class InvalidRequest(Failure):
    status, code, message = 400, "invalid_request", "The request is not valid."


class MissingFile(Failure):
    status, code, message = 400, "missing_file", "No picture was sent."


class InvalidCursor(Failure):
    status, code, message = 400, "invalid_cursor", "This cursor is not valid."


class DigestMismatch(Failure):
    status, code, message = 400, "digest_mismatch", "The body does not match its Content-Digest."


class UrlNotAllowed(Failure):
    status, code, message = 400, "url_not_allowed", "Only http and https URLs of public hosts are fetched."


class Unauthorized(Failure):
    status, code, message = 401, "unauthorized", "The key is not valid."


class Forbidden(Failure):
    status, code, message = 403, "forbidden", "This key may not do that."


class NotFound(Failure):
    status, code, message = 404, "not_found", "There is nothing here."


class RequestTimeout(Failure):
    status, code, message = 408, "request_timeout", "The body arrived too slowly."


class JobFinished(Failure):
    status, code, message = 409, "job_finished", "The job has already ended."


class JobNotFailed(Failure):
    status, code, message = 409, "job_not_failed", "Only a failed or cancelled job can be tried again."


class SourceMissing(Failure):
    """The picture of a job was deleted: a retry is refused, and a run ends as failed with the same code."""

    status, code, message = 409, "source_missing", "The picture no longer exists."


class RequestInProgress(Failure):
    status, code, message = 409, "request_in_progress", "The same request is still in progress; try again in a moment."


class NotUploaded(Failure):
    status, code, message = 409, "not_uploaded", "The file has not been uploaded yet."


class LengthRequired(Failure):
    status, code, message = 411, "length_required", "Send the body with a Content-Length."


class BodyTooLarge(Failure):
    status, code, message = 413, "body_too_large", "The file is larger than 20 MB."


class UriTooLong(Failure):
    status, code, message = 414, "uri_too_long", "The URL is too long."


class StorageQuota(Failure):
    """A deleted picture counts until it is removed, a week later."""

    status, code, message = 413, "storage_quota", "Your storage quota is used up."


class UnsupportedImage(Failure):
    status, code, message = 415, "unsupported_image", "This kind of file is not accepted."


class RangeNotSatisfiable(Failure):
    status, code, message = 416, "requested_range_not_satisfiable", "The file has no such range of bytes."


class UnreadableImage(Failure):
    status, code, message = 422, "unreadable_image", "The picture is damaged and cannot be read."


class ImageTooLarge(Failure):
    status, code, message = 422, "image_too_large", "The picture has too many pixels."


class ImageTooSmall(Failure):
    status, code, message = 422, "image_too_small", "The picture is too small."


class AnimatedImage(Failure):
    status, code, message = 422, "animated_image", "Animated pictures cannot be cut out."


class TooComplex(Failure):
    status, code, message = 422, "too_complex", "The file's structure is unreasonably complex."


class KeyReused(Failure):
    status, code, message = 422, "key_reused", "This Idempotency-Key was sent with another request."


class SourceUnreachable(Failure):
    """422 and not 502: an unreachable third-party server is not a fault of ours, and no reason for an alarm."""

    status, code, message = 422, "source_unreachable", "No picture could be fetched from this URL."


class UnknownForeground(Failure):
    status, code, message = 422, "unknown_foreground", "No subject could be found in the picture."


class RateLimited(Failure):
    status, code, message, retryable = (
        429,
        "rate_limited",
        "Too many requests; Retry-After says how long to wait.",
        True,
    )


class JobQuota(Failure):
    status, code, message, retryable = 429, "job_quota", "You have too many unfinished jobs; let some end.", True


class HeadersTooLarge(Failure):
    status, code, message = 431, "headers_too_large", "The request's headers are too large."


class Busy(Failure):
    status, code, message, retryable = 503, "busy", "The service is busy; please try again in a moment.", True


class Unavailable(Failure):
    status, code, message, retryable = 503, "unavailable", "A part of the service is down; please try again.", True


_OF_SERVERS = (
    InvalidRequest,
    NotFound,
    RequestTimeout,
    LengthRequired,
    BodyTooLarge,
    UriTooLong,
    RangeNotSatisfiable,
    RateLimited,
    HeadersTooLarge,
    Unavailable,
    Failure,
)
_BY_STATUS = {failure.status: failure for failure in _OF_SERVERS}


def of_server(status: int, name: str, request_id: str, message: str = "") -> dict[str, object]:
    """The body of an error of the HTTP server or framework: with our code for its status, or its name as the code."""
    ours = _BY_STATUS.get(status)
    code = ours.code if ours else re.sub(r"[^a-z]+", "_", name.lower())
    text = message or (ours.message if ours else f"{name}.")
    return {"error": {"code": code, "message": text, "requestId": request_id}}
