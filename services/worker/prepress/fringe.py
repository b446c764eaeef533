"""What is left of the old background in the colours of the outline.

With F the subject's colour a few pixels inside, B the background's outside and C what is printed, all in L*a*b*:

    contamination   how far C lies on the way from F to B, <C - F, B - F> / |B - F|^2; needs the photograph
    halo            how far C is from F, where there is no photograph to know B from

A subject's own shading towards its edge looks the same, so that what the same step shows wholly inside is subtracted.
A few thousand pixels of the outline give the mean; the colours next to them are found by a tree of points.
"""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy.spatial import KDTree

from services.worker.prepress import lab, morphology
from services.worker.prepress.arrays import Mask, Pixels, Points, sampled
from services.worker.prepress.working_copy import INK, WorkingCopy

_INSIDE, _SURE, _DEEP = 2, 4, 8  # steps inside the ink: the outline, the subject, and where its shading is measured
_OUTSIDE = (2, 12)  # steps outside that still belong to the outline: its width within these
_CLEAR = 3  # steps further out the background is sure
_DIFFERENT = 20.0  # subject and background differ at least so much, or their mixture cannot be told
_SAMPLES, _KNOWN, _LEAST = 4000, 50_000, 20
_NEAR = 60.0  # working pixels; colours further away say nothing about this outline


@dataclass(frozen=True, slots=True)
class Fringe:
    contamination: float
    halo: float


@dataclass(frozen=True, slots=True)
class _Colours:
    """Places with a known colour, and the nearest of them to any other place."""

    picture: Pixels
    points: Points

    @classmethod
    def at_edge_of(cls, mask: Mask, picture: Pixels) -> "_Colours":
        return cls(picture, sampled(morphology.edge(mask), _KNOWN))

    def nearest(self, points: Points) -> tuple[lab.Lab, Mask]:
        """Colours, and whether they are near enough to count."""
        if not len(self.points[0]):
            return np.zeros((len(points[0]), 3), np.float32), np.zeros(len(points[0]), np.bool_)
        distances, found = KDTree(np.transpose(self.points)).query(np.transpose(points))
        at = (self.points[0][found], self.points[1][found])
        return lab.from_srgb(self.picture[at]), distances <= _NEAR


def measure(copy: WorkingCopy, inside: Pixels, outside: Pixels, rim_width: float) -> Fringe:
    """`inside` and `outside` are depths to at least 9 and 15 steps; `rim_width` is in working pixels."""
    reach = round(float(np.clip(rim_width, *_OUTSIDE)))
    outline = (copy.alpha >= INK) & (inside <= _INSIDE) & (outside <= reach)
    within = (inside > _SURE) & (inside <= _SURE + 2)
    subject = _Colours.at_edge_of(inside > _SURE, copy.rgb)
    deeper = _Colours.at_edge_of(inside > _DEEP, copy.rgb)
    ground = None
    if copy.source is not None:
        ground = _Colours.at_edge_of((outside > reach + _CLEAR) & (copy.alpha < INK), copy.source)
    at_edge = _step(copy, outline, subject, ground)
    own = _step(copy, within, deeper, ground)
    return Fringe(*(max(0.0, edge - max(0.0, own)) for edge, own in zip(at_edge, own, strict=True)))


def _step(copy: WorkingCopy, marked: Mask, subject: _Colours, ground: _Colours | None) -> tuple[float, float]:
    """Contamination and halo of the marked pixels, weighted by their alpha."""
    points = sampled(marked, _SAMPLES)
    before, known = subject.nearest(points)
    weights = copy.alpha[points] * known
    change = lab.from_srgb(copy.rgb[points]) - before
    halo = _mean(np.sqrt((change * change).sum(1)), weights)
    if ground is None:
        return 0.0, halo
    after, sure = ground.nearest(points)
    way = after - before
    length = (way * way).sum(1)
    share = np.clip((change * way).sum(1) / np.maximum(length, 1), -1, 1)
    return _mean(share, weights * sure * (length > _DIFFERENT**2)), halo


def _mean(values: NDArray[np.float32], weights: NDArray[np.float32] | Pixels) -> float:
    if np.count_nonzero(weights) < _LEAST:
        return 0.0
    return float((values * weights).sum() / weights.sum(dtype=np.float64))
