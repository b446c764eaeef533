"""What each pixel plainly is: ground, the core of an ink, a quiet colour that is no ink, or none of these."""

import numpy as np

from services.rembg.flat_ground import windows
from services.rembg.flat_ground.ground import Ground
from services.rembg.flat_ground.mixes import on_line
from services.rembg.flat_ground.palette import Palette

NOTHING, OWN, GROUND = 0, 17, 18  # the inks are 1 to 16
_QUIET = 4  # of 255, between neighbours
_LOSSLESS = 3.0  # of 255 from an ink where nothing rings: less than an eightieth of ground is mixed in
_FOREIGN = 16.0  # of 255 off the line to any ink, and twice the tolerance
_RIDGE = 3  # of 255 below the highest nearby


class Labels:
    """For the pictures of one palette. `clear`: pixels no further from the ground, of 255, are ground."""

    def __init__(self, palette: Palette, ground: Ground) -> None:
        self.inks, self.ringing, self.faint = palette.inks, palette.ringing, palette.faint
        self.tolerance = palette.tolerance if palette.ringing else _LOSSLESS
        least = np.abs(self.inks - ground.middle).max(axis=1).min(initial=255)
        self.clear = int(min(max(1, ground.noise + 1, palette.ringing), max(1, least / 3)))
        self._table = _nearest(palette.inks, self.tolerance, ground.middle)

    def of(self, pixels: np.ndarray, base: np.ndarray) -> np.ndarray:
        """H x W, uint8, of pixels H x W x 3 before a ground that is broadcastable to them."""
        off = windows.apart(pixels, base)
        cells = pixels >> 2
        index = cells[..., 0].astype(np.int32)
        for channel in (1, 2):
            index <<= 6
            index |= cells[..., channel]
        ink = self._table[index]
        clear = off <= self.clear
        ink[clear] = NOTHING
        core = _patches(ink) | (off.astype(np.int16) >= windows.highest(off, 1).astype(np.int16) - _RIDGE)
        labels = np.where(core, ink, NOTHING)
        labels[clear] = GROUND
        self._add_quiet(labels, pixels, off)
        self._add_foreign(labels, pixels, base, off)
        return labels

    def _add_quiet(self, labels: np.ndarray, pixels: np.ndarray, off: np.ndarray) -> None:
        """Blends, and shapes too small to count as an ink: no steeper than noise, and not the foot of an edge."""
        rows, columns = np.nonzero((labels == NOTHING) & (off > self.faint))
        for down, across in ((0, 1), (1, 0)):
            before = _step(pixels, rows, columns, -down, -across)
            after = _step(pixels, rows, columns, down, across)
            quiet = np.minimum(before, after) <= _QUIET + self.ringing
            rows, columns = rows[quiet], columns[quiet]
        if len(rows):
            peak = off[rows, columns] >= 0.8 * windows.highest(off, 2)[rows, columns]
            labels[rows[peak], columns[peak]] = OWN

    def _add_foreign(self, labels: np.ndarray, pixels: np.ndarray, base: np.ndarray, off: np.ndarray) -> None:
        """The ridge of strokes so thin, and so few, that their ink is none of the palette's."""
        rows, columns = np.nonzero((labels == NOTHING) & (off > 2 * self.faint) & (off == windows.highest(off, 1)))
        here = pixels[rows, columns].astype(np.float32)
        ground = np.broadcast_to(base, pixels.shape)[rows, columns].astype(np.float32)
        miss = np.full(len(rows), np.inf, np.float32)
        for ink in self.inks:
            miss = np.minimum(miss, on_line(here, ground, ink)[1])
        foreign = miss > 2 * self.tolerance + _FOREIGN
        labels[rows[foreign], columns[foreign]] = OWN


def _step(pixels: np.ndarray, rows: np.ndarray, columns: np.ndarray, down: int, across: int) -> np.ndarray:
    """How far the neighbour's colour is from the pixel's."""
    height, width = pixels.shape[:2]
    beside = pixels[(rows + down).clip(0, height - 1), (columns + across).clip(0, width - 1)]
    return windows.widest(np.abs(pixels[rows, columns].astype(np.int16) - beside))


def _nearest(inks: np.ndarray, tolerance: float, ground: np.ndarray) -> np.ndarray:
    """The label of the ink within tolerance and nearer than the ground, by colour in 6 bits a channel."""
    levels = np.arange(2, 256, 4, dtype=np.float32)
    best = np.full((64, 64, 64), tolerance, np.float32)
    labels = np.zeros(best.shape, np.uint8)
    for label, ink in enumerate(inks, 1):
        red, green, blue = (np.abs(levels - level) for level in ink)
        off = np.maximum(np.maximum(red[:, None, None], green[None, :, None]), blue[None, None])
        nearer = (off <= best) & (off <= np.abs(ink - ground).max() / 2)
        labels[nearer], best[nearer] = label, off[nearer]
    return labels.ravel()


def _patches(ink: np.ndarray) -> np.ndarray:
    """Where a pixel is part of 2 x 2 of one ink."""
    same = (ink[:-1, :-1] == ink[1:, :-1]) & (ink[:-1, :-1] == ink[:-1, 1:]) & (ink[:-1, :-1] == ink[1:, 1:])
    found = np.zeros(ink.shape, bool)
    for down in (slice(None, -1), slice(1, None)):
        for across in (slice(None, -1), slice(1, None)):
            found[down, across] |= same
    return found
