"""Blank garments: a pack tinted with one colour, the most recent ones kept."""

from functools import lru_cache

import numpy as np

from services.worker.mockups import packs
from services.worker.mockups.colours import Bytes, Floats, Rgb, encode, seen
from services.worker.srgb import LINEAR
from shared.models.garment import SIDE, Garment

_KEPT = 6  # 4.3 MB each
_BAND = 100  # rows at once: their floats stay in the processor's cache


@lru_cache(maxsize=_KEPT)
def blank(garment: Garment, colour: Rgb) -> Bytes:
    """The garment without a print, sRGB (SIDE, SIDE, 3), read-only."""
    pack = packs.load(garment)
    light = seen(colour, garment.material.sheen)
    picture = _tinted(pack, light)
    _soften_edges(pack, light, picture)
    where, own, cover = pack.fixed
    flat = picture.reshape(-1, 3)
    flat[where] = encode(LINEAR[flat[where]] * (1 - cover) + own * cover)
    picture.flags.writeable = False
    return picture


def _tinted(pack: packs.Pack, light: Floats) -> Bytes:
    """The garment with hard edges on its backdrop."""
    picture = np.empty((SIDE, SIDE, 3), np.uint8)
    codes = encode(light.copy())
    for top in range(0, SIDE, _BAND):
        rows = np.s_[top : top + _BAND]
        if pack.gloss is None:
            cloth = codes[pack.shade[rows]]
        else:
            cloth = encode(light[pack.shade[rows]] + LINEAR[pack.gloss[rows]][..., None])
        picture[rows] = np.where((pack.cover[rows] > 127)[..., None], cloth, pack.backdrop[rows])
    return picture


def _soften_edges(pack: packs.Pack, light: Floats, picture: Bytes) -> None:
    cover = pack.cover.reshape(-1)[pack.edge][:, None] / np.float32(255)
    cloth = light[pack.shade.reshape(-1)[pack.edge]]
    if pack.gloss is not None:
        cloth = cloth + LINEAR[pack.gloss.reshape(-1)[pack.edge]][:, None]
    wall = LINEAR[pack.backdrop.reshape(-1, 3)[pack.edge]]
    picture.reshape(-1, 3)[pack.edge] = encode(cloth * cover + wall * (1 - cover))
