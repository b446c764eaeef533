"""Pillow's way in: one format at a time, and all its errors turned into ours."""

import io
import struct
from collections.abc import Iterator
from contextlib import contextmanager

# Named, or Pillow would load all its decoders to find WebP's.
from PIL import Image, ImageFile, JpegImagePlugin, PngImagePlugin, WebPImagePlugin  # noqa: F401

from shared.errors import Busy, UnreadableImage
from shared.image_format.structure import Format

_PILLOWS_NAMES = {Format.HEIC: "HEIF"}


@contextmanager
def opened(data: bytes, kind: Format) -> Iterator[ImageFile.ImageFile]:
    """Pillow's own errors are many; MemoryError is ours, not the picture's."""
    name = _PILLOWS_NAMES.get(kind, kind.value.upper())
    try:
        with Image.open(io.BytesIO(data), formats=(name,)) as image:
            yield image
    except MemoryError:
        raise Busy from None
    except (
        OSError,
        ValueError,
        SyntaxError,
        EOFError,
        OverflowError,
        struct.error,
        Image.DecompressionBombError,
    ) as error:
        raise UnreadableImage from error
