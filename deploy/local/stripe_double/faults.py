"""Faults that tests switch on: the next calls that fit hang, fail or lose their answer, before or after the effect."""

import re
import threading
from dataclasses import dataclass
from enum import StrEnum
from typing import Any

from deploy.local.stripe_double.refusals import Refusal


class Kind(StrEnum):
    """What goes wrong; after `..._AFTER` a repeat with the same key finds the effect and its answer."""

    SLOW = "slow"
    HANG_BEFORE = "hang_before"
    HANG_AFTER = "hang_after"
    ERROR_BEFORE = "500_before"
    ERROR_AFTER = "500_after"
    ERROR_KEPT = "500_kept"  # the error is what repeats get
    RATE_LIMIT = "429"
    RESET_BEFORE = "reset_before"
    RESET_AFTER = "reset_after"


@dataclass(slots=True)
class Fault:
    """For the next `times` calls whose method and path, such as `POST /v1/refunds`, the expression `call` matches."""

    kind: Kind
    call: str = ""
    times: int = 1
    seconds: float = 30.0  # of `slow` and `hang_...`

    @classmethod
    def parse(cls, given: dict[str, Any]) -> "Fault":
        return cls(
            Kind(given["kind"]),
            str(given.get("call", "")),
            int(given.get("times", 1)),
            float(given.get("seconds", 30)),
        )


class Faults:
    """Those not used up yet, the first that fits first."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._faults: list[Fault] = []

    def replace(self, faults: list[Fault]) -> None:
        with self._lock:
            self._faults = faults

    def take(self, call: str) -> Fault | None:
        with self._lock:
            found = next((fault for fault in self._faults if fault.times > 0 and re.search(fault.call, call)), None)
            if found:
                found.times -= 1
            return found


def server_error() -> Refusal:
    return Refusal("An unknown error occurred.", status=500, kind="api_error")


def rate_limited() -> Refusal:
    return Refusal("Request rate limit exceeded.", status=429, code="rate_limit")
