"""The paid provider: any server at REMOVE_BG_URL that implements remove.bg's HTTP API.

A call may cost money, so it is made once: nothing is retried here, and a call whose end is unknown counts as charged.
A reply is a picture, JSON with a base64 picture, or an `errors` list, which newer servers send with HTTP 200. Source:
the vendor's published API (v1.0) and replies recorded by its clients.
"""

import base64
import binascii
import json

import requests

from services.worker.providers import Answer, Broken, Refused, Unavailable, http_exchange
from shared.models.cutout import NO_OPTIONS, CutoutInput, Provider
from shared.models.job import JobFailure

_REFUSALS = {
    "unknown_foreground": JobFailure.UNKNOWN_FOREGROUND,
    "failed_to_read_image": JobFailure.PROVIDER_FAILED,
    "file_too_large": JobFailure.PROVIDER_FAILED,
    "invalid_file_type": JobFailure.PROVIDER_FAILED,
    "resolution_too_high": JobFailure.PROVIDER_FAILED,
}
# No credits, no access, too many requests, no such route: the server did not look at the picture.
_UNAVAILABLE = frozenset({"auth_failed", "insufficient_credits", "rate_limit_exceeded"})
_UNAVAILABLE_STATUS = frozenset({401, 402, 403, 404, 429})


class RemoveBg:
    """Safe to share between threads."""

    provider = Provider.REMOVEBG
    max_pixels = 10_000_000  # the limit of PNG results: a larger picture would come back smaller

    def __init__(self, client: requests.Session, url: str, key: str, price_microusd: int) -> None:
        self._client = client
        self._url = url.rstrip("/") + "/removebg"
        self._key = key
        self.price_microusd = price_microusd

    def remove(self, picture: bytes, request_id: str, options: CutoutInput = NO_OPTIONS) -> Answer:  # noqa: ARG002
        reply = http_exchange.post(
            self._client,
            self._url,
            files={"image_file": ("picture", picture)},
            data={"size": "auto", "format": "png"},
            headers={"X-Api-Key": self._key, "X-Request-Id": request_id},
        )
        code, message = _errors(reply)
        if reply.status == 200 and code is None:
            return Answer(_picture(reply), "remove.bg", "remove.bg", self._charged(reply))
        raise _failure(reply, code or "unknown", message)

    def engine(self) -> str | None:
        return "remove.bg"

    def _charged(self, reply: http_exchange.Reply) -> int:
        """The credits that the reply says it took, at our price for one; the full price if it does not say."""
        try:
            share = float(reply.headers["X-Credits-Charged"])
        except (KeyError, ValueError):
            return self.price_microusd
        return round(self.price_microusd * share) if 0 <= share <= 1 else self.price_microusd


def _errors(reply: http_exchange.Reply) -> tuple[str | None, str]:
    """(code, message) of the first error in a JSON body; (None, "") if there is none."""
    if "json" not in reply.headers.get("Content-Type", ""):
        return None, ""
    try:
        first = json.loads(reply.body)["errors"][0]
        return str(first.get("code", "unknown")), str(first.get("title", ""))
    except (ValueError, KeyError, IndexError, TypeError, AttributeError):
        return None, ""


def _picture(reply: http_exchange.Reply) -> bytes:
    if "json" not in reply.headers.get("Content-Type", ""):
        return reply.body
    try:
        return base64.b64decode(json.loads(reply.body)["data"]["result_b64"], validate=True)
    except (ValueError, KeyError, TypeError, binascii.Error) as error:
        raise Broken("a reply without a picture", charged=True) from error


def _failure(reply: http_exchange.Reply, code: str, message: str) -> Exception:
    if code in _REFUSALS:
        return Refused(_REFUSALS[code], message or "The removal service refused the picture.")
    if code in _UNAVAILABLE or reply.status in _UNAVAILABLE_STATUS or reply.status >= 500:
        return Unavailable(f"{reply.status} {code}", retry_after_s=http_exchange.retry_after_s(reply))
    return Broken(f"{reply.status} {code}", charged=reply.status == 200)
