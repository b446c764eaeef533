"""Renderings: how the file of a cut-out is made, when it is not the transparent PNG of the whole picture."""

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import Any, Self
from uuid import UUID

Colour = tuple[int, int, int, int]  # red, green, blue and alpha, 0 to 255
Margin = tuple[int, str]  # pixels (`px`) or percent (`%`) of the subject
Margins = tuple[Margin, Margin, Margin, Margin]  # top, right, bottom, left

NO_MARGINS: Margins = ((0, "px"),) * 4
_MARGIN = r"(?:500|[1-4]?[0-9]{1,2})(?:px)?|(?:50|[1-4]?[0-9])%"  # at most what remove.bg allows
MARGINS = rf"^(?:{_MARGIN})(?: (?:{_MARGIN})(?: (?:{_MARGIN}) (?:{_MARGIN}))?)?$"  # what `margins` reads


class Format(StrEnum):
    """AUTO: PNG where something is transparent, else JPG, which may be written `jpeg`."""

    PNG = "png"
    WEBP = "webp"
    JPG = "jpg"
    AUTO = "auto"

    @classmethod
    def _missing_(cls, value: object) -> "Format | None":
        return cls.JPG if value == "jpeg" else None


class Size(StrEnum):
    """The most that a file may have; nothing is enlarged. The steps are remove.bg's."""

    PREVIEW = "preview"
    MEDIUM = "medium"
    HD = "hd"
    FULL = "full"

    @property
    def max_pixels(self) -> int | None:
        return {Size.PREVIEW: 250_000, Size.MEDIUM: 1_500_000, Size.HD: 4_000_000}.get(self)


@dataclass(frozen=True, slots=True)
class Rendering:
    """The defaults leave the cut-out as it is: a transparent PNG of the whole picture.

    `crop`: to the subject and `crop_margin`, as far as the picture reaches. The background is `bg_asset`, a picture of
    the owner's that fills the file, over `bg_color`; a JPG without both is white. `dpi`: pixels per inch as the file
    states them; None: as the source does.
    """

    format: Format = Format.PNG
    size: Size = Size.FULL
    crop: bool = False
    crop_margin: Margins = NO_MARGINS
    bg_color: Colour | None = None
    bg_asset: UUID | None = None
    dpi: int | None = None

    @classmethod
    def read(cls, stored: Mapping[str, Any]) -> Self:
        """Read the JSON form, which lacks defaults. Raises ValueError for what this release does not know."""
        if unknown := stored.keys() - _READ.keys():
            raise ValueError(f"unknown rendering: {', '.join(sorted(unknown))}")
        return cls(**{name: _READ[name](value) for name, value in stored.items()})

    def json(self) -> dict[str, Any]:
        """What differs from the defaults."""
        chosen = {name: value for name in _READ if (value := getattr(self, name)) != getattr(AS_CUT, name)}
        return {**chosen, "bg_asset": str(self.bg_asset)} if self.bg_asset else chosen


def margins(given: str) -> Margins:
    """1 value for all sides, 2 for top and bottom, left and right, or 4 from the top clockwise; else ValueError."""
    parts = given.split()
    if not re.match(MARGINS, " ".join(parts)):
        raise ValueError("1, 2 or 4 margins of at most 500px or 50% are expected")
    top, right, bottom, left = [_margin(part) for part in parts] * (4 // len(parts))
    return top, right, bottom, left


def _margin(given: str) -> Margin:
    return int(given.rstrip("px%")), "%" if given.endswith("%") else "px"


def _stored_margins(stored: Any) -> Margins:
    top, right, bottom, left = ((int(amount), str(unit)) for amount, unit in stored)
    return top, right, bottom, left


def _stored_colour(stored: Any) -> Colour:
    red, green, blue, alpha = (int(level) for level in stored)
    return red, green, blue, alpha


_READ: Mapping[str, Callable[[Any], Any]] = {
    "format": Format,
    "size": Size,
    "crop": bool,
    "crop_margin": _stored_margins,
    "bg_color": _stored_colour,
    "bg_asset": UUID,
    "dpi": int,
}
AS_CUT = Rendering()
