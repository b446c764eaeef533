"""The gallery's contact sheet of mock-ups: every garment with three designs, on pale and on dark cloth.

python -m docs.drawing.mockups docs/gallery/mockups.webp
"""

import sys

from PIL import Image

from docs.drawing.designs import DESIGNS
from services.worker.mockups.catalogue import colour
from services.worker.mockups.design import prepared
from services.worker.mockups.placement import Placement
from services.worker.mockups.renderer import render
from shared.models.garment import GARMENTS

_CELL = 330
_COLOURS = {
    "tshirt-front": ("f4f3ef", "1c1c1f"),
    "tshirt-back": ("9cc3df", "24462f"),
    "hoodie": ("b4b4b6", "1f2a44"),
    "tote": ("e3d6bb", "1c1c1f"),
    "mug": ("f6f5f2", "17171a"),
    "cap": ("d8c6a5", "1f2a44"),
    "laptop-sticker": ("c9cbce", "23262d"),
}


def sheet() -> Image.Image:
    picture = Image.new("RGB", (2 * len(DESIGNS) * _CELL, len(GARMENTS) * _CELL))
    designs = [prepared(draw()) for draw in DESIGNS]
    for row, garment in enumerate(GARMENTS.values()):
        shown = [(design, cloth) for cloth in _COLOURS[garment.name] for design in designs]
        for column, (design, cloth) in enumerate(shown):
            cell = render(design, garment, colour(cloth), Placement(), _CELL)
            picture.paste(cell, (column * _CELL, row * _CELL))
    return picture


if __name__ == "__main__":
    sheet().save(sys.argv[1], quality=82, method=6)
