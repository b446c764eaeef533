"""What one walk over a file finds, and the limits every walk keeps."""

from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum

from shared.errors import TooComplex

MAX_CHUNKS = 10_000  # an honest 20 MB PNG in chunks of 8 KB has 2,500; half a million empty ones cost seconds
MAX_SCANS = 64  # encoders write 10; each costs a pass over the whole picture, and one can be repeated a million times
MAX_PROFILE_BYTES = 4 << 20  # inflated; the largest press profiles have 2.7 MB

Density = tuple[float, float]  # pixels per inch, across and down


class Format(StrEnum):
    """Formats a picture may arrive in. STORED ones are stored as received, the others as PNG."""

    JPEG = "jpeg"
    PNG = "png"
    WEBP = "webp"
    HEIC = "heic"
    AVIF = "avif"
    TIFF = "tiff"
    GIF = "gif"
    BMP = "bmp"
    SVG = "svg"

    @property
    def content_type(self) -> str:
        return "image/svg+xml" if self is Format.SVG else f"image/{self.value}"

    @property
    def extension(self) -> str:
        return "jpg" if self is Format.JPEG else self.value

    @property
    def label(self) -> str:
        """The name people know."""
        return "WebP" if self is Format.WEBP else self.value.upper()


STORED = frozenset((Format.JPEG, Format.PNG, Format.WEBP))


@dataclass(frozen=True, slots=True)
class Structure:
    """Sides as stored, before `orientation` (EXIF's 1 to 8) is applied; `parts` joined: the file without metadata.

    `profile` is the colour profile that counts, whichever way the file states it; empty means sRGB, or for CMYK that
    nothing is stated. `density` counts as stored, like the sides. `complete`: not even what may be missing at the end
    is missing.
    """

    width: int
    height: int
    parts: Sequence[bytes | memoryview]
    orientation: int = 1
    alpha: bool = False
    animated: bool = False
    profile: bytes = b""
    density: Density | None = None
    complete: bool = True

    def clean(self) -> bytes:
        return b"".join(self.parts)


def limited_profile(profile: bytes) -> bytes:
    """The same profile; TooComplex if it is larger than any real one."""
    if len(profile) > MAX_PROFILE_BYTES:
        raise TooComplex("The colour profile is larger than 4 MB.")
    return profile
