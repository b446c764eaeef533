"""Connected parts too small to be meant: specks of ink, and pinholes in it."""

from dataclasses import dataclass

import numpy as np
from scipy import ndimage

from services.worker.prepress.arrays import Mask


@dataclass(frozen=True, slots=True)
class Small:
    """How many parts are too small, their share of all, and their pixels."""

    count: int
    share: float
    marks: Mask


def islands(ink: Mask, least: float, share_of_largest: float = 0.0) -> Small:
    """Parts of ink, joined also by corners, under `least` pixels or a share of the largest, which always stays."""
    labels, _ = ndimage.label(ink, np.ones((3, 3)))
    return _small(labels, least, share_of_largest)


def pinholes(clear: Mask, most: float) -> Small:
    """Clear parts of under `most` pixels, but the largest and the one in the corner: what lies around the ink."""
    labels, _ = ndimage.label(clear)
    return _small(labels, most, 0.0, kept=int(labels[0, 0]))


def _small(labels: np.ndarray, least: float, share_of_largest: float, kept: int = 0) -> Small:
    sizes = np.bincount(labels.ravel())
    sizes[0] = 0
    small = (sizes > 0) & (sizes < max(least, share_of_largest * sizes.max()))
    small[[sizes.argmax(), kept]] = False
    return Small(int(small.sum()), float(sizes[small].sum() / max(1, sizes.sum())), np.take(small, labels))
