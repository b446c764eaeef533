"""Cuts a logo off its flat ground by colour, with the edges' true alpha; other pictures are left to the network.

    border ──> ground ──> palette ──> flat artwork? ──> labels ──> unmixing ──> colours, alpha
                 │                         │
                 └── not flat: None        └── a photograph: None

All that shows the ground's colour is cut off, enclosed or not: counters of letters, the inside of a ring, lettering
knocked out of a badge. A white eye in a drawing on white goes too, since nothing tells it from a hole; on a ground that
is only nearly white it stays. Who wants it kept asks for the network.
"""

import numpy as np

from services.rembg.flat_ground import ground, palette, unmixing

_LEAST_CONTRAST = 6.0  # of the strongest ink, in the ground's noise: below, specks of noise pass for ink


def has_flat_ground(pixels: np.ndarray) -> bool:
    """Whether `cut` is worth trying: cheap, and as true of a reduced picture as of the whole one."""
    return ground.find(pixels) is not None


def cut(pixels: np.ndarray, *, forced: bool = False) -> tuple[np.ndarray, np.ndarray] | None:
    """Colours, H x W x 3, and alpha, H x W, of a picture H x W x 3, all uint8; None where it isn't flat artwork.

    Colours hold none of the ground; clear pixels are black but for two pixels around the artwork, which continue it.
    `forced` takes whatever isn't ground for artwork; then None where the border isn't flat or all is ground.
    """
    found = ground.find(pixels)
    if found is None:
        return None
    inks, shares = palette.find(pixels, found)
    if not forced and (not shares.flat or _contrast(found, inks) < _LEAST_CONTRAST * found.noise):
        return None
    colours, alpha = unmixing.cut(pixels, found, inks)
    return (colours, alpha) if alpha.any() else None


def _contrast(found: ground.Ground, inks: palette.Palette) -> float:
    """How far the strongest ink is from the ground, of 255."""
    return float(np.abs(inks.inks - found.middle).max(initial=0.0))
