"""Cut-outs: what a job of this type is asked for, who does it, and what it produces."""

from collections.abc import Callable, Mapping
from dataclasses import asdict, dataclass
from enum import StrEnum
from typing import Any, Self
from uuid import UUID

from shared.models import stored_input
from shared.models.asset import AssetKind
from shared.models.composition import Composition, Subject
from shared.models.rendering import AS_CUT, Rendering

OF_FILES = ("rendering", "composition")  # options of the file, which do not change the cut-out
ASSETS = frozenset({AssetKind.CUTOUT, AssetKind.PREVIEW, AssetKind.MASK})  # what a finished job leaves


class Provider(StrEnum):
    SELF_HOSTED = "self_hosted"
    REMOVEBG = "removebg"


class Transparency(StrEnum):
    """What a picture's own transparency means. AUTO: it is kept where it plainly is a cut-out's."""

    AUTO = "auto"
    KEEP = "keep"
    IGNORE = "ignore"


class Method(StrEnum):
    """What tells subject and background apart. AUTO: colour for flat artwork on a flat ground, else the network."""

    AUTO = "auto"
    NETWORK = "network"
    FLAT = "flat"


class MaskPrecision(StrEnum):
    """In which numbers our own network made a mask."""

    INT8 = "int8"
    FLOAT = "float"


@dataclass(frozen=True, slots=True)
class CutoutInput:
    """What a caller chose; the defaults are what callers get who choose nothing.

    `provider`: use this one, whatever the rollout says. `decontaminate`: free colours at the edge of the background's.
    `matting`: refine the edge of hair and threads. `rendering` and `composition`, of which a job has one at most,
    change the file only, not the cut-out it is made of.
    """

    provider: Provider | None = None
    transparency: Transparency = Transparency.AUTO
    method: Method = Method.AUTO
    decontaminate: bool = True
    matting: bool = False
    rendering: Rendering = AS_CUT
    composition: Composition | None = None

    @classmethod
    def read(cls, stored: Mapping[str, Any]) -> Self:
        """Read `jobs.input`. Raises ValueError for a value or a field that this release does not know."""
        stored_input.require_known(stored, _READ_INPUT)
        return cls(**{name: _READ_INPUT[name](value) for name, value in stored.items()})

    def json(self) -> dict[str, Any]:
        """What differs from the defaults."""
        chosen = stored_input.chosen(self)
        return {name: value.json() if name in OF_FILES else value for name, value in chosen.items()}


_READ_INPUT: Mapping[str, Callable[[Any], Any]] = {
    "provider": Provider,
    "transparency": Transparency,
    "method": Method,
    "decontaminate": bool,
    "matting": bool,
    "rendering": Rendering.read,
    "composition": Composition.read,
}
NO_OPTIONS = CutoutInput()


@dataclass(frozen=True, slots=True)
class Foreground:
    """The bounding box of all visible pixels, in pixels of the upright picture."""

    top: int
    left: int
    width: int
    height: int


@dataclass(frozen=True, slots=True)
class Composed:
    """What is known of a composition besides its file.

    `foreground` is the box of the subject within the region of interest, in pixels of the upright picture; `max_width`
    and `max_height` are the sides that the file has at size `full`, or has if it is larger.
    """

    type: Subject
    foreground: Foreground
    max_width: int
    max_height: int

    @classmethod
    def read(cls, stored: Mapping[str, Any]) -> Self:
        """Fields of a later release are ignored."""
        known = {name: stored[name] for name in stored.keys() & cls.__dataclass_fields__.keys()}
        return cls(**{**known, "type": Subject(stored["type"]), "foreground": Foreground(**stored["foreground"])})


@dataclass(frozen=True, slots=True)
class CutoutResult:
    """What a finished job produced.

    `uncertain` is the share of ink whose alpha is between 10 % and 90 %, or more where the subject hardly stands out
    from its background. `passed_through`: the picture was a cut-out already. `method` is NETWORK or FLAT where our own
    service made it, else None. `composed` is None unless a composition was asked for.
    """

    asset_id: UUID
    cutout_key: str
    preview_key: str
    mask_key: str
    width: int
    height: int
    bytes: int
    model: str
    uncertain: float
    foreground: Foreground
    cost_microusd: int = 0
    passed_through: bool = False
    method: Method | None = None
    composed: Composed | None = None

    @classmethod
    def read(cls, stored: Mapping[str, Any]) -> Self:
        """Read `jobs.result`. Fields of a later release are ignored, so that this one can show its jobs."""
        method, composed = stored.get("method"), stored.get("composed")
        read = {
            "asset_id": UUID(stored["asset_id"]),
            "foreground": Foreground(**stored["foreground"]),
            "method": Method(method) if method else None,
            "composed": Composed.read(composed) if composed else None,
        }
        known = {name: stored[name] for name in stored.keys() & cls.__dataclass_fields__.keys()}
        return cls(**{**known, **read})

    def json(self) -> dict[str, Any]:
        return {**asdict(self), "asset_id": str(self.asset_id)}
