"""Connected parts too small to be meant: specks of ink, and pinholes in it.

Size alone does not tell a speck from the dot of an "i", nor a pinhole from the eye of an "e": those lie beside other
parts. Parts with narrow gaps between them therefore count as one.
"""

from dataclasses import dataclass

import numpy as np
from scipy import ndimage

from services.worker.prepress.arrays import Mask

_GAP = 2.0  # sides of the largest speck: a hyphen between spaces, the widest gap of small print, is 1.6 away
_CORNERS = np.ones((3, 3))


@dataclass(frozen=True, slots=True)
class Small:
    """How many parts are too small, their share of all, and their pixels."""

    count: int
    share: float
    marks: Mask


def islands(ink: Mask, least: float, opaque: Mask | None = None) -> Small:
    """Parts of ink, joined also by corners, under `least` pixels and away from others. The largest always stays.

    `opaque` are pixels whose part stays, too.
    """
    labels, _ = ndimage.label(ink, _CORNERS)
    return _small(ink, labels, least, opaque)


def pinholes(clear: Mask, most: float) -> Small:
    """Clear parts of under `most` pixels and away from others, but the one in the corner: the surroundings."""
    labels, _ = ndimage.label(clear)
    corner = np.zeros_like(clear)
    corner[0, 0] = True
    return _small(clear, labels, most, corner & clear)


def _small(mask: Mask, labels: np.ndarray, least: float, kept: Mask | None) -> Small:
    sizes = np.bincount(labels.ravel())[1:]
    if not (sizes < least).any():
        return Small(0, 0.0, np.zeros_like(mask))
    groups, count = ndimage.label(_grown(mask, _GAP * np.sqrt(least) / 2), _CORNERS)
    inked = np.bincount(groups[mask], minlength=count + 1)
    small = inked < least
    small[0] = small[inked.argmax()] = False
    if kept is not None:
        small[groups[kept]] = False
    marks = mask & np.take(small, groups)
    return Small(len(np.unique(labels[marks])), float(marks.sum() / sizes.sum()), marks)


def _grown(mask: Mask, reach: float) -> Mask:
    size = 2 * min(int(reach), max(mask.shape)) + 1
    return np.asarray(ndimage.maximum_filter(mask.view(np.uint8), size, mode="constant")).view(np.bool_)
