"""The double: checks keys, answers each idempotency key once, plays the faults asked for, and notes every call."""

import hashlib
import json
import re
import time
from base64 import b64decode
from collections import deque
from collections.abc import Callable, Mapping
from contextlib import suppress
from dataclasses import dataclass, field
from typing import Any

from deploy.local.stripe_double import faults, form, routes
from deploy.local.stripe_double.faults import Fault, Kind
from deploy.local.stripe_double.form import Params
from deploy.local.stripe_double.refusals import Refusal
from deploy.local.stripe_double.state import API_VERSION, Object, State, new_id

_REMEMBERED = 10_000
_LONGEST_KEY = 255
_VERSION = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}(\.[a-z]+)?")


class NoAnswer(Exception):
    """The connection is to be cut."""


@dataclass(frozen=True, slots=True)
class Request:
    """As it came in; the names of headers are in lower case."""

    method: str
    path: str
    headers: Mapping[str, str]
    text: str  # the form of a POST, the query of a GET
    page: str


@dataclass(slots=True)
class Answer:
    """What goes back."""

    status: int
    body: str
    headers: dict[str, str] = field(default_factory=dict)


class Double:
    """`calls` are the latest, the oldest first."""

    def __init__(self, state: State, secret_key: str, publishable_key: str) -> None:
        self.state = state
        self.secret_key = secret_key
        self.faults = faults.Faults()
        self.calls: deque[Object] = deque(maxlen=_REMEMBERED)
        self._publishable_key = publishable_key
        self._in_flight: set[str] = set()

    def answer(self, request: Request) -> Answer:
        """Raises NoAnswer for faults that leave the caller without one."""
        noted: Object = {
            "id": new_id("req", 14),
            "method": request.method,
            "path": request.path,
            "idempotency_key": request.headers.get("idempotency-key"),
            "params": {},
            "status": 0,
            "replayed": False,
            "fault": None,
            "at": time.time(),
        }
        self.calls.append(noted)
        try:
            answer = self._judged(request, noted)
        except Refusal as refusal:
            answer = _refused(refusal)
        version = request.headers.get("stripe-version", API_VERSION)
        answer.headers |= {"Request-Id": noted["id"], "Stripe-Version": version}
        noted |= {"status": answer.status, "replayed": "Idempotent-Replayed" in answer.headers}
        return answer

    def _judged(self, request: Request, noted: Object) -> Answer:
        params = form.parse(request.text)
        noted["params"] = {name: value for name, value in params.items() if name not in ("client_secret", "key")}
        publishable = self._require_key(request.headers, params)
        if not _VERSION.fullmatch(request.headers.get("stripe-version", API_VERSION)):
            raise Refusal("Invalid Stripe API version")
        call = routes.Call(request.method, request.path, params, request.page, publishable)
        fault = self.faults.take(f"{request.method} {request.path}")
        noted["fault"] = fault and fault.kind
        key = request.headers.get("idempotency-key") if request.method == "POST" else None
        if key is None:
            return _played(fault, lambda: self._effect(call, fault, noted["id"]))
        return self._once(call, fault, noted["id"], key, request.text)

    def _once(self, call: routes.Call, fault: Fault | None, request_id: str, key: str, text: str) -> Answer:
        if not 1 <= len(key) <= _LONGEST_KEY:
            raise Refusal(f"Idempotency keys must be at most {_LONGEST_KEY} characters", kind="idempotency_error")
        fingerprint = hashlib.sha256(f"{call.path}\n{text}".encode()).hexdigest()
        with self.state.lock:
            earlier = self.state.answers.get(key)
            if earlier is None and key in self._in_flight:
                raise Refusal(
                    f"There is currently another in-progress request using this idempotency key: {key}",
                    status=409,
                    code="idempotency_key_in_use",
                )
            self._in_flight.add(key)
        try:
            if earlier:
                return _played(fault, lambda: _replayed(earlier, fingerprint, key))
            return _played(fault, lambda: self._effect(call, fault, request_id, key, fingerprint))
        finally:
            self._in_flight.discard(key)

    def _effect(
        self, call: routes.Call, fault: Fault | None, request_id: str, key: str | None = None, mark: str = ""
    ) -> Answer:
        with self.state.transaction(request_id, key):
            begun = True
            try:
                answer = Answer(200, json.dumps(routes.answer(self.state, call), indent=2))
            except Refusal as refusal:
                answer, begun = _refused(refusal), refusal.begun
            if fault and fault.kind == Kind.ERROR_KEPT:
                answer = _refused(faults.server_error())
            if key and begun:
                facts = {"mark": mark, "path": call.path, "request": request_id, "at": time.time()}
                self.state.remember(key, {"status": answer.status, "body": answer.body, **facts})
            if key:
                self._in_flight.discard(key)
            return answer

    def _require_key(self, headers: Mapping[str, str], params: Params) -> bool:
        """Whether it is the publishable key."""
        given = _given_key(headers) or params.get("key")
        if not given:
            raise Refusal("You did not provide an API key.", status=401)
        if given not in (self.secret_key, self._publishable_key):
            raise Refusal(f"Invalid API Key provided: {str(given)[:8]}***", status=401)
        return bool(given == self._publishable_key)


def _played(fault: Fault | None, act: Callable[[], Answer]) -> Answer:
    """What `act` answers, with the fault."""
    if fault is None:
        return act()
    if fault.kind in (Kind.SLOW, Kind.HANG_BEFORE):
        time.sleep(fault.seconds)
    _fail(fault.kind, (Kind.ERROR_BEFORE,), (Kind.RESET_BEFORE, Kind.HANG_BEFORE))
    answer = act()
    if fault.kind == Kind.HANG_AFTER:
        time.sleep(fault.seconds)
    _fail(fault.kind, (Kind.ERROR_AFTER,), (Kind.RESET_AFTER, Kind.HANG_AFTER))
    return answer


def _fail(kind: Kind, errors: tuple[Kind, ...], cuts: tuple[Kind, ...]) -> None:
    if kind in errors:
        raise faults.server_error()
    if kind == Kind.RATE_LIMIT:
        raise faults.rate_limited()
    if kind in cuts:
        raise NoAnswer


def _refused(refusal: Refusal) -> Answer:
    return Answer(refusal.status, json.dumps(refusal.body, indent=2))


def _replayed(earlier: Mapping[str, Any], fingerprint: str, key: str) -> Answer:
    if earlier["mark"] != fingerprint:
        raise Refusal(
            f"Keys for idempotent requests can only be used with the same parameters they were first used with "
            f"({earlier['path']}). Try using a key other than '{key}' if you meant to execute a different request.",
            kind="idempotency_error",
        )
    headers = {"Idempotent-Replayed": "true", "Original-Request": earlier["request"]}
    return Answer(earlier["status"], earlier["body"], headers)


def _given_key(headers: Mapping[str, str]) -> str:
    """Of the header, as a token or as a user without a password."""
    scheme, _, value = headers.get("authorization", "").partition(" ")
    if scheme == "Basic":
        with suppress(ValueError):
            return b64decode(value).decode().partition(":")[0]
    return value if scheme == "Bearer" else ""
