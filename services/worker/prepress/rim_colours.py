"""Colours at a hardened outline, freed of the background that the lens mixed into them.

A lens mixes subject and background over 2 to 3 pixels, whatever the mask says, so the share o of the subject in a pixel
is the outline blurred as a lens would. With F and B the colours of subject and background nearby the mixed ones become
F + o (C - o F - (1 - o) B), one step of blur fusion (Forte, "Approximate fast foreground colour estimation", 2021).
Deeper pixels stay as they are. Clear pixels beside the outline take F, so that later resizing pulls in nothing else.
"""

import numpy as np
from scipy import ndimage

from services.worker.prepress import morphology, pull_push
from services.worker.prepress.arrays import Mask, Pixels, Plane, Planes
from services.worker.prepress.working_copy import reduced

MARGIN = 32  # pixels beyond a tile that its colours depend on; a multiple of the coarsest cell
BLEED = 4  # clear pixels beside the outline that take its colour
_LENS_SIGMA = 1.1
_PURE, _BLENDED = np.float32(0.985), np.float32(0.10)  # share of the subject from which nothing is changed; fading in
_LEVELS = 3  # of the pyramid
_CELL = 2  # pixels: F and B are smooth


def clean(photo: Pixels, outline: Plane, visible: Plane) -> Pixels:
    """Colours (h, w, 3) for alpha `visible`; `outline` is the subject's edge, not choked. Both are 0 to 1."""
    share = ndimage.gaussian_filter(outline, _LENS_SIGMA, truncate=3)
    shown = morphology.dilated(visible > 0, BLEED)
    out = photo * shown[..., None]
    rows, columns = np.nonzero(shown & (share < _PURE))
    if not len(rows):
        return out
    (subject, ground), known = _spread(photo, np.stack([share > _PURE, share < 1 - _PURE]))
    cell = (rows // _CELL, columns // _CELL)
    within = share[rows, columns]
    before = photo[rows, columns].T.astype(np.float32)
    inner, outer = subject[:, *cell], ground[:, *cell]
    fused = inner + within * (before - within * inner - (1 - within) * outer)
    mixed = np.clip((_PURE - within) / _BLENDED, 0, 1) * known[:, *cell].all(0)
    out[rows, columns] = np.clip(before + mixed * (fused - before) + np.float32(0.5), 0, 255).T.astype(np.uint8)
    return out


def _spread(photo: Pixels, pure: Mask) -> tuple[Planes, Mask]:
    """Colours of the cells that are wholly pure, and of those near them."""
    rows = pure[:, ::_CELL] & pure[:, 1::_CELL]
    cells = rows[..., ::_CELL] & rows[..., 1::_CELL]
    return pull_push.spread(np.moveaxis(reduced(photo, _CELL), 2, 0).astype(np.float32), cells, _LEVELS)
