"""The plate of white ink below the artwork, drawn in so that no white shows beside the colours."""

import math

import numpy as np
from scipy import ndimage

from services.worker.print_file.fitting import Pixels
from services.worker.print_file.strips import with_margin

_INK = 8  # alpha from which a pixel prints


def plate(alpha: Pixels, choke_px: float, outline: Pixels | None = None) -> Pixels:
    """White ink (h, w), 255 = full: where the artwork prints, but `choke_px` inside its outline, to parts of a pixel.

    Never denser than alpha, so that white fades with the colours above it. Parts thinner than twice the choke get no
    white. `outline`: the alpha whose outline counts, where `alpha` itself is one of dots.
    """
    if choke_px <= 0:
        return alpha.copy()
    margin = math.ceil(choke_px) + 1
    made = np.empty_like(alpha)
    for top, strip, whole in with_margin(alpha if outline is None else outline, margin):
        inside = ndimage.distance_transform_edt(np.pad(whole >= _INK, ((0, 0), (1, 1))))  # 1 for the outermost pixels
        white = np.clip(inside[margin:-margin, 1:-1] - choke_px, 0, 1) * 255
        rows = slice(top, top + len(strip))
        np.minimum(np.rint(white).astype(np.uint8), alpha[rows], out=made[rows])
    return made
