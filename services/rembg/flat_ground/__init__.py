"""Cuts a logo off its flat ground by colour, exactly; pictures that aren't flat artwork are left to the network."""

import numpy as np

from services.rembg.flat_ground import ground, palette, unmixing


def cut(pixels: np.ndarray, *, forced: bool = False) -> tuple[np.ndarray, np.ndarray] | None:
    found = ground.find(pixels)
    if found is None:
        return None
    inks, shares = palette.find(pixels, found)
    if not (shares.flat or forced):
        return None
    return unmixing.cut(pixels, found, inks)
