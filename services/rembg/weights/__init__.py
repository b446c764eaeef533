"""The networks this service can run: what each file must be, and how a picture is prepared for it.

A name stands for one published file and one preparation, never for "something like it": a file whose digest differs is
refused, and a network that is not there is an error, not a reason to take another one. Only a deployment that names no
network at all gets the bundled one in place of u2net.
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
    FLOAT = "float"
    INT8 = "int8"


@dataclass(frozen=True, slots=True)
class Preparation:
    """Lanczos to a square of `size` pixels, divided by the brightest value, less `mean`, by `deviation`."""

    size: int
    mean: tuple[float, float, float]
    deviation: tuple[float, float, float]


@dataclass(frozen=True, slots=True)
class Network:
    """`md5` is the digest the rembg library publishes for the file; None for the bundled network, which git guards."""

    preparation: Preparation
    megabytes: float
    md5: str | None


@dataclass(frozen=True, slots=True)
class Weights:
    """A file to load. `sha256` is of its bytes, whatever the name promises."""

    name: Name
    path: Path
    sha256: str
    preparation: Preparation
    precision: Precision = Precision.FLOAT


_IMAGENET = Preparation(320, (0.485, 0.456, 0.406), (0.229, 0.224, 0.225))
_CENTRED = Preparation(1024, (0.5, 0.5, 0.5), (1.0, 1.0, 1.0))

CATALOGUE = {
    Name.U2NET: Network(_IMAGENET, 176.0, "60024c5c889badc19c04ad937298a77b"),
    Name.U2NETP: Network(_IMAGENET, 4.6, "8e83ca70e441ab06c318d82300c84806"),
    Name.SILUETA: Network(_IMAGENET, 44.2, "55e59e0d8062d2f5d013f4725ee84782"),
    Name.ISNET: Network(_CENTRED, 178.6, "fc16ebd8b0c10d971d3513d564d01e29"),
    Name.COMPACT: Network(_IMAGENET, 7.4, None),
}
