"""Cut-outs: what a job of this type is asked for, who does it, and what it produces."""

from collections.abc import Mapping
from dataclasses import asdict, dataclass
from enum import StrEnum
from typing import Any, Self
from uuid import UUID

from shared.models.asset import AssetKind

ASSETS = frozenset({AssetKind.CUTOUT, AssetKind.PREVIEW, AssetKind.MASK})  # what a finished job leaves


class Provider(StrEnum):
    SELF_HOSTED = "self_hosted"
    REMOVEBG = "removebg"


@dataclass(frozen=True, slots=True)
class CutoutInput:
    """What a caller chose. `provider`: use this one, whatever the rollout says."""

    provider: Provider | None = None

    @classmethod
    def read(cls, stored: Mapping[str, Any]) -> Self:
        """Read `jobs.input`. Raises ValueError for a value or a field that this release does not know."""
        if unknown := stored.keys() - cls.__slots__:
            raise ValueError(f"unknown input: {', '.join(sorted(unknown))}")
        provider = stored.get("provider")
        return cls(provider=Provider(provider) if provider is not None else None)

    def json(self) -> dict[str, Any]:
        return {name: value for name, value in asdict(self).items() if value is not None}


@dataclass(frozen=True, slots=True)
class Foreground:
    """The bounding box of all visible pixels, in pixels of the upright picture."""

    top: int
    left: int
    width: int
    height: int


@dataclass(frozen=True, slots=True)
class CutoutResult:
    """What a finished job produced. `uncertain` is the share of ink whose alpha is between 10 % and 90 %."""

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

    @classmethod
    def read(cls, stored: Mapping[str, Any]) -> Self:
        """Read `jobs.result`."""
        return cls(**{**stored, "asset_id": UUID(stored["asset_id"]), "foreground": Foreground(**stored["foreground"])})

    def json(self) -> dict[str, Any]:
        return {**asdict(self), "asset_id": str(self.asset_id)}
