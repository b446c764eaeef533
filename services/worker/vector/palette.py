"""The few flat inks that a logo was drawn with, found before anything is traced, and whether it was drawn so.

First only pixels in flat surroundings vote: a pixel at an edge is a mixture, and no ink. The most frequent colour is
an ink, then the most frequent one that differs from it, and so on; so noise, of which every colour is rare, adds none.
Then the inks of thin lines are found, which have no flat surroundings: colours that no mixture of two inks explains.
"""

from dataclasses import dataclass
from itertools import combinations
from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy import ndimage

from services.worker.prepress import lab
from services.worker.prepress.arrays import Mask, Pixels

MOST_INKS = 12
OPAQUE, INKED = 250, 128  # alpha of a pixel that may vote, and of one that is printed
_FLAT = 12  # codes between the pixels of 3 x 3; JPEG leaves as much in a flat area
_SAME_INK = 10.0  # CIE76: nearer colours are one ink
_SHADE = 4.0  # and nearer ones than this are the same colour
_MIXTURE = 15.0  # and so near to the line between two inks, a colour is their mixture
_LEAST_SHARE = 0.002  # of the pixels that vote; less is dirt
_LEAST_FLAT = 0.15  # logos have 0.63 to 0.99; noise has none, and lines of three pixels hardly any
_LEAST_EXPLAINED = 0.93  # logos have 0.96 to 1, photographs 0.70 to 0.78, drawings with fades 0.10 to 0.88
_BITS = 5  # of each channel while colours are counted


@dataclass(frozen=True, slots=True)
class Palette:
    """Inks as sRGB (n, 3), the largest first, none for a picture without ink.

    `shares` are theirs of the opaque pixels. `flat` is the share of printed pixels in flat surroundings, `explained`
    that of the flat pixels which are one of the inks, and no shade between them.
    """

    colours: Pixels
    shares: tuple[float, ...]
    flat: float
    explained: float

    @property
    def drawn(self) -> bool:
        """Whether the picture was drawn with these inks, and is no photograph and has no fades."""
        return self.flat >= _LEAST_FLAT and self.explained >= _LEAST_EXPLAINED


@dataclass(frozen=True, slots=True)
class _Votes:
    """Colours as sRGB and Lab, (n, 3), and the number of pixels of each."""

    colours: Pixels
    tints: lab.Lab
    counts: NDArray[np.float64]

    def without(self, gone: Mask) -> "_Votes":
        return _Votes(self.colours, self.tints, np.where(gone, 0, self.counts))


def find(rgba: Pixels, most: int = MOST_INKS) -> Palette:
    """At most so many inks of a picture, (h, w, 4)."""
    printed, flat = rgba[..., 3] >= INKED, flat_pixels(rgba)
    if not printed.any():
        return Palette(np.zeros((0, 3), np.uint8), (), 0.0, 0.0)
    opaque = rgba[..., 3] >= OPAQUE
    every, steady = _counted(rgba[opaque if opaque.any() else printed]), _counted(rgba[flat])
    inks = _modes(steady, most, _LEAST_SHARE * steady.counts.sum())
    explained = _share(steady, _off(steady.tints, inks) < _SHADE)
    inks = _with_thin_ones(inks, every, most)
    owner = lab.difference(every.tints[:, None], inks).argmin(1)
    shares = np.bincount(owner, every.counts, len(inks)) / every.counts.sum()
    order = np.argsort(-shares, kind="stable")
    colours = np.stack([_mean(steady, every, ink) for ink in inks])
    return Palette(colours[order], tuple(shares[order].tolist()), float(flat.sum() / printed.sum()), explained)


def flat_pixels(rgba: Pixels) -> Mask:
    """Opaque pixels whose neighbours are opaque and nearly of their colour; outside of the picture it goes on."""
    flat = ndimage.minimum_filter(rgba[..., 3], 3) >= OPAQUE
    for channel in range(3):
        codes = np.ascontiguousarray(rgba[..., channel])
        flat &= ndimage.maximum_filter(codes, 3) - ndimage.minimum_filter(codes, 3) <= _FLAT
    return np.asarray(flat)


def _counted(pixels: Pixels) -> _Votes:
    """Mean colours of the cells of a coarse grid, and how many of the pixels, (n, 4), each holds."""
    cells = np.zeros(len(pixels), np.int64)
    for channel in range(3):
        cells = (cells << _BITS) | (pixels[:, channel] >> (8 - _BITS))
    counts = np.bincount(cells, minlength=1 << 3 * _BITS).astype(np.float64)
    sums = [np.bincount(cells, pixels[:, channel], len(counts)) for channel in range(3)]
    used = counts > 0
    colours = np.rint(np.stack(sums, 1)[used] / counts[used, None]).astype(np.uint8)
    return _Votes(colours, lab.from_srgb(colours), counts[used])


def _modes(votes: _Votes, most: int, least: float) -> lab.Lab:
    """The most frequent colours, each different from those before it and with so many pixels around it."""
    inks = np.zeros((0, 3), np.float32)
    while len(inks) < most and votes.counts.any():
        mode = votes.tints[votes.counts.argmax()]
        near = lab.difference(votes.tints, mode) < _SAME_INK
        if votes.counts[near].sum() >= least:
            inks = np.concatenate([inks, mode[None]])
        votes = votes.without(near)
    return inks


def _with_thin_ones(inks: lab.Lab, votes: _Votes, most: int) -> lab.Lab:
    """Add the most frequent of the colours that are no mixture, until all are explained."""
    while len(inks) < most:
        left = votes.without(mixed(votes.tints, inks))
        found = _modes(left, 1, _LEAST_SHARE * votes.counts.sum())
        if not len(found):
            break
        inks = np.concatenate([inks, found])
    return inks


def mixed(tints: lab.Lab, inks: lab.Lab) -> Mask:
    """Which colours are inks, or lie near the line between two of them."""
    mixed = _off(tints, inks) < _MIXTURE
    for one, other in combinations(inks, 2):
        along = other - one
        part = np.clip((tints - one) @ along / (along @ along), 0, 1)
        mixed |= lab.difference(tints, one + part[:, None] * along) < _MIXTURE
    return mixed


def _off(tints: lab.Lab, inks: lab.Lab) -> NDArray[np.floating[Any]]:
    """How far each colour is from the nearest ink."""
    return np.asarray(np.min([lab.difference(tints, ink) for ink in inks], axis=0, initial=np.inf))


def _share(votes: _Votes, which: Mask) -> float:
    return float(votes.counts[which].sum() / max(1.0, votes.counts.sum()))


def _mean(steady: _Votes, every: _Votes, ink: lab.Lab) -> Pixels:
    """An ink's colour: of pixels that a soft edge does not shade, if there are any."""
    votes = steady if (lab.difference(steady.tints, ink) < _SHADE).any() else every
    near = votes.counts * (lab.difference(votes.tints, ink) < _SHADE)
    return np.asarray(np.rint(near @ votes.colours / near.sum()).astype(np.uint8))
