"""One attempt to deliver a message: signed, sent to a guarded address without redirects, and answered in time."""

import http.client
import time
from contextlib import suppress
from datetime import UTC, datetime

from standardwebhooks import Webhook

from shared import errors, failpoints, log, timeouts
from shared.guarded_http import Deadline, GuardedClient
from shared.models.webhook import Attempt, Endpoint, Message
from shared.version import VERSION
from shared.webhook_settings import Webhooks

_log = log.get("webhooks")
_READ = 16 * 1024  # of a response's body, so that most receivers see it read; nothing in it counts


class Sender:
    """`root` is the secret from which those of the endpoints follow."""

    def __init__(
        self, settings: Webhooks, client: GuardedClient, root: str, deadline_s: float = timeouts.WEBHOOK_S
    ) -> None:
        self._settings = settings
        self._client = client
        self._root = root
        self._deadline_s = deadline_s

    @failpoints.after("h1")
    def send(self, message: Message, endpoint: Endpoint) -> Attempt:
        """Raises nothing: whatever happens is the outcome of the attempt."""
        at, begun = datetime.now(UTC), time.monotonic()
        status, error = None, None
        try:
            status = self._post(endpoint, message, at)
        except (OSError, http.client.HTTPException, ValueError, errors.UrlNotAllowed) as problem:
            error = _words(problem)
        except Exception:  # noqa: BLE001 - a bug must cost one message an attempt, not all of them the thread
            _log.exception("webhook_crashed", message_id=str(message.id))
            error = "An error on our side."
        return Attempt(at, status, error, round((time.monotonic() - begun) * 1000))

    def _post(self, endpoint: Endpoint, message: Message, at: datetime) -> int:
        target, body = self._settings.target(endpoint.url), message.payload.encode()
        signatures = (
            Webhook(secret).sign(str(message.id), at, message.payload) for secret in endpoint.secrets(self._root, at)
        )
        headers = (
            "Content-Type: application/json",
            f"Content-Length: {len(body)}",
            f"User-Agent: stolentee/{VERSION}",
            f"webhook-id: {message.id}",
            f"webhook-timestamp: {int(at.timestamp())}",
            f"webhook-signature: {' '.join(signatures)}",
        )
        with self._client.exchange(target, target.request("POST", headers, body), Deadline(self._deadline_s)) as answer:
            with suppress(OSError, http.client.HTTPException, ValueError):  # the status has been said
                answer.read(_READ)
            return answer.status


def _words(problem: Exception) -> str:
    """For the owner: what went wrong, without our addresses."""
    match problem:
        case errors.UrlNotAllowed():
            return problem.public
        case TimeoutError():
            return "No response in time."
        case _:
            return f"No response: {type(problem).__name__}."
