"""The catalogue of networks: the published file of each, and how a picture is prepared for it.

A name stands for exactly one published file and one preparation: a file with another digest is refused, and a missing
one is an error, never replaced by another network. Only a deployment that names no network gets the bundled one instead
of u2net.
"""

from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path

BUNDLED = Path(__file__).parents[1] / "models" / "compact.onnx"
PUBLISHED_AT = "https://github.com/danielgatis/rembg/releases/download/v0.0.0"


class Name(StrEnum):
    U2NET = "u2net"
    U2NETP = "u2netp"
    SILUETA = "silueta"
    ISNET = "isnet-general-use"
    COMPACT = "compact"

    @property
    def file(self) -> str:
        return f"{self.value}.onnx"


class Precision(StrEnum):
    """AUTO: int8 where that is good, and float for pictures in doubt."""

    AUTO = "auto"
    FLOAT = "float"
    INT8 = "int8"


@dataclass(frozen=True, slots=True)
class Preparation:
    """Lanczos to a square of `size` pixels, divided by the maximum, minus `mean`, divided by `deviation`."""

    size: int
    mean: tuple[float, float, float]
    deviation: tuple[float, float, float]


@dataclass(frozen=True, slots=True)
class Entry:
    """`md5` is the digest the rembg library publishes for the file; None for the bundled network."""

    preparation: Preparation
    megabytes: float
    md5: str | None


@dataclass(frozen=True, slots=True)
class Weights:
    """A file to run. `sha256` is of the bytes of `path`; `optimized` computes the same and runs in its place."""

    name: Name
    path: Path
    sha256: str
    preparation: Preparation
    precision: Precision = Precision.FLOAT
    optimized: Path | None = None


_IMAGENET = Preparation(320, (0.485, 0.456, 0.406), (0.229, 0.224, 0.225))
_CENTRED = Preparation(1024, (0.5, 0.5, 0.5), (1.0, 1.0, 1.0))

CATALOGUE = {
    Name.U2NET: Entry(_IMAGENET, 176.0, "60024c5c889badc19c04ad937298a77b"),
    Name.U2NETP: Entry(_IMAGENET, 4.6, "8e83ca70e441ab06c318d82300c84806"),
    Name.SILUETA: Entry(_IMAGENET, 44.2, "55e59e0d8062d2f5d013f4725ee84782"),
    Name.ISNET: Entry(_CENTRED, 178.6, "fc16ebd8b0c10d971d3513d564d01e29"),
    Name.COMPACT: Entry(_IMAGENET, 7.4, None),
}
