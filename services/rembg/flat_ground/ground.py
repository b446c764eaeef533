"""The colour of a flat or near-flat ground, read from the picture's border.

Near-flat is a surface of second order in each channel, which a gradient and a vignette are, of no more than 24 of 255
from its darkest to its lightest place. The artwork may reach the border, in up to a third of it.
"""

from dataclasses import dataclass

import numpy as np

_BORDER = 50  # the border's width is the shorter side divided by this, at most 8 pixels
_FIRST, _LATER = 24, (12, 6)  # of 255: what counts as ground around the median, then around each fit
_RANGE = 24.0
_CONSTANT = 2.0  # below this range the ground is one colour
_SHARE = 0.65  # of the border that must show the ground
_WITHIN = 40  # of 255: one that is flat shows _SHARE of the border within _RANGE and twice the last of _LATER
_NOISE = 5.0  # of 255, off by no more in 95 % of the ground at the border


@dataclass(frozen=True, slots=True)
class Ground:
    """`terms` is 6 x 3, of 1, x, y, x², xy, y² with x and y from -1 to 1. `noise`: 95 % are off by no more, of 255."""

    terms: np.ndarray
    noise: float

    @property
    def constant(self) -> bool:
        return not np.any(self.terms[1:])

    @property
    def middle(self) -> np.ndarray:
        first: np.ndarray = self.terms[0]
        return first

    def at(self, x: np.ndarray, y: np.ndarray) -> np.ndarray:
        """Colours, N x 3 float32, at places from -1 to 1."""
        if self.constant:
            return np.broadcast_to(self.middle.astype(np.float32), (len(x), 3))
        found: np.ndarray = (_basis(x, y) @ self.terms).astype(np.float32)
        return found

    def rows(self, top: int, bottom: int, size: tuple[int, int]) -> np.ndarray:
        """Whole colours of rows of a picture of this width and height, uint8, broadcastable to rows x width x 3."""
        if self.constant:
            return np.array(np.rint(self.middle), np.uint8)[None, None]
        x = places(np.arange(size[0]), size[0])[None, :, None].astype(np.float32)
        y = places(np.arange(top, bottom), size[1])[:, None, None].astype(np.float32)
        one, by_x, by_y, by_xx, by_xy, by_yy = self.terms.astype(np.float32)
        found = (one + by_y * y + by_yy * y * y) + x * (by_x + by_xy * y) + x * x * by_xx
        return np.array(np.rint(found.clip(0, 255)), np.uint8)


def find(pixels: np.ndarray) -> Ground | None:
    """The ground of a picture, H x W x 3 uint8; None where the border isn't flat within the limits above."""
    colours, x, y = _border(pixels)
    if not all(_may_be_flat(channel) for channel in colours.T):
        return None
    colours = colours.astype(np.float64)
    middle = np.median(colours, axis=0)
    terms = np.zeros((6, 3))
    terms[0] = middle
    basis = _basis(x, y)
    off = np.abs(colours - middle).max(axis=1)
    if np.mean(off <= 1) < _SHARE:
        ground = off <= _FIRST
        for near in _LATER:
            terms = _fitted(basis[ground], colours[ground])
            off = np.abs(colours - basis @ terms).max(axis=1)
            ground = off <= near
        if _extent(terms) <= _CONSTANT:
            terms = np.zeros((6, 3))
            terms[0] = np.median(colours[ground], axis=0) if ground.any() else middle
            off = np.abs(colours - terms[0]).max(axis=1)
    ground = off <= _LATER[-1]
    if ground.mean() < _SHARE or _extent(terms) > _RANGE:
        return None
    noise = float(np.percentile(off[ground], 95))
    return Ground(terms, noise) if noise <= _NOISE else None


def _may_be_flat(levels: np.ndarray) -> bool:
    """A twentieth of the work, and enough for most photographs."""
    up_to = np.cumsum(np.bincount(levels, minlength=256 + _WITHIN))
    most = (up_to[_WITHIN:] - np.pad(up_to[: -_WITHIN - 1], (1, 0))).max()
    return bool(most >= _SHARE * len(levels))


def _fitted(basis: np.ndarray, colours: np.ndarray) -> np.ndarray:
    """Least squares, never singular."""
    terms: np.ndarray = np.linalg.solve(basis.T @ basis + 1e-6 * np.eye(6), basis.T @ colours)
    return terms


def places(index: np.ndarray, size: int) -> np.ndarray:
    """Pixels' centres on a scale from -1 to 1."""
    return (2 * index + 1) / size - 1


def _border(pixels: np.ndarray) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Colours and places of up to some 20,000 pixels along the four sides."""
    height, width = pixels.shape[:2]
    thick = max(1, min(8, min(height, width) // _BORDER))
    inner = np.zeros((height, width), bool)
    inner[thick : height - thick, thick : width - thick] = True
    at = np.flatnonzero(~inner)
    at = at[:: max(1, len(at) // 20_000)]
    rows, columns = np.divmod(at, width)
    return pixels[rows, columns], places(columns, width), places(rows, height)


def _basis(x: np.ndarray, y: np.ndarray) -> np.ndarray:
    return np.stack([np.ones_like(x), x, y, x * x, x * y, y * y], axis=1)


def _extent(terms: np.ndarray) -> float:
    x, y = (axis.ravel() for axis in np.meshgrid(np.linspace(-1, 1, 9), np.linspace(-1, 1, 9)))
    found = _basis(x, y) @ terms
    return float((found.max(axis=0) - found.min(axis=0)).max())
