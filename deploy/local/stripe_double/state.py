"""Everything the double knows, under one lock; each call's changes are one line of a journal file.

So a call is kept whole or not at all, and a repeat with its idempotency key gets its answer after a restart as well.
"""

import json
import secrets
import string
import threading
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any

Object = dict[str, Any]
API_VERSION = "2026-10-28.endive"
_KEYS_S = 24 * 3600  # Stripe keeps them no longer either
_LETTERS = string.ascii_letters + string.digits


def new_id(prefix: str, length: int = 24) -> str:
    return f"{prefix}_{''.join(secrets.choice(_LETTERS) for _ in range(length))}"


class State:
    """Without a file it is forgotten when the process ends."""

    def __init__(self, file: Path | None = None) -> None:
        self.lock = threading.RLock()
        self.offset_s = 0  # of the double's clock, for tests
        self.late_fees = False  # as at Stripe now and then: a charge's balance transaction comes after its success
        self.answers: dict[str, Object] = {}  # by idempotency key
        self.on_event: Callable[[str], bool] = lambda _: False  # takes an event's id; whether it will be delivered
        self._objects: dict[str, dict[str, Object]] = {}  # by kind and id, the oldest first
        self._request: Mapping[str, str | None] = {}
        self._changed: dict[str, Object] = {}
        self._answered: dict[str, Object] = {}
        self._file = file
        if file:
            self._load(file)

    def now(self) -> int:
        return int(time.time()) + self.offset_s

    @contextmanager
    def transaction(self, request_id: str | None = None, key: str | None = None) -> Iterator[None]:
        """Changes in the block are kept together, also when it raises: a declined card leaves its traces."""
        with self.lock:
            self._request = {"id": request_id, "idempotency_key": key}
            try:
                yield
            finally:
                self._commit()

    def all(self, kind: str) -> list[Object]:
        return list(self._objects.get(kind, {}).values())

    def find(self, kind: str, given: object) -> Object | None:
        return self._objects.get(kind, {}).get(str(given))

    def named(self, given: str) -> Object | None:
        """The object of any kind with this id."""
        return next((group[given] for group in self._objects.values() if given in group), None)

    def put(self, thing: Object) -> Object:
        """Keep a new or changed object."""
        self._objects.setdefault(thing["object"], {})[thing["id"]] = thing
        self._changed[thing["id"]] = thing
        return thing

    def emit(self, kind: str, thing: Object) -> None:
        """Record an event with the object as it is now, and have it delivered."""
        event: Object = {
            "id": new_id("evt"),
            "object": "event",
            "api_version": API_VERSION,
            "created": self.now(),
            "data": {"object": copy(thing)},
            "livemode": False,
            "pending_webhooks": 0,
            "request": dict(self._request),
            "type": kind,
        }
        self.put(event)
        event["pending_webhooks"] = int(self.on_event(event["id"]))

    def remember(self, key: str, answer: Object) -> None:
        """Keep the answer to a call with an idempotency key."""
        self.answers[key] = self._answered[key] = answer

    def _commit(self) -> None:
        if self._file and (self._changed or self._answered):
            line = _line(list(self._changed.values()), self._answered)
            with self._file.open("ab") as journal:
                journal.write(line)
        self._changed, self._answered = {}, {}

    def _load(self, file: Path) -> None:
        """Read the journal, without a last line that a kill cut off, and write it anew without what was replaced."""
        for line in file.read_bytes().split(b"\n") if file.exists() else []:
            try:
                entry = json.loads(line)
            except ValueError:
                continue
            for thing in entry["objects"]:
                self._objects.setdefault(thing["object"], {})[thing["id"]] = thing
            self.answers |= {key: one for key, one in entry["answers"].items() if one["at"] > time.time() - _KEYS_S}
        things = [thing for group in self._objects.values() for thing in group.values()]
        file.parent.mkdir(parents=True, exist_ok=True)
        part = file.with_suffix(".part")
        part.touch(mode=0o600)
        part.write_bytes(_line(things, self.answers))
        part.replace(file)


def copy(thing: Object) -> Object:
    return dict(json.loads(json.dumps(thing)))


def _line(things: list[Object], answers: dict[str, Object]) -> bytes:
    return json.dumps({"objects": things, "answers": answers}).encode() + b"\n"
