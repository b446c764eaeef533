"""Colours at the edge, freed of the background they were photographed on.

Where alpha is soft, a pixel of the photo mixes subject and ground, and on cloth of another colour the ground's share is
a fringe. With F and B the colours of subject and ground nearby, the pixel's place on the line from B to F is its real
share of subject, t = <I - B, F - B> / |F - B|^2, but no less than a high alpha says, or details in the ground's colour
would vanish. The ground's share is exchanged for the subject's colour: I + (1 - t) (F - B). This is a step of blur
fusion (Forte, "Approximate fast foreground colour estimation", ICIP 2021) with t in place of an alpha that is only a
guess. Clear pixels around the edge take F, so that later resizing pulls in neither black nor ground.

F and B come from the pixels that the mask is sure of, and are spread over the rest by a pyramid (pull-push, Gortler
1996) half as fine as the mask. Only cells of the mask that are not sure ink, and those beside them, are touched; and
not where they are enclosed by ink without sure ground among them: that is a faint spot of the subject, no edge.

On 55 composites with known colours the error in mixed pixels falls from 32 to 15 of 255, while pixels that needed
nothing move by 4; the background left in ten photographs falls from .10-.44 to at most .08 (docs/benchmarks.md).
"""

import numpy as np
from PIL import Image

from services.rembg.alpha import CLEAR, OPAQUE, connected, dilated

_GRID_PIXELS = 320 * 320  # a network's mask knows no more; a finer one is reduced to so many
_BESIDE = 1  # cells of the grid next to soft ones: a lens mixes there too
_TRUSTED_FROM, _TRUSTED_SLOPE = 0.7, 3.0  # t is at least 3 (alpha - .7): .9 where alpha is 1


class EdgeColours:
    """What the edge of one picture should look like: F, B and the cells to clean."""

    def __init__(self, picture: Image.Image, mask: Image.Image, kept: np.ndarray) -> None:
        """`picture` is RGB of any size; `kept` marks the cells of the mask whose colours are not cleared."""
        grid = _grid(mask)
        levels = np.asarray(grid)
        subject, ground = levels >= OPAQUE, levels < CLEAR
        shown = np.asarray(Image.fromarray(kept).resize(grid.size, Image.Resampling.NEAREST))
        edge = dilated(connected(levels < OPAQUE, ground), _BESIDE)
        self._cells = edge & shown if subject.any() else shown & False
        self._size = picture.size
        if self._cells.any():
            reduced = picture.resize(grid.size, Image.Resampling.BOX, reducing_gap=1.0).convert("RGB")
            colours = np.asarray(reduced).transpose(2, 0, 1)
            self._ends = _packed(_spread(colours, np.stack([subject, ground])))

    def clean(self, strip: np.ndarray, left: int, top: int) -> None:
        """Change the colours of RGBA rows that lie at `left`, `top` of the picture, in place."""
        at = self._marked(left, top, *strip.shape[:2])
        if not len(at):
            return
        flat = strip.reshape(-1, 4)
        pixels = flat.view(np.uint32)[:, 0]
        rows, columns = np.divmod(at, strip.shape[1])
        visible = flat[at, 3] > 0
        (across, to_right), (down, to_lower) = self._along(columns + left, 0), self._along(rows + top, 1)
        corner = down * self._ends.shape[1] + across
        flat[at[~visible], :3] = self._ends.ravel()[corner[~visible]].view(np.uint8).reshape(-1, 8)[:, :3]
        at, corner, to_right, to_lower = at[visible], corner[visible], to_right[visible], to_lower[visible]
        found = _planes(pixels[at], 4)
        ends = _interpolated(self._ends, corner, to_right, to_lower)
        found[:3] = _cleaned(found[:3], found[3], ends[:3], ends[3:])
        pixels[at] = found.astype(np.uint8).T.copy().view(np.uint32)[:, 0]

    def _marked(self, left: int, top: int, height: int, width: int) -> np.ndarray:
        """The pixels of the strip, counted through its rows, whose cells are to be cleaned."""
        cell_of_row = np.arange(top, top + height) * self._cells.shape[0] // self._size[1]
        cell_of_column = np.arange(left, left + width) * self._cells.shape[1] // self._size[0]
        counts = np.bincount(cell_of_row - cell_of_row[0])
        wide = self._cells[cell_of_row[0] : cell_of_row[-1] + 1][:, cell_of_column]
        return np.flatnonzero(np.repeat(wide, counts, axis=0))

    def _along(self, pixels: np.ndarray, axis: int) -> tuple[np.ndarray, np.ndarray]:
        """The first of the two cells of F and B between whose centres each pixel lies, and how far it is from it."""
        scale = self._cells.shape[1 - axis] / 2 / self._size[axis]
        place = (pixels + np.float32(0.5)) * np.float32(scale) - np.float32(0.5)
        place = place.clip(0, self._ends.shape[1 - axis] - 1.001).astype(np.float32)
        first = place.astype(np.int64)
        return first, place - first.astype(np.float32)


