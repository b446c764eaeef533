"""What one walk over a file finds, and the limits every walk keeps."""

import zlib
from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum

from shared.errors import TooComplex

MAX_CHUNKS = 10_000  # an honest 20 MB PNG in chunks of 8 KB has 2,500; half a million empty ones cost seconds
MAX_SCANS = 64  # encoders write 10; each costs a pass over the whole picture, and one can be repeated a million times
MAX_TEXT_BYTES = 1 << 20  # texts and colour profile together, inflated; the largest CMYK profiles reach 0.7 MB


class Format(StrEnum):
    JPEG = "jpeg"
    PNG = "png"
    WEBP = "webp"

    @property
    def content_type(self) -> str:
        return f"image/{self.value}"

    @property
    def extension(self) -> str:
        return "jpg" if self is Format.JPEG else self.value


@dataclass(frozen=True, slots=True)
class Structure:
    """Sides as stored, before `orientation` (EXIF's 1 to 8) is applied; `parts` joined: the file without metadata."""

    width: int
    height: int
    parts: Sequence[bytes | memoryview]
    orientation: int = 1
    alpha: bool = False
    animated: bool = False

    def clean(self) -> bytes:
        return b"".join(self.parts)


class Text:
    """Adds up what a file carries beside its pixels, and raises TooComplex beyond the limit."""

    def __init__(self) -> None:
        self._left = MAX_TEXT_BYTES

    def add(self, size: int) -> None:
        self._left -= size
        if self._left < 0:
            raise TooComplex("The file carries more than 1 MB of text or colour profile.")

    def add_deflated(self, data: bytes | memoryview) -> None:
        """Inflates no further than the limit; what is not deflated at all counts as it stands."""
        try:
            self.add(len(zlib.decompressobj().decompress(data, self._left + 1)))
        except zlib.error:
            self.add(len(data))
