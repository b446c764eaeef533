"""Packs: a garment's maps as drawn, one zip of PNGs each, loaded once and prepared for tinting and printing.

`python -m services.worker.mockups.garments` draws them; `packs/SHA256SUMS` says which are meant.
"""

import hashlib
import io
import zipfile
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from services.worker.mockups.colours import FULL, SHADES, Bytes, Floats, Rgb, encode
from services.worker.mockups.warp import STEP, warped
from services.worker.srgb import LINEAR
from shared.models.garment import GARMENTS, SIDE, Garment

FOLDER = Path(__file__).with_name("packs")
LIGHT_STEPS = 1024  # light 1 in light.png
BACKDROP: Rgb = (229, 228, 225)

Box = tuple[int, int, int, int]
"""Left, top, right, bottom."""


@dataclass(frozen=True, slots=True)
class Pack:
    """A garment ready to be tinted and printed.

    shade     light on it and its weave, in steps of 1 / FULL
    cover     what takes the colour, 0..255
    gloss     reflections to add, as sRGB codes, or None
    backdrop  sRGB picture without the garment, its shadow included
    edge      flat indexes where cover is neither 0 nor 255
    fixed     parts of a colour of their own: flat indexes, linear colour, cover
    window    where the print may lie
    nodes     (rows, columns, 2) mm from the print's middle, every STEP pixels of the window
    area      the print area in the window, mode L
    bare      0..1 in the window: nothing lies over the print
    yarn      -1..1 in the window: the weave, or None
    """

    shade: NDArray[np.uint16]
    cover: Bytes
    gloss: Bytes | None
    backdrop: Bytes
    edge: NDArray[np.intp]
    fixed: tuple[NDArray[np.intp], Floats, Floats]
    window: Box
    nodes: Floats
    area: Image.Image
    bare: Floats
    yarn: Floats | None


@cache
def load(garment: Garment) -> Pack:
    maps = _maps(f"{garment.name}.zip")
    light = maps["light"] / np.float32(LIGHT_STEPS)
    cover, window = maps["cover"], _window(garment, maps["warp"])
    yarn = _tiled(maps["weave"]) if "weave" in maps else None
    left, top, right, bottom = window
    within = np.s_[top:bottom, left:right]
    hidden = maps["above"][within] / np.float32(255) if "above" in maps else np.float32(0)
    return Pack(
        shade=_shade(light, yarn, cover, garment.material.weave),
        cover=cover,
        gloss=maps.get("gloss"),
        backdrop=_backdrop(light),
        edge=np.flatnonzero((cover > 0) & (cover < 255)),
        fixed=_fixed(maps.get("fixed"), light),
        window=window,
        nodes=maps["warp"],
        area=_area(garment, maps["warp"]),
        bare=cover[within] / np.float32(255) * (1 - hidden),
        yarn=None if yarn is None else np.clip(yarn[within] / 2, -1, 1),
    )


def _maps(name: str) -> dict[str, NDArray[Any]]:
    with zipfile.ZipFile(io.BytesIO(verified(FOLDER / name))) as pack:
        return {Path(file).stem: _read(pack.read(file), file) for file in pack.namelist()}


def verify_all() -> None:
    """Raises RuntimeError if a pack is not the one that SHA256SUMS names."""
    for garment in GARMENTS.values():
        verified(FOLDER / f"{garment.name}.zip")


def verified(path: Path) -> bytes:
    """A pack's bytes, if SHA256SUMS beside it names them. Raises RuntimeError otherwise."""
    data = path.read_bytes()
    lines = (line.split() for line in path.with_name("SHA256SUMS").read_text().splitlines())
    if hashlib.sha256(data).hexdigest() not in [digest for digest, name in lines if name == path.name]:
        raise RuntimeError(f"{path.name} is not the pack that SHA256SUMS names; draw the packs anew")
    return data


def _read(data: bytes, name: str) -> NDArray[Any]:
    if name.endswith(".npy"):
        return np.asarray(np.load(io.BytesIO(data), allow_pickle=False))
    with Image.open(io.BytesIO(data)) as picture:
        return np.asarray(picture)


def _shade(light: Floats, yarn: Floats | None, cover: Bytes, contrast: float) -> NDArray[np.uint16]:
    woven = light if yarn is None else light * (1 + np.float32(contrast) * yarn * (cover > 0))
    return np.asarray(np.minimum(woven * FULL, SHADES - 1), np.uint16)


def _window(garment: Garment, nodes: Floats) -> Box:
    rows, columns = nodes.shape[:2]
    width, height = (columns - 1) * STEP, (rows - 1) * STEP
    left, top = garment.centre[0] - width // 2, garment.centre[1] - height // 2
    return left, top, left + width, top + height


def _area(garment: Garment, nodes: Floats) -> Image.Image:
    width, height = garment.area_mm
    full = Image.new("L", (round(width * garment.px_mm), round(height * garment.px_mm)), 255)
    return warped(full, np.asarray(nodes / garment.area_mm + 0.5, np.float32))


def _tiled(weave: Bytes) -> Floats:
    """The weave's tile over the whole picture, with variance 1."""
    tile = weave.astype(np.float32)
    tile = (tile - tile.mean()) / tile.std()
    times = -(-SIDE // tile.shape[0])
    return np.tile(tile, (times, times))[:SIDE, :SIDE]


def _backdrop(light: Floats) -> Bytes:
    """A studio wall, a little darker in the corners, with too little grain to be seen but enough to hide steps."""
    across = np.linspace(-0.42, 0.58, SIDE, dtype=np.float32) ** 2
    down = np.linspace(-0.38, 0.62, SIDE, dtype=np.float32) ** 2
    grain = np.random.default_rng(1).random((SIDE, SIDE), np.float32) * np.float32(0.008)
    wall = np.minimum(light, 1) * (1.03 - 0.16 * (across[None] + down[:, None]) + grain)
    return np.stack([encode(wall * LINEAR[code]) for code in BACKDROP], axis=2)


def _fixed(parts: Bytes | None, light: Floats) -> tuple[NDArray[np.intp], Floats, Floats]:
    if parts is None:
        return np.empty(0, np.intp), np.empty((0, 3), np.float32), np.empty((0, 1), np.float32)
    flat = parts.reshape(-1, 4)
    where = np.flatnonzero(flat[:, 3])
    colour = LINEAR[flat[where, :3]] * np.minimum(light.reshape(-1)[where], 1.2)[:, None]
    return where, colour, flat[where, 3:] / np.float32(255)
