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
    """A failure with a public message. `advice` tells callers what to do (docs/errors.md).

    `details` must hold nothing secret; `retry_after_s` becomes the Retry-After header.
    """

    status: ClassVar[int] = 500
    code: ClassVar[str] = "internal"
    message: ClassVar[str] = "Something went wrong on our side."
    advice: ClassVar[str] = "Try again later, and report `requestId` if it stays."
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
    advice = "Correct what `message` and `details` name."


class MissingFile(Failure):
    status, code, message = 400, "missing_file", "No picture was sent."
    advice = "Send the form field `file`, the picture as the body, or JSON with `image` or `imageUrl`."


class InvalidCursor(Failure):
    status, code, message = 400, "invalid_cursor", "This cursor is not valid."
    advice = "Start again without `cursor`, then pass `nextCursor` on as it is."


class DigestMismatch(Failure):
    status, code, message = 400, "digest_mismatch", "The body does not match its Content-Digest."
    advice = "The bytes changed on the way, or the digest is wrong: send both again."


class UrlNotAllowed(Failure):
    status, code, message = 400, "url_not_allowed", "Only http and https URLs of public hosts are fetched."
    advice = "Use an http or https address on the default port that anyone on the internet can reach."


class Unauthorized(Failure):
    status, code, message = 401, "unauthorized", "The key or token is not valid."
    advice = "Check the key. As a guest, leave the token out to get a new one."


class Forbidden(Failure):
    status, code, message = 403, "forbidden", "This key, link or address does not allow that."
    advice = "Use a key of scope admin where one is needed. Links and addresses of pictures expire: ask for new ones."


class NotFound(Failure):
    status, code, message = 404, "not_found", "There is nothing here."
    advice = "Check the address and the caller: other callers' pictures and jobs do not exist for you."


class RequestTimeout(Failure):
    status, code, message = 408, "request_timeout", "The body arrived too slowly."
    advice = "Send the body faster: it must arrive at 50 kB/s or more."


class JobFinished(Failure):
    status, code, message = 409, "job_finished", "The job has already ended."
    advice = "Nothing needs to be done: a job that has ended cannot be cancelled."


class JobNotFailed(Failure):
    status, code, message = 409, "job_not_failed", "Only a failed or cancelled job can be tried again."
    advice = "Wait for the job to end; start a new job to repeat one that is done."


class SourceMissing(Failure):
    """The picture of a job was deleted: a retry is refused, and a run ends as failed with the same code."""

    status, code, message = 409, "source_missing", "The picture no longer exists."
    advice = "Upload the picture again."


class RequestInProgress(Failure):
    status, code, message = 409, "request_in_progress", "The same request is still in progress; try again in a moment."
    advice = "Repeat the request after `Retry-After` seconds."


class NotUploaded(Failure):
    status, code, message = 409, "not_uploaded", "The file has not been uploaded yet."
    advice = "Send the file to `uploadUrl`, then complete the upload."


class WebhookDisabled(Failure):
    status, code, message = 409, "webhook_disabled", "This webhook is disabled."
    advice = "Enable it first: `disabledReason` says why it was disabled."


class WebhookLimit(Failure):
    status, code, message = 409, "webhook_limit", "You have as many webhooks as you may."
    advice = "Change or delete one of them."


class LengthRequired(Failure):
    status, code, message = 411, "length_required", "Send the body with a Content-Length."
    advice = "Send the header; most clients do so unless the body is a stream."


class BodyTooLarge(Failure):
    status, code, message = 413, "body_too_large", "The file is larger than 20 MB."
    advice = "Send a smaller file."


class UriTooLong(Failure):
    status, code, message = 414, "uri_too_long", "The URL is too long."
    advice = "Shorten the address; options also fit into a form."


class StorageQuota(Failure):
    status, code, message = 413, "storage_quota", "Your storage quota is used up."
    advice = "Delete pictures: they count until they are removed, a week later."


class UnsupportedImage(Failure):
    status, code, message = 415, "unsupported_image", "This kind of file is not accepted."
    advice = "Convert the picture to one of the formats that `message` names."


