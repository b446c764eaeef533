"""Strips of a plane with the rows above and below them, so that neighbourhoods cost little memory."""

from collections.abc import Iterator

import numpy as np

from services.worker.print_file.fitting import Pixels

_STRIP_PIXELS = 1 << 21


def with_margin(plane: Pixels, margin: int) -> Iterator[tuple[int, Pixels, Pixels]]:
    """Top, strip, and the strip with `margin` more rows on both sides; there is nothing (0) outside the picture."""
    height, width = plane.shape
    rows = max(margin, 1, _STRIP_PIXELS // width)
    for top in range(0, height, rows):
        bottom = min(top + rows, height)
        part = plane[max(0, top - margin) : bottom + margin]
        missing = (max(0, margin - top), max(0, bottom + margin - height))
        yield top, plane[top:bottom], np.pad(part, (missing, (0, 0)))
