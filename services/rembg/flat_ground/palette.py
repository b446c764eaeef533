"""Whether a picture on a flat ground is flat artwork, and its inks: never a photograph of a product on studio white.

Flat artwork is a few colours, each all over its shape, and their mixes along the edges. So every pixel that isn't
ground must be one of four things: an ink, which is a colour that stands alone in the histogram of quiet places; a mix
of two colours that both lie within reach; a smooth blend, only where nothing else is wrong with the picture; or within
reach of an edge, where a lossy file may show any colour. A garment on white has folds, weave and soft shadows inside
its outline, and those are none of the four. The shares allowed were measured on 120 rendered logos (110 pass), 112 real
ones (67 pass), 632 garments and people cut out of photographs and put on flat grounds, half of them as they were, a
quarter blurred and a quarter shrunk (none passes), and 268 photographs (none).
"""

from dataclasses import dataclass

import numpy as np
from PIL import Image

from services.rembg.flat_ground import windows
from services.rembg.flat_ground.ground import Ground

_SIDE = 800  # pixels of the reduced picture that is judged
_EDGE, _EDGE_OF_CONTRAST = 40, 0.4  # of 255 within 3 x 3 pixels, or of the artwork's strongest contrast
_BLOCK = 8  # pixels around an edge in which JPEG rings
_FAINT, _FAINT_OF_CONTRAST = 24, 0.25  # ringing stays below, and next to an edge ink is above
_QUIET = 4  # of 255 within 3 x 3 pixels
_MOST_INKS = 16
_RUNG = 2.0  # tolerances that ringing takes an ink from its colour
_SHADE = 32  # of 255: inks no further apart are shades of one, as of folds and blends
_REACH = 3  # pixels around a colour in which its mixes lie
# Shares of the artwork's pixels (of the ground's outline for `soft`).
_STRAY, _TEXTURE, _SOFT, _UNEXPLAINED = 0.05, 0.01, 0.15, 0.5
_BLENDED, _STRAY_BESIDE_BLENDS, _SOFT_BESIDE_BLENDS = 0.03, 0.005, 0.03


@dataclass(frozen=True, slots=True)
class Palette:
    """`inks` is N x 3 float32, at most 16; colours within `tolerance` of one are that ink. All is of 255.

    `ringing` is how far a lossy format takes the ground from its colour next to edges; it never reaches `faint`.
    """

    inks: np.ndarray
    tolerance: float
    ringing: float
    faint: float


@dataclass(frozen=True, slots=True)
class Shares:
    """What the pixels that are neither ground, ink nor mix look like; see the module's docstring."""

    stray: float
    blended: float
    texture: float
    unexplained: float
    soft: float

    @property
    def flat(self) -> bool:
        blends = self.blended <= _BLENDED or (self.stray <= _STRAY_BESIDE_BLENDS and self.soft <= _SOFT_BESIDE_BLENDS)
        plain = self.stray <= _STRAY and self.texture <= _TEXTURE
        return plain and blends and self.soft <= _SOFT and self.unexplained <= _UNEXPLAINED