def _grid(mask: Image.Image) -> Image.Image:
    scale = (_GRID_PIXELS / (mask.width * mask.height)) ** 0.5
    if scale >= 1:
        return mask
    return mask.resize((max(1, int(mask.width * scale)), max(1, int(mask.height * scale))), Image.Resampling.BOX)


def _planes(pixels: np.ndarray, bands: int) -> np.ndarray:
    """Packed pixels as planes of floats: arithmetic on planes takes a tenth of the time."""
    planes: np.ndarray = pixels.view(np.uint8).reshape(len(pixels), pixels.itemsize).T
    return planes[:bands].astype(np.float32)


def _packed(ends: np.ndarray) -> np.ndarray:
    """F and B side by side, a cell in 8 bytes that can be looked up at once; at least 2 x 2 cells."""
    planes = (ends.reshape(6, *ends.shape[2:]) + np.float32(0.5)).astype(np.uint8)
    small = [(0, 2), *((0, max(0, 2 - side)) for side in planes.shape[1:])]
    return np.ascontiguousarray(np.pad(planes, small, mode="edge").transpose(1, 2, 0)).view(np.uint64)[..., 0]


def _interpolated(ends: np.ndarray, corner: np.ndarray, to_right: np.ndarray, to_lower: np.ndarray) -> np.ndarray:
    """F and B (six planes) between four cells, of which `corner` counts the upper left."""
    flat, width = ends.ravel(), ends.shape[1]
    above = _mixed(_planes(flat[corner], 6), _planes(flat[corner + 1], 6), to_right)
    below = _mixed(_planes(flat[corner + width], 6), _planes(flat[corner + width + 1], 6), to_right)
    return _mixed(above, below, to_lower)


def _mixed(one: np.ndarray, other: np.ndarray, share: np.ndarray) -> np.ndarray:
    other -= one
    other *= share
    other += one
    return other


def _cleaned(pixels: np.ndarray, alpha: np.ndarray, subject: np.ndarray, ground: np.ndarray) -> np.ndarray:
    """3xN colours; alpha of each from 0 to 255."""
    line = subject - ground
    place = _summed((pixels - ground) * line) / np.maximum(_summed(line * line), 1)
    trusted = _TRUSTED_SLOPE * (alpha / 255 - _TRUSTED_FROM)
    share = np.maximum(place, trusted).clip(0, 1)
    colours: np.ndarray = pixels + (1 - share) * line + np.float32(0.5)
    return colours.clip(0, 255)


def _summed(planes: np.ndarray) -> np.ndarray:
    summed: np.ndarray = planes[0] + planes[1] + planes[2]  # a fifth of the time of sum(axis=0)
    return summed


def _spread(colours: np.ndarray, sides: np.ndarray) -> np.ndarray:
    """For each side the colours of its sure cells, and in between those of the nearest ones; half the size."""
    counted = np.ones((4, *sides.shape[1:]), np.uint16)  # whole planes in memory, whatever the order of the colours
    counted[:3] = colours
    return _filled(_halved(counted * sides[:, None]))[:, :3]


def _filled(planes: np.ndarray) -> np.ndarray:
    """Colours times weight, and the weight: where it is below 1, the rest comes from half the resolution."""
    height, width = planes.shape[2:]
    if height == width == 1:
        return np.asarray(planes / np.maximum(planes[:, 3:], np.float32(1e-6)))
    coarse = _doubled(_doubled(_filled(_halved(planes)), 2), 3)[..., :height, :width]
    return np.asarray(planes + (1 - planes[:, 3:]) * coarse)


def _halved(planes: np.ndarray) -> np.ndarray:
    """Sums of four, divided by their weight where that is more than one."""
    height, width = planes.shape[2:]
    even = np.pad(planes, ((0, 0), (0, 0), (0, height % 2), (0, width % 2))) if height % 2 or width % 2 else planes
    rows = even[:, :, ::2] + even[:, :, 1::2]
    sums = (rows[..., ::2] + rows[..., 1::2]).astype(np.float32)
    return np.asarray(sums / np.maximum(sums[:, 3:], 1))


def _doubled(planes: np.ndarray, axis: int) -> np.ndarray:
    """Twice as many values along the axis, interpolated between their centres."""
    shape = list(planes.shape)
    shape[axis] *= 2
    doubled = np.empty(shape, np.float32)
    lines, found = np.moveaxis(planes, axis, 0), np.moveaxis(doubled, axis, 0)
    quarter = lines * np.float32(0.25)
    most = 3 * quarter
    found[0], found[-1] = most[0] + quarter[0], most[-1] + quarter[-1]
    np.add(most[1:], quarter[:-1], out=found[2::2])
    np.add(most[:-1], quarter[1:], out=found[1:-1:2])
    return doubled
