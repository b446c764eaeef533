"""Delivers events to the shop, signed as Stripe signs them; a test can hold, shuffle, double, delay or corrupt them."""

import hashlib
import hmac
import http.client
import json
import random
import threading
import time
from collections import deque
from dataclasses import dataclass, replace
from typing import Any
from urllib.parse import urlsplit

from deploy.local.stripe_double.state import Object, State

_ANSWER_S = 20.0
_MOST_ATTEMPTS = 30
_LONGEST_WAIT_S = 60.0
_REMEMBERED = 10_000


@dataclass(frozen=True, slots=True)
class Delivery:
    """How events are delivered."""

    held: bool = False  # until this is false again
    shuffled: bool = False  # of those due, a random one comes next
    copies: int = 1
    delay_s: float = 0.0
    corrupted: bool = False  # the body is not what was signed
    signed_s_ago: float = 0.0
    repeat_s: float = 0.5  # after a refusal; doubled with each


@dataclass(frozen=True, slots=True)
class _Due:
    at: float
    event_id: str
    attempt: int = 1


class Webhooks:
    """Sends to one address, in a thread of its own from `start` on; without an address, nothing."""

    def __init__(self, state: State, url: str, secret: str) -> None:
        self._state = state
        self._secret = secret
        self._changed = threading.Condition()
        self._due: list[_Due] = []
        self._sending = 0
        self.url = url
        self.delivery = Delivery()
        self.attempts: deque[Object] = deque(maxlen=_REMEMBERED)
        state.on_event = self._queue
        for event in state.all("event"):
            if event["pending_webhooks"]:
                self._queue(event["id"])

    def start(self) -> None:
        threading.Thread(target=self._run, name="webhooks", daemon=True).start()

    def change(self, given: dict[str, Any]) -> None:
        """Raises TypeError for settings that Delivery does not have; `url` is another address."""
        with self._changed:
            self.url = given.pop("url", self.url)
            self.delivery = replace(self.delivery, **given)
            self._changed.notify_all()

    @property
    def pending(self) -> int:
        with self._changed:
            return len(self._due) + self._sending

    def send(self, event_id: str, delivery: Delivery) -> list[int]:
        """Send an event now, whether or not it was delivered, and return the status of each copy; 0 without one."""
        event = self._state.find("event", event_id)
        return [self._post(event, delivery) for _ in range(delivery.copies)] if event else []

    def _queue(self, event_id: str) -> bool:
        if not self.url:
            return False
        with self._changed:
            self._due.append(_Due(time.monotonic() + self.delivery.delay_s, event_id))
            self._changed.notify_all()
        return True

    def _run(self) -> None:
        while True:
            due = self._next()
            statuses = self.send(due.event_id, self.delivery)
            delivered = any(200 <= status < 300 for status in statuses)
            with self._changed:
                self._sending = 0
                if not delivered and due.attempt < _MOST_ATTEMPTS:
                    wait_s = min(_LONGEST_WAIT_S, self.delivery.repeat_s * 2.0 ** (due.attempt - 1))
                    self._due.append(_Due(time.monotonic() + wait_s, due.event_id, due.attempt + 1))
            if delivered:
                self._mark(due.event_id)

    def _next(self) -> _Due:
        with self._changed:
            while True:
                now = time.monotonic()
                ready = [] if self.delivery.held else [due for due in self._due if due.at <= now]
                if ready:
                    chosen = random.choice(ready) if self.delivery.shuffled else ready[0]  # noqa: S311 - no secret
                    self._due.remove(chosen)
                    self._sending = 1
                    return chosen
                waits = [] if self.delivery.held else [due.at - now for due in self._due]
                self._changed.wait(min(waits, default=None))

    def _mark(self, event_id: str) -> None:
        with self._state.transaction():
            if event := self._state.find("event", event_id):
                self._state.put(event | {"pending_webhooks": 0})

    def _post(self, event: Object, delivery: Delivery) -> int:
        body = json.dumps(event, indent=2).encode()
        signature = sign(body, self._secret, int(time.time() - delivery.signed_s_ago))
        sent = body + b" " if delivery.corrupted else body
        headers = {
            "Content-Type": "application/json; charset=utf-8",
            "Stripe-Signature": signature,
            "User-Agent": "Stripe/1.0 (+https://stripe.com/docs/webhooks)",
        }
        status = _status(self.url, sent, headers)
        facts = {"event": event["id"], "type": event["type"], "status": status, "at": time.time()}
        self.attempts.append(facts)
        return status


def sign(body: bytes, secret: str, at: int) -> str:
    """The value of Stripe-Signature."""
    digest = hmac.new(secret.encode(), f"{at}.".encode() + body, hashlib.sha256).hexdigest()
    return f"t={at},v1={digest}"


def _status(url: str, body: bytes, headers: dict[str, str]) -> int:
    """What the shop answered; 0 when it did not."""
    to = urlsplit(url)
    connection = http.client.HTTPConnection(to.hostname or "", to.port or 80, timeout=_ANSWER_S)
    try:
        connection.request("POST", to.path or "/", body, headers)
        answer = connection.getresponse()
        answer.read(1 << 16)
    except (OSError, http.client.HTTPException):
        return 0
    else:
        return answer.status
    finally:
        connection.close()
