"""Pictures as strips of whole rows, and their compression, which PNG and PDF share."""

from collections.abc import Iterable, Iterator

import numpy as np
from isal import isal_zlib
from numpy.typing import NDArray

Strip = NDArray[np.uint8]  # (rows, width, samples)

MM_PER_INCH = 25.4
LEVEL = 1  # of ISA-L: higher levels take longer and make photographs larger
_STRIP_BYTES = 1 << 20
_UP = 2  # PNG's filter that stores the difference from the row above


def strips_of(pixels: NDArray[np.uint8]) -> Iterator[Strip]:
    """Views of (height, width, samples), or of (height, width) as one sample, of about a megabyte each."""
    whole = pixels if pixels.ndim == 3 else pixels[..., None]
    rows = max(1, _STRIP_BYTES // max(1, whole[0].size))
    return (whole[top : top + rows] for top in range(0, len(whole), rows))


def checked(strips: Iterable[Strip], size: tuple[int, int], samples: int) -> Iterator[Strip]:
    """The same strips. Raises ValueError if one has another width or other samples, or if they miss the height."""
    width, height = size
    rows = 0
    for strip in strips:
        rows += len(strip)
        if strip.dtype != np.uint8 or strip.shape[1:] != (width, samples) or rows > height:
            raise ValueError(f"a strip {strip.shape} of {strip.dtype} in {height} rows of {width} x {samples} samples")
        if len(strip):
            yield strip
    if rows != height:
        raise ValueError(f"{rows} rows in a picture of {height}")


def deflated(strips: Iterable[Strip]) -> Iterator[bytes]:
    """A zlib stream of rows with PNG's filter "Up", in pieces; memory is bounded by the largest strip."""
    deflate = isal_zlib.compressobj(LEVEL, isal_zlib.DEFLATED, isal_zlib.MAX_WBITS)
    above: NDArray[np.uint8] | int = 0
    for strip in strips:
        rows = strip.reshape(len(strip), -1)
        lines = np.empty((len(rows), rows.shape[1] + 1), np.uint8)
        lines[:, 0] = _UP
        np.subtract(rows[0], above, out=lines[0, 1:])
        np.subtract(rows[1:], rows[:-1], out=lines[1:, 1:])
        above = rows[-1].copy()
        yield deflate.compress(lines)
    yield deflate.flush()