def find(pixels: np.ndarray, ground: Ground) -> tuple[Palette, Shares]:
    """The inks of a picture, H x W x 3 uint8; `Shares.flat` says whether they and the ground are all there is."""
    height, width = pixels.shape[:2]
    factor = -(-max(height, width) // _SIDE)
    small = np.asarray(Image.fromarray(pixels).reduce(factor)) if factor > 1 else pixels
    look = _Look(small, ground, factor)
    return look.palette(), look.shares()


class _Look:
    """Planes of the reduced picture that both the inks and the judgement need."""

    def __init__(self, pixels: np.ndarray, ground: Ground, factor: int) -> None:
        height, width = pixels.shape[:2]
        self.pixels, self.middle = pixels, ground.middle
        self.base = ground.rows(0, height, (width, height))
        self.off = windows.apart(pixels, self.base)
        self.rough = windows.contrast(pixels)
        strongest = float(np.percentile(self.off[::2, ::2], 99.5))
        self.edge, self.faint = min(_EDGE, _EDGE_OF_CONTRAST * strongest), min(_FAINT, _FAINT_OF_CONTRAST * strongest)
        self.by_edge = windows.around(self.rough >= max(2, self.edge), -(-_BLOCK // factor) + 1)
        least = max(3.0, ground.noise + 1)
        self.ringing = self._ringing()
        self.ink = (self.off > least) & ((self.off > self.faint) | ~self.by_edge)
        self.ground = self.off <= max(least, 8)
        self.inks = self._inks()
        self.tolerance = 6 + min(8.0, 1.5 * self.ringing)

    def _ringing(self) -> float:
        zone = self.by_edge & (self.off <= self.faint) & ~windows.around(self.off > self.faint, 1)
        found = self.off[zone]
        return float(np.percentile(found, 80)) if len(found) > 30 else 0.0

    def _inks(self) -> list[np.ndarray]:
        """Colours of quiet places, and of the middle of strokes too thin to have one."""
        quiet = self.ink & (self.rough <= _QUIET + self.ringing)
        ridge = self.ink & (self.off >= windows.highest(self.off, 2).astype(np.int16) - 3)
        total = int(self.ink.sum())
        inks = _peaks(self.pixels[quiet], total, 0.01, 4, 14)
        wider = self.ringing
        for ink in _peaks(self.pixels[ridge], int(ridge.sum()), 0.04, 4 + wider, 14 + 2 * wider):
            if all(np.abs(other - ink).max() > 14 for other in inks):
                inks.append(ink)
        return [ink for ink in inks if np.abs(ink - self.middle).max() > 1 + 2 * self.ringing]

    def palette(self) -> Palette:
        inks = np.array(self.inks, np.float32).reshape(-1, 3)
        return Palette(inks, self.tolerance, self.ringing, self.faint)

    def shares(self) -> Shares:
        drawn = [windows.apart(self.pixels, ink.astype(np.uint8)) <= self.tolerance for ink in self.inks]
        near = [windows.around(plane, _REACH - 1) for plane in drawn]
        known = np.logical_or.reduce(drawn) if drawn else np.zeros(self.ink.shape, bool)
        total = max(1, int(self.ink.sum()))
        at = np.flatnonzero(self.ink & ~known)
        share = len(at) / total
        at = at[:: max(1, len(at) // 40_000)]
        other = at[~self._mixed(at, near)]
        blend = self._blended(other)
        excused = self._excused(other, near)
        rough = self.rough.ravel()[other]
        return Shares(
            stray=share * _part(~blend & ~excused, at),
            blended=share * _part(blend & ~excused, at) + self._shaded(drawn) / total,
            texture=share * _part(~blend & (rough > 8) & ~self.by_edge.ravel()[other], at),
            unexplained=share * _part(~blend, at) if drawn else 1.0,
            soft=self._soft(near),
        )

    def _mixed(self, at: np.ndarray, near: list[np.ndarray]) -> np.ndarray:
        """Whether a pixel's colour lies between the ground and an ink, or between two inks, both within reach."""
        colours = self.pixels.reshape(-1, 3)[at].astype(np.float32)
        by_ground = windows.around(self.ground, _REACH - 1).ravel()[at]
        ends = list(zip([self.middle, *self.inks], [by_ground, *(plane.ravel()[at] for plane in near)], strict=True))[
            :8
        ]
        slack = 10 + self.tolerance * (2 if self.ringing else 1)
        found = np.zeros(len(at), bool)
        for first, (colour, reached) in enumerate(ends):
            for other, also in ends[first + 1 :]:
                place = reached & also if first else reached  # a thin stroke shows its ink nowhere
                found[place] |= _from_line(colours[place], colour, other) <= slack
        return found

    def _blended(self, at: np.ndarray) -> np.ndarray:
        """Whether a pixel continues the line from its neighbours to either side: smooth, without grain."""
        rows, columns = np.divmod(at, self.pixels.shape[1])
        padded = np.pad(self.pixels, ((1, 1), (1, 1), (0, 0)), mode="edge").astype(np.int16)
        twice = 2 * padded[rows + 1, columns + 1]
        bent = windows.widest(
            np.maximum(
                np.abs(twice - padded[rows + 1, columns] - padded[rows + 1, columns + 2]),
                np.abs(twice - padded[rows, columns + 1] - padded[rows + 2, columns + 1]),
            )
        )
        smooth: np.ndarray = (self.rough.ravel()[at] <= 8) & (bent <= 3 + self.ringing / 2)
        return smooth

    def _excused(self, at: np.ndarray, near: list[np.ndarray]) -> np.ndarray:
        """Beside the ground or between two inks, where mixes of a lossy file are of any colour."""
        inks = sum((windows.around(plane, 1).astype(np.uint8) for plane in near), np.zeros(self.ink.shape, np.uint8))
        found: np.ndarray = (windows.around(self.ground, _REACH) | (inks >= 2)).ravel()[at]
        colours, reach = self.pixels.reshape(-1, 3)[at].astype(np.float32), _RUNG * self.tolerance
        for ink, plane in zip(self.inks, near, strict=True) if self.ringing else ():
            rung = (self.by_edge & plane).ravel()[at]
            found |= rung & (windows.widest(np.abs(colours - ink.astype(np.float32))) <= reach)
        return found

    def _shaded(self, drawn: list[np.ndarray]) -> int:
        """Pixels of inks that are shades of a more frequent one."""
        shades = (
            plane
            for index, (ink, plane) in enumerate(zip(self.inks, drawn, strict=True))
            if any(np.abs(ink - other).max() <= _SHADE for other in self.inks[:index])
        )
        return sum(int((plane & self.ink).sum()) for plane in shades)

    def _soft(self, near: list[np.ndarray]) -> float:
        """The share of the ground's outline that meets no ink within reach: shadows, glows, fading subjects."""
        outline = ~self.ground & windows.around(self.ground, 1)
        met = windows.highest(self.off, 4) >= self.edge
        for plane in near:
            met |= windows.around(plane, 1)
        return float((outline & ~met).sum() / max(1, outline.sum()))


def _part(where: np.ndarray, of: np.ndarray) -> float:
    return float(where.sum() / max(1, len(of)))


def _from_line(colours: np.ndarray, first: np.ndarray, last: np.ndarray) -> np.ndarray:
    """How far colours lie from the line between two, in their widest channel."""
    line = (last - first).astype(np.float32)
    place = ((colours - first) @ line / max(1e-6, float(line @ line))).clip(0, 1)
    return windows.widest(np.abs(colours - first - place[:, None] * line))


def _peaks(colours: np.ndarray, total: int, share: float, tight: float, wide: float) -> list[np.ndarray]:
    """Colours that hold this share of `total` within `tight`, and little more within `wide`, most frequent first."""
    left, found, least = colours.astype(np.int32), [], max(8.0, share * total)
    for _ in range(_MOST_INKS):
        if len(left) < least:
            break
        cells = left >> 2
        cell = int(np.bincount((cells[:, 0] << 12) | (cells[:, 1] << 6) | cells[:, 2]).argmax())
        peak = 4 * np.array([cell >> 12, (cell >> 6) & 63, cell & 63]) + 2
        peak = np.median(left[windows.widest(np.abs(left - peak)) <= tight], axis=0)
        off = windows.widest(np.abs(left - peak))
        core, vicinity = int((off <= tight).sum()), int((off <= wide).sum())
        alone = core >= least and core >= 0.7 * vicinity
        if alone:
            found.append(peak)
        left = left[off > (wide if alone else tight)]
    return found
