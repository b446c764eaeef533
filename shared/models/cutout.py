"""Cut-outs: who makes them, and what a finished one consists of."""

from dataclasses import dataclass
from enum import StrEnum
from uuid import UUID


class Provider(StrEnum):
    SELF_HOSTED = "self_hosted"
    REMOVEBG = "removebg"


@dataclass(frozen=True, slots=True)
class Foreground:
    """The box around everything visible, in pixels of the upright picture."""

    top: int
    left: int
    width: int
    height: int


@dataclass(frozen=True, slots=True)
class Result:
    """What a finished cut-out job produced. `uncertain` is the share of ink whose alpha lies between 10 % and 90 %."""

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
