"""Alpha and the ink's own colour, from the two known colours that a pixel at an edge is mixed of.

Pixels within the ground's noise are clear, the cores of inks opaque; all others are mixes. With B the ground and F the
ink nearby that explains the pixel I best, alpha is its place on the line, <I - B, F - B> / |F - B|², and its colour
becomes F, so none of the ground is left in it. Where two inks explain a pixel better than the ground and one, it is
opaque and keeps its colour.

Planes are handled in bands of rows; mixes, a few percent of a logo, through their index.
"""

from collections.abc import Callable
from functools import partial

import numpy as np

from services.rembg.flat_ground import windows
from services.rembg.flat_ground.ground import Ground, places
from services.rembg.flat_ground.labels import GROUND, NOTHING, OWN, Labels
from services.rembg.flat_ground.mixes import on_line
from services.rembg.flat_ground.palette import Palette

_PIXELS_OF_A_BAND = 500_000
_REACH = 4  # pixels from a mix to the core of its ink
_HALO = _REACH + 4
_BLEED = 2  # clear pixels around the artwork that continue its colours, so that resizing it pulls in no black
_BETTER = 6.0  # of 255, by which two inks must explain a pixel better than an ink and the ground
_BITS = np.left_shift(1, np.arange(GROUND + 1), dtype=np.int32) & ~1
_INKS = (1 << OWN + 1) - 2
_Steps = list[tuple[int, int]]


def _disc(radius: int) -> _Steps:
    """Steps down and across to all places within `radius`, the nearest first."""
    span = range(-radius, radius + 1)
    steps = [(down, across) for down in span for across in span if 0 < down**2 + across**2 <= radius**2]
    return sorted(steps, key=lambda step: step[0] ** 2 + step[1] ** 2)


