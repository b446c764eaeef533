"""Print edges: a cut-out whose outline is one pixel wide and whose colours are free of the background.

    alpha, photograph ──> signed distances (outline) ──> specks out, holes shut (despeckle) ──> alpha, choked a little
                                                                            └──> colours at the edge (rim_colours)

Inside, deeper than the 3 pixels a lens mixes, pixels stay exactly as they are. It cannot repair a wrong mask: `gate`
says whether to trust the result. A soft subject (glass, smoke, a veil) keeps its soft file: hardening is a choice.
"""

from dataclasses import dataclass

import numpy as np
from PIL import Image

from services.worker.prepress import despeckle, morphology, outline, rim, rim_colours, trust
from services.worker.prepress.arrays import Mask, Pixels, Plane, require_pictures
from services.worker.prepress.outline import PER_PIXEL, ZERO
from services.worker.prepress.tiles import Tile, tiles
from shared.models.print_edges import Gate, Removed

_TILE = 128
_MOST_CHOKE = 1.0
_THIN = 2  # pixels; a stroke of at most twice as many has no middle this far inside
_CHOKE_REACH = 4 * _THIN  # pixels around one that decide whether it is choked


@dataclass(frozen=True, slots=True)
class Options:
    """Lone parts smaller than `island_mm2` are removed and lone holes closed; 0 keeps them all. See `despeckle`."""

    mm_per_px: float
    choke_px: float = 0.5  # drawn in, so that no background shows; 0 for white ink on dark cloth
    island_mm2: float = 1.0

    def __post_init__(self) -> None:
        if not (np.isfinite([self.mm_per_px, self.island_mm2]).all() and self.mm_per_px > 0 and self.island_mm2 >= 0):
            raise ValueError("mm_per_px must be above 0 and island_mm2 at least 0")
        if not 0 <= self.choke_px <= _MOST_CHOKE:
            raise ValueError("choke_px must be 0 to 1")


@dataclass(frozen=True, slots=True)
class Edges:
    """`ink_change` is the area of ink won or lost, as a share; `rim_px` the width of the soft outline before."""

    rgba: Pixels
    rim_px: float
    uncertain: float
    ink_change: float
    gate: Gate
    removed: Removed


def print_edges(rgba: Pixels, options: Options, source: Pixels | None = None, *, tile: int = _TILE) -> Edges:
    """`rgba` is (h, w, 4); `source` its photograph, (h, w, 3). `tile` changes memory, not the result."""
    require_pictures(rgba, source)
    alpha = np.ascontiguousarray(rgba[..., 3])
    photo = rgba[..., :3] if source is None else source
    histogram = np.array(Image.fromarray(alpha).histogram())
    before = float(histogram @ np.arange(256))
    width = rim.measure(alpha).width
    signed = outline.distances(alpha, source, width, tile)
    removed = despeckle.clean(signed, alpha, options.island_mm2, options.mm_per_px**2)
    out = np.zeros_like(rgba)
    after = sum(_draw(out, photo, signed, part, options.choke_px) for part in tiles(alpha.shape, tile))
    change = (after - before) / max(1.0, before)
    unsure = trust.uncertain(histogram.tolist())
    return Edges(out, width, unsure, change, trust.gate(unsure, change), removed)


def _draw(out: Pixels, photo: Pixels, signed: Pixels, tile: Tile, choke: float) -> int:
    """Draw one tile; return the sum of its alpha."""
    window = tile.window(signed, rim_colours.MARGIN)
    if window.max() == 0:
        return 0
    core = out[tile.core]
    if window.min() == 255:
        core[..., :3], core[..., 3] = photo[tile.core], 255
        return 255 * tile.height * tile.width
    visible, shown = _visible(window, choke)
    size = (slice(tile.height), slice(tile.width))
    colours = rim_colours.clean(tile.window(photo, rim_colours.MARGIN), _edge(window, 0), shown)
    core[..., :3], core[..., 3] = colours[size], visible[size] * 255 + np.float32(0.5)
    return int(core[..., 3].sum())


def _visible(window: Pixels, choke: float) -> tuple[Plane, Mask]:
    """Alpha of 0 to 1 of the tile in the window, and which of its pixels take a colour."""
    near, beyond = rim_colours.BLEED + _CHOKE_REACH, rim_colours.MARGIN
    alpha = _choked(window[beyond - near : near - beyond, beyond - near : near - beyond], choke)
    shown = morphology.dilated(alpha > 0, rim_colours.BLEED)
    inner = (slice(near, -near),) * 2
    return alpha[inner], shown[inner]


def _choked(signed: Pixels, choke: float) -> Plane:
    """Alpha drawn in by `choke`, but for strokes so thin that they would vanish."""
    if not choke:
        return _edge(signed, 0)
    solid = signed > ZERO
    thin = solid & ~morphology.dilated(morphology.eroded(solid, _THIN), 2 * _THIN)
    return np.where(morphology.dilated(thin, _THIN), _edge(signed, 0), _edge(signed, choke))


def _edge(signed: Pixels, choke: float) -> Plane:
    """Alpha of 0 to 1, one pixel wide along the contour."""
    table = np.clip((np.arange(256, dtype=np.float32) - ZERO) / PER_PIXEL + 0.5 - choke, 0, 1)
    return np.asarray(table.astype(np.float32)[signed])
