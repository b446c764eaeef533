"""Contact sheet of print edges: the soft cut-out beside the print-edges file, on black, red and white, pixel for pixel.

python -m docs.gallery docs/gallery/print-edges.webp
"""

import sys
from pathlib import Path

import numpy as np
from PIL import Image, ImageDraw, ImageFont

from docs.gallery.scenes import Pixels, Scene, scenes
from services.worker.prepress.edges import Options, print_edges

_GROUNDS = ((18, 18, 20), (200, 30, 30), (250, 250, 250))
_SIDE, _LABEL, _GAP = 200, 22, 12
_PRINT_MM = 280


def main(target: Path) -> None:
    rows = [_row(scene) for scene in scenes()]
    Image.fromarray(np.concatenate(rows)).save(target, quality=82, method=6)


def _row(scene: Scene) -> Pixels:
    made = print_edges(scene.soft, Options(_PRINT_MM / scene.soft.shape[1]), scene.photo)
    label = f"{scene.name}: rim {made.rim_px:.1f} px, uncertain {made.uncertain:.2f}, gate: {made.gate}"
    shown = [_crop(_on(picture, ground), scene.middle) for picture in (scene.soft, made.rgba) for ground in _GROUNDS]
    gap = np.full((_SIDE, _GAP, 3), 60, np.uint8)
    crops = np.concatenate([*shown[:3], gap, *shown[3:]], 1)
    return np.concatenate([_written(label, crops.shape[1]), crops])


def _on(rgba: Pixels, ground: tuple[int, int, int]) -> Pixels:
    alpha = rgba[..., 3:] / 255
    return (rgba[..., :3] * alpha + np.array(ground) * (1 - alpha) + 0.5).astype(np.uint8)


def _crop(picture: Pixels, middle: tuple[int, int]) -> Pixels:
    left, top = (place - _SIDE // 2 for place in middle)
    return picture[top : top + _SIDE, left : left + _SIDE]


def _written(label: str, width: int) -> Pixels:
    strip = Image.new("RGB", (width, _LABEL), (60, 60, 60))
    font = ImageFont.load_default(13)
    draw = ImageDraw.Draw(strip)
    draw.text((6, 3), f"soft    {label}", fill="white", font=font)
    draw.text((3 * _SIDE + _GAP + 6, 3), "print edges", fill="white", font=font)
    return np.asarray(strip)


if __name__ == "__main__":
    main(Path(sys.argv[1]))
