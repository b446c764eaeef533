"""What a caller may ask for beside the plain cut-out, each value within hard bounds.

Two dialects: our own fields, and those of the `rembg s` server (`a af ab ae om ppm bgc dc`). Both end as one `Options`.
An empty value counts as not given. Whatever is out of bounds is refused with the field's name; nothing is clamped.
"""

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import TypeVar

from shared.errors import InvalidRequest
from shared.images import colours
from shared.models.cutout import Method, Transparency
from shared.models.rendering import NO_MARGINS, Colour, Format, Margins, margins

_TRUE, _FALSE = ("1", "true", "yes", "on"), ("0", "false", "no", "off")
FIELDS = frozenset(
    {
        *("format", "output", "bgcolor", "crop", "crop_margin"),
        *("matting", "decontaminate", "second_pass", "transparency", "method"),
    }
)
_NOTHING = ("", "{}", *_FALSE)
MAX_ERODE = 40  # pixels; the reference server takes 20 GB and 50 s for 99,999


class Output(StrEnum):
    CUTOUT = "cutout"
    MASK = "mask"


T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class Matting:
    """Alpha from which a pixel surely belongs to the subject, up to which it does not, and pixels of doubt around."""

    foreground: int = 240
    background: int = 10
    erode: int = 10


@dataclass(frozen=True, slots=True)
class Options:
    """`margins` are top, right, bottom, left; None: no crop. `smooth`: a hard mask without specks.

    `decontaminate`: colours at the edge are freed of the background's. `second_pass`: a small subject is looked at
    again at its own resolution.
    """

    format: Format = Format.PNG
    output: Output = Output.CUTOUT
    background: Colour | None = None
    margins: Margins | None = None
    matting: Matting | None = None
    smooth: bool = False
    decontaminate: bool = True
    second_pass: bool = True
    transparency: Transparency = Transparency.AUTO
    method: Method = Method.AUTO


def read(fields: Mapping[str, str]) -> Options:
    """Our own fields, which are those of `FIELDS`. Raises InvalidRequest for others, so that a typing error is seen."""
    if unknown := sorted(fields.keys() - FIELDS):
        raise InvalidRequest(f"{unknown[0]}: there is no such option.", details={"field": unknown[0]})
    around = _field(fields, "crop_margin", margins, NO_MARGINS)
    return Options(
        format=_field(fields, "format", Format, Format.PNG),
        output=_field(fields, "output", Output, Output.CUTOUT),
        background=_field(fields, "bgcolor", colours.parse, None),
        margins=around if _field(fields, "crop", _flag, False) else None,
        matting=Matting() if _field(fields, "matting", _flag, False) else None,
        decontaminate=_field(fields, "decontaminate", _flag, True),
        second_pass=_field(fields, "second_pass", _flag, True),
        transparency=_field(fields, "transparency", Transparency, Transparency.AUTO),
        method=_field(fields, "method", Method, Method.AUTO),
    )


def read_rembg_server(fields: Mapping[str, str], model: str) -> Options:
    """Read the fields of `rembg s`. It selects networks by name; here there is one, and any other is refused.

    So are `vm` (ViTMatte) and `extras` (arguments of its Python functions).
    """
    if given := next((name for name in ("vm", "extras") if fields.get(name, "").strip() not in _NOTHING), None):
        raise InvalidRequest(f"{given}: this service has no such option.", details={"field": given})
    if fields.get("model") not in (None, "", model):
        raise InvalidRequest(f"model: this service runs {model}.", details={"model": model})
    matting = Matting(
        _field(fields, "af", _whole(255), 240), _field(fields, "ab", _whole(255), 10),
        _field(fields, "ae", _whole(MAX_ERODE), 10),
    )  # fmt: skip
    return Options(
        output=Output.MASK if _field(fields, "om", _flag, False) else Output.CUTOUT,
        background=_field(fields, "bgc", colours.parse, None),
        matting=matting if _field(fields, "a", _flag, False) else None,
        smooth=_field(fields, "ppm", _flag, False),
        decontaminate=_field(fields, "dc", _flag, True),
    )


def _field(fields: Mapping[str, str], name: str, parse: Callable[[str], T], default: T) -> T:
    given = fields.get(name, "").strip()
    if not given:
        return default
    try:
        return parse(given.lower())
    except ValueError:
        raise InvalidRequest(f"{name}: the value is not allowed.", details={"field": name}) from None


def _flag(given: str) -> bool:
    if given not in _TRUE + _FALSE:
        raise ValueError
    return given in _TRUE


def _whole(most: int) -> Callable[[str], int]:
    def parse(given: str) -> int:
        if not re.fullmatch(r"[0-9]{1,4}", given) or int(given) > most:
            raise ValueError
        return int(given)

    return parse
