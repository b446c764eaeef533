"""Where a mixed colour lies on the line between the two that it is mixed of.

Chroma has a quarter of luma's weight, because JPEG keeps it at half the size.
"""

import numpy as np

_LUMA = np.array([0.299, 0.587, 0.114], np.float32)
_METRIC = 0.25 * (np.eye(3, dtype=np.float32) - _LUMA[:, None]) + _LUMA[:, None]  # luma and a quarter of the chroma


def on_line(pixels: np.ndarray, first: np.ndarray, last: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Each pixel's place on the line from one colour to another, 0 to 1, and how far off it lies, of 255."""
    line = last - first
    weighed = line @ _METRIC
    length = np.maximum(1e-3, _dot(weighed, weighed))
    place = _dot((pixels - first) @ _METRIC, weighed) / length
    off = pixels - first - place.clip(0, 1)[:, None] * line
    return place, np.sqrt(_dot(off, off))


def _dot(left: np.ndarray, right: np.ndarray) -> np.ndarray:
    product: np.ndarray = np.einsum("...i,...i->...", left, right)
    return product