def cut(pixels: np.ndarray, ground: Ground, palette: Palette) -> tuple[np.ndarray, np.ndarray]:
    """Colours H x W x 3 and alpha H x W, uint8. Clear pixels are black but for those next to the artwork."""
    height, width = pixels.shape[:2]
    colours, alpha = np.empty_like(pixels), np.empty((height, width), np.uint8)
    labels = Labels(palette, ground)
    rows = max(4 * _HALO, _PIXELS_OF_A_BAND // width)
    for top in range(0, height, rows):
        bottom = min(height, top + rows)
        first, last = max(0, top - _HALO), min(height, bottom + _HALO)
        found = labels.of(pixels[first:last], ground.rows(first, last, (width, height)))
        base = partial(_base, ground, first, (width, height))
        band = _unmixed(pixels[first:last], found, labels, base)
        part = slice(top - first, bottom - first)
        colours[top:bottom], alpha[top:bottom] = band[0][part], band[1][part]
    return colours, alpha


def _base(ground: Ground, first: int, size: tuple[int, int], rows: np.ndarray, columns: np.ndarray) -> np.ndarray:
    return ground.at(places(columns, size[0]), places(rows + first, size[1]))


def _unmixed(
    pixels: np.ndarray, labels: np.ndarray, known: Labels, base: Callable[[np.ndarray, np.ndarray], np.ndarray]
) -> tuple[np.ndarray, np.ndarray]:
    alpha = np.where(labels == GROUND, np.uint8(0), np.uint8(255))
    colours = pixels & np.repeat(alpha, 3, axis=1).reshape(pixels.shape)
    rows, columns = np.nonzero(labels == NOTHING)
    if len(rows):
        mixes = _Mixes(pixels[rows, columns].astype(np.float32), base(rows, columns), known)
        reached, own = _reached(labels, rows, columns)
        mixes.explain(reached, pixels.reshape(-1, 3)[own])
        alpha[rows, columns] = np.rint(255 * mixes.alpha)
        mixed = mixes.alpha < 1
        colours[rows[mixed], columns[mixed]] = np.rint(mixes.ink[mixed])
    _bleed(colours, alpha)
    return colours, alpha


def _reached(labels: np.ndarray, rows: np.ndarray, columns: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Of each place: the labels within reach, as bits, and the index of the nearest quiet colour."""
    padded = np.pad(labels, _REACH, mode="edge")
    width, flat = padded.shape[1], padded.ravel()
    at = (rows + _REACH) * width + columns + _REACH
    bits, own = np.zeros(len(at), np.int32), np.full(len(at), -1)
    for down, across in _disc(_REACH):
        near = flat[at + (down * width + across)]
        bits |= _BITS[near]
        new = np.flatnonzero((near == OWN) & (own < 0))
        own[new] = (rows[new] + down).clip(0, labels.shape[0] - 1) * labels.shape[1] + (columns[new] + across).clip(
            0, labels.shape[1] - 1
        )
    return bits, own


class _Mixes:
    """N pixels, their ground and, in the end, their alpha from 0 to 1 and ink."""

    def __init__(self, pixels: np.ndarray, base: np.ndarray, known: Labels) -> None:
        self.pixels, self.base, self.known = pixels, base, known
        self.alpha = np.ones(len(pixels), np.float32)
        self.ink = pixels.copy()
        self.miss = np.full(len(pixels), np.inf, np.float32)
        self.off = windows.widest(np.abs(pixels - base))

    def explain(self, reached: np.ndarray, own: np.ndarray) -> None:
        none = (reached & _INKS) == 0
        for label, ink in enumerate(self.known.inks, 1):
            self._try(np.flatnonzero((reached & (1 << label)) | none), ink)
        beside = np.flatnonzero(reached & (1 << OWN))
        self._try(beside, own[beside].astype(np.float32))
        self._keep_what_inks_explain(reached)
        if self.known.ringing:
            self.alpha[none & (self.off <= self.known.faint)] = 0

    def _try(self, at: np.ndarray, ink: np.ndarray) -> None:
        """Take this ink, or one for each pixel, where it and the ground explain the pixel best so far."""
        place, miss = on_line(self.pixels[at], self.base[at], ink)
        better = miss < self.miss[at]
        at, ink = at[better], np.broadcast_to(ink, (len(better), 3))[better]
        reach = np.maximum(1, windows.widest(np.abs(ink - self.base[at])))
        low = np.minimum(0.3, self.known.clear / reach)
        high = 1 - np.minimum(0.3, self.known.ringing / reach)
        self.miss[at], self.ink[at] = miss[better], ink
        self.alpha[at] = ((place[better] - low) / (high - low)).clip(0, 1)

    def _keep_what_inks_explain(self, reached: np.ndarray) -> None:
        """Opaque is what two inks explain better; with no ground within reach, all that isn't plainly a narrow gap."""
        inks, enclosed = self.known.inks, (reached & (1 << GROUND)) == 0
        two = np.full(len(reached), np.inf, np.float32)
        for first in range(len(inks)):
            for last in range(first + 1, len(inks)):
                both = (1 << first + 1) | (1 << last + 1)
                at = np.flatnonzero((reached & both) == both)
                _, miss = on_line(self.pixels[at], inks[first], inks[last])
                two[at] = np.minimum(two[at], miss)
        several = np.isfinite(two) & ((two < self.miss + 3 * _BETTER) | (self.alpha > 0.5))
        foreign = (self.miss > 2 * self.known.tolerance) & (self.off > 2 * self.known.faint)
        self.alpha[(enclosed & (several | foreign)) | (two + _BETTER < self.miss)] = 1


def _bleed(colours: np.ndarray, alpha: np.ndarray) -> None:
    """Give clear pixels next to the artwork the colour of the nearest that isn't clear."""
    shown = alpha > 0
    rows, columns = np.nonzero(windows.around(shown, _BLEED) & ~shown)
    height, width = alpha.shape
    source = np.full(len(rows), -1)
    for down, across in _disc(_BLEED):
        y, x = (rows + down).clip(0, height - 1), (columns + across).clip(0, width - 1)
        new = (source < 0) & shown[y, x]
        source[new] = (y * width + x)[new]
    some = source >= 0
    colours[rows[some], columns[some]] = colours.reshape(-1, 3)[source[some]]
