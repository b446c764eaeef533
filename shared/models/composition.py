"""Compositions: the picture that a caller of remove.bg's API asks for, made of a cut-out. Values are remove.bg's.

Lengths are pixels or percent; `roi` is in the upright picture, margins in the subject. An `Area` is left, top, right
and bottom in whole pixels.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any, NamedTuple, Self
from uuid import UUID

from shared.models import stored_input
from shared.models.rendering import Colour

MAX_PNG_PIXELS = 10_000_000  # PNG files end here whatever the size asked for
FULL_PIXELS = 25_000_000  # size `full` and `auto`

Area = tuple[int, int, int, int]


class Length(NamedTuple):
    """`unit` is `px`, or `%` of a side."""

    amount: float
    unit: str

    def of(self, side: int) -> int:
        return round(self.amount if self.unit == "px" else side * self.amount / 100)


Lengths = tuple[Length, Length, Length, Length]
NO_MARGIN: Lengths = (Length(0, "px"),) * 4


class Format(StrEnum):
    """AUTO: PNG if anything is transparent, else JPG. ZIP: color.jpg and alpha.png."""

    AUTO = "auto"
    PNG = "png"
    JPG = "jpg"
    WEBP = "webp"
    ZIP = "zip"


class Channels(StrEnum):
    RGBA = "rgba"
    ALPHA = "alpha"


class Subject(StrEnum):
    """What the picture shows; AUTO leaves it to us."""

    AUTO = "auto"
    CAR = "car"
    PRODUCT = "product"
    PERSON = "person"
    ANIMAL = "animal"
    GRAPHIC = "graphic"
    TRANSPORTATION = "transportation"
    OTHER = "other"


class Shadow(StrEnum):
    NONE = "none"
    AUTO = "auto"  # the one that suits the subject
    CAR = "car"
    THREE_D = "3D"
    DROP = "drop"


class RoiExceedsBounds(ValueError):
    """The region reaches beyond the picture."""


class RoiRegionEmpty(ValueError):
    """The region holds no pixel."""


_AUTO_SHADOWS = {Subject.CAR: Shadow.CAR, Subject.PERSON: Shadow.THREE_D, Subject.TRANSPORTATION: Shadow.THREE_D}
_AUTO_OPACITIES = {Subject.CAR: 90}
_TYPE_NAMES: tuple[Mapping[Subject, str], ...] = (  # X-Type by level, where it is another word
    {},
    {Subject.GRAPHIC: "other", Subject.TRANSPORTATION: "other"},
    {Subject.GRAPHIC: "graphics"},
)


def region(roi: Lengths, width: int, height: int) -> Area:
    """The region of an upright picture of these sides. Raises RoiExceedsBounds or RoiRegionEmpty."""
    x1, y1, x2, y2 = (length.of(side) for length, side in zip(roi, (width, height) * 2, strict=True))
    if min(x1, y1, x2, y2) < 0 or max(x1, x2) > width or max(y1, y2) > height:
        raise RoiExceedsBounds
    if x1 >= x2 or y1 >= y2:
        raise RoiRegionEmpty
    return x1, y1, x2, y2


@dataclass(frozen=True, slots=True)
class Composition:
    """The defaults are remove.bg's for size `auto`.

    `scale`: the subject's share of the canvas, .1 to 1; None: as it is. `position`: shares across and down of the room
    around the subject, 0 to 1; None: where it is, or the centre if it is scaled. `shadow` and `shadow_opacity`, in
    percent (None: 90 for a car's, else 50), are for the types that `shadows` and `shadow_opacities` do not name.
    `bg_asset` is a picture of the owner's. `type_level` 0: no X-Type.
    """

    max_pixels: int = FULL_PIXELS
    format: Format = Format.AUTO
    roi: Lengths | None = None
    crop: bool = False
    crop_margin: Lengths = NO_MARGIN  # top, right, bottom, left
    scale: float | None = None
    position: tuple[float, float] | None = None
    channels: Channels = Channels.RGBA
    shadow: Shadow = Shadow.NONE
    shadows: Mapping[Subject, Shadow] = field(default_factory=dict)
    shadow_opacity: int | None = None
    shadow_opacities: Mapping[Subject, int] = field(default_factory=dict)
    semitransparency: bool = True
    bg_color: Colour | None = None
    bg_asset: UUID | None = None
    type: Subject = Subject.AUTO
    type_level: int = 1

    def shadow_of(self, subject: Subject) -> Shadow:
        """Never AUTO."""
        asked = self.shadows.get(subject, self.shadow)
        return _AUTO_SHADOWS.get(subject, Shadow.DROP) if asked is Shadow.AUTO else asked

    def opacity_of(self, subject: Subject) -> float:
        """The share of light that the darkest part of the shadow takes, 0 to 1."""
        asked = self.shadow_opacities.get(subject, self.shadow_opacity)
        return (_AUTO_OPACITIES.get(subject, 50) if asked is None else asked) / 100

    def type_name(self, subject: Subject) -> str | None:
        """The value of X-Type; None: no such header."""
        return _TYPE_NAMES[self.type_level].get(subject, str(subject)) if self.type_level else None

    @classmethod
    def read(cls, stored: Mapping[str, Any]) -> Self:
        """Read the JSON form, which lacks defaults. Raises ValueError for what this release does not know."""
        stored_input.require_known(stored, _READ)
        return cls(**{name: _READ[name](value) for name, value in stored.items()})

    def json(self) -> dict[str, Any]:
        """What differs from the defaults."""
        chosen = {name: value for name in _READ if (value := getattr(self, name)) != getattr(NOTHING_ASKED, name)}
        return {**chosen, "bg_asset": str(self.bg_asset)} if self.bg_asset else chosen


def _lengths(stored: Any) -> Lengths:
    first, second, third, fourth = (Length(float(amount), str(unit)) for amount, unit in stored)
    return first, second, third, fourth


def _levels(stored: Any) -> Colour:
    red, green, blue, alpha = map(int, stored)
    return red, green, blue, alpha


def _shares(stored: Any) -> tuple[float, float]:
    across, down = map(float, stored)
    return across, down


def _by_subject(read: Callable[[Any], Any]) -> Callable[[Any], Any]:
    return lambda stored: {Subject(name): read(value) for name, value in stored.items()}


_READ: Mapping[str, Callable[[Any], Any]] = {
    "max_pixels": int,
    "format": Format,
    "roi": _lengths,
    "crop": bool,
    "crop_margin": _lengths,
    "scale": float,
    "position": _shares,
    "channels": Channels,
    "shadow": Shadow,
    "shadows": _by_subject(Shadow),
    "shadow_opacity": int,
    "shadow_opacities": _by_subject(int),
    "semitransparency": bool,
    "bg_color": _levels,
    "bg_asset": UUID,
    "type": Subject,
    "type_level": int,
}
NOTHING_ASKED = Composition()
