"""Draws the garments and writes their packs.

python -m services.worker.mockups.garments [NAME ...]
"""

import hashlib
import io
import sys
import zipfile
from collections.abc import Callable

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from services.worker.mockups.garments import cap, hoodie, laptop, mug, tote, tshirt, weave
from services.worker.mockups.garments.drawing import Drawing
from services.worker.mockups.garments.relief import nodes
from services.worker.mockups.packs import FOLDER, LIGHT_STEPS
from shared.models.garment import GARMENTS, SIDE, Garment

DRAWN: dict[str, tuple[Callable[[], Drawing], Callable[[], NDArray[np.uint8]] | None]] = {
    "tshirt-front": (tshirt.front, weave.jersey),
    "tshirt-back": (tshirt.back, weave.jersey),
    "hoodie": (hoodie.front, weave.fleece),
    "tote": (tote.front, weave.canvas),
    "mug": (mug.front, None),
    "cap": (cap.front, weave.twill),
    "laptop-sticker": (laptop.front, None),
}
_DATE = (2026, 1, 1, 0, 0, 0)  # equal drawings are equal files


def main(names: list[str]) -> None:
    FOLDER.mkdir(exist_ok=True)
    for name in names or list(GARMENTS):
        draw, woven = DRAWN[name]
        with zipfile.ZipFile(FOLDER / f"{name}.zip", "w") as pack:
            for file, data in _files(GARMENTS[name], draw(), woven).items():
                pack.writestr(zipfile.ZipInfo(file, _DATE), data)
    sums = [f"{hashlib.sha256(path.read_bytes()).hexdigest()}  {path.name}\n" for path in sorted(FOLDER.glob("*.zip"))]
    (FOLDER / "SHA256SUMS").write_text("".join(sums))


def _files(garment: Garment, drawn: Drawing, woven: Callable[[], NDArray[np.uint8]] | None) -> dict[str, bytes]:
    files = {
        "light.png": _png(np.round(np.clip(drawn.light, 0, 1.999) * LIGHT_STEPS).astype(np.uint16)),
        "cover.png": _png(_codes(drawn.cover)),
        "warp.npy": _npy(nodes(drawn.relief, garment)),
    }
    if drawn.gloss is not None:
        files["gloss.png"] = _png(_srgb(drawn.gloss))
    if drawn.above is not None:
        files["above.png"] = _png(_codes(drawn.above))
    if drawn.fixed:
        files["fixed.png"] = _png(_fixed(drawn))
    if woven is not None:
        files["weave.png"] = _png(woven())
    return files


def _codes(a: NDArray[np.floating]) -> NDArray[np.uint8]:
    return np.asarray(np.round(255 * np.clip(a, 0, 1)), np.uint8)


def _srgb(light: NDArray[np.floating]) -> NDArray[np.uint8]:
    """Gloss is linear light, kept in the steps that the eye tells apart."""
    a = np.clip(light, 0, 1)
    return _codes(np.where(a <= 0.0031308, 12.92 * a, 1.055 * a ** (1 / 2.4) - 0.055))


def _fixed(drawn: Drawing) -> NDArray[np.uint8]:
    picture = np.zeros((SIDE, SIDE, 4), np.uint8)
    for cover, colour in drawn.fixed:
        picture[cover > 0, :3] = colour
        picture[..., 3] = np.maximum(picture[..., 3], _codes(cover))
    return picture


def _png(pixels: NDArray[np.generic]) -> bytes:
    data = io.BytesIO()
    Image.fromarray(pixels).save(data, "PNG", optimize=True)
    return data.getvalue()


def _npy(a: NDArray[np.floating]) -> bytes:
    data = io.BytesIO()
    np.save(data, a)
    return data.getvalue()


if __name__ == "__main__":
    main(sys.argv[1:])
