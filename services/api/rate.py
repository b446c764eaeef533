"""Rates as settings write them: `100/15m`."""

import re
from dataclasses import dataclass
from typing import Annotated

from pydantic import BeforeValidator

_RATE = re.compile(r"([1-9][0-9]{0,8})/([1-9][0-9]{0,3})?([smhd])")
_UNITS = {"s": 1, "m": 60, "h": 3600, "d": 86_400}


@dataclass(frozen=True, slots=True)
class Rate:
    """At most `calls` in any stretch of `seconds`."""

    calls: int
    seconds: int


def _rate(value: str) -> Rate | None:
    """From `100/15m`; None means off."""
    if value == "0":
        return None
    parts = _RATE.fullmatch(value)
    if not parts:
        raise ValueError("must look like 100/15m or 10/h; 0 switches the limit off")
    return Rate(int(parts[1]), int(parts[2] or 1) * _UNITS[parts[3]])


RateLimit = Annotated[Rate | None, BeforeValidator(_rate)]