class RangeNotSatisfiable(Failure):
    status, code, message = 416, "requested_range_not_satisfiable", "The file has no such range of bytes."
    advice = "Ask for bytes below the size that `Content-Range` gives, or for the whole file."


class UnreadableImage(Failure):
    status, code, message = 422, "unreadable_image", "The picture is damaged and cannot be read."
    advice = "Export the picture again."


class ImageTooLarge(Failure):
    status, code, message = 422, "image_too_large", "The picture has too many pixels."
    advice = "Scale the picture down to 50 megapixels."


class ImageTooSmall(Failure):
    status, code, message = 422, "image_too_small", "The picture is too small."
    advice = "Send a larger picture: each side needs 16 pixels."


class AnimatedImage(Failure):
    status, code, message = 422, "animated_image", "Animated pictures cannot be cut out."
    advice = "Send one frame."


class TooComplex(Failure):
    status, code, message = 422, "too_complex", "The file's structure is unreasonably complex."
    advice = "Export the file again without its many parts, or as a PNG."


class KeyReused(Failure):
    status, code, message = 422, "key_reused", "This Idempotency-Key was sent with another request."
    advice = "Use a new key for each distinct request."


class SourceUnreachable(Failure):
    """422 and not 502: an unreachable third-party server is not a fault of ours, and no reason for an alarm."""

    status, code, message = 422, "source_unreachable", "No picture could be fetched from this URL."
    advice = "Check that the address answers with a picture within 10 seconds, or send the picture itself."


class UnknownForeground(Failure):
    status, code, message = 422, "unknown_foreground", "No subject could be found in the picture."
    advice = "Send a picture whose subject stands out from its background."


class NoInk(Failure):
    """The picture of a print job is transparent everywhere: its run ends as failed with the same code."""

    status, code, message = 422, "no_ink", "The picture has nothing to print."
    advice = "Choose a picture that is not transparent everywhere."


class LargeEnough(Failure):
    """An enlargement would have no more pixels than the picture: its run ends as failed with the same code."""

    status, code, message = 422, "large_enough", "The picture has enough pixels for this size."
    advice = "Print it as it is, or ask for a larger print."


class NotFlatArtwork(Failure):
    """A photograph was to become a drawing: its run ends as failed with the same code."""

    status, code, message = 422, "not_flat_artwork", "The picture was not drawn with a few flat colours."
    advice = "Choose a logo in flat colours, without fades and shadows; photographs stay pixels."


class TooLarge(Failure):
    """A print job would make more pixels than can be made: its run ends as failed with the same code."""

    status, code, message = 422, "too_large", "The result would have too many pixels."
    advice = "Print it smaller, or fewer copies at once."


class DoesNotFit(Failure):
    """A design is larger than a sheet of film: a gang sheet's job ends as failed with the same code."""

    status, code, message = 422, "does_not_fit", "A design is larger than a sheet."
    advice = "Print it smaller, let it be turned, or choose a larger sheet."


class Poison(Failure):
    """Jobs for the picture crashed or killed their workers: for a day, no more of the type are made."""

    status, code, message = 422, "poison", "Nothing could be made of this picture: every attempt failed."
    advice = "Try another picture, and report the job. The same picture is tried again after a day."


class RateLimited(Failure):
    status, code, message, retryable = (
        429,
        "rate_limited",
        "Too many requests; Retry-After says how long to wait.",
        True,
    )
    advice = "Repeat the request after `Retry-After` seconds."


class JobQuota(Failure):
    status, code, message, retryable = 429, "job_quota", "You have too many unfinished jobs.", True
    advice = "Wait until some jobs have ended, or cancel some."


class HeadersTooLarge(Failure):
    status, code, message = 431, "headers_too_large", "The request's headers are too large."
    advice = "Send fewer or shorter headers and cookies."


class Busy(Failure):
    status, code, message, retryable = 503, "busy", "The service is busy; please try again in a moment.", True
    advice = "Repeat the request after `Retry-After` seconds."


class Unavailable(Failure):
    status, code, message, retryable = 503, "unavailable", "A part of the service is down; please try again.", True
    advice = "Repeat the request after `Retry-After` seconds."


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
