"""The gallery's gang sheet: the same designs as rows of rectangles, and nested by their outlines.

python -m docs.drawing.gang_sheet docs/gallery/gang-sheet.webp
"""

import sys
import tempfile
from collections.abc import Sequence
from pathlib import Path

import numpy as np
from PIL import Image, ImageDraw, ImageFont

from docs.drawing.designs import DESIGNS
from services.worker.gang_sheet import designs, layout, preview
from services.worker.gang_sheet.designs import Design
from services.worker.gang_sheet.geometry import Shape
from shared.models.gang_sheet import Effort, Film, pixels

_FILM = Film(558.8, 2000, 8, 5)
_QUARTERS = (0, 1, 2, 3)
_WIDTHS_MM = {0: (150, 90), 1: (130, 60), 2: (190, 110), 3: (200, 120), 4: (170, 80), 5: (240, 130)}  # by picture
_COPIES = 2  # of each picture in each width
_TITLE, _GAP = 34, 24


def main(target: Path) -> None:
    with tempfile.TemporaryDirectory() as folder:
        made = _designs(Path(folder))
        shapes = [Shape(one.outline, one.width_mm, one.height_mm, _COPIES, _QUARTERS) for one in made]
        sheets = [_titled(made, shapes, effort) for effort in Effort]
    width = sum(sheet.width for sheet in sheets) + _GAP
    whole = Image.new("RGB", (width, max(sheet.height for sheet in sheets)), "white")
    whole.paste(sheets[0], (0, 0))
    whole.paste(sheets[1], (sheets[0].width + _GAP, 0))
    whole.save(target, quality=82, method=6)


def _designs(folder: Path) -> list[Design]:
    pictures = [np.asarray(draw()) for draw in (*DESIGNS, _crescent, _arrow, _lettering)]
    return [
        designs.make(pictures[at], width, folder / f"{at}-{width}", label=f"{at + 1}: {width} mm")
        for at, widths in _WIDTHS_MM.items()
        for width in widths
    ]


def _titled(made: Sequence[Design], shapes: Sequence[Shape], effort: Effort) -> Image.Image:
    found = layout.arrange(shapes, _FILM, effort)
    (length,) = found.lengths
    sheet = preview.draw(made, found.placements, (pixels(_FILM.width_mm), pixels(length)))
    titled = Image.new("RGB", (sheet.width, sheet.height + _TITLE), "white")
    text = f"{effort}: {length / 10:.1f} cm of film" + (f", {found.saved:.0%} saved" if found.saved else "")
    ImageDraw.Draw(titled).text((0, 4), text, "black", ImageFont.load_default(20))
    titled.paste(sheet, (0, _TITLE))
    return titled


def _crescent() -> Image.Image:
    image = Image.new("RGBA", (1200, 1200))
    draw = ImageDraw.Draw(image)
    draw.ellipse((20, 20, 1180, 1180), (34, 60, 110, 255))
    draw.ellipse((360, -80, 1440, 1000), (0, 0, 0, 0))
    return image


def _arrow() -> Image.Image:
    image = Image.new("RGBA", (1200, 1200))
    corners = [(20, 20), (340, 20), (340, 860), (900, 860), (900, 700), (1180, 1020), (900, 1180), (20, 1180)]
    ImageDraw.Draw(image).polygon(corners, (200, 70, 60, 255))
    return image


def _lettering() -> Image.Image:
    image = Image.new("RGBA", (1600, 700))
    draw, font = ImageDraw.Draw(image), ImageFont.load_default(330)
    draw.text((20, 0), "Stolen", (240, 240, 236, 255), font, stroke_width=14, stroke_fill=(30, 30, 34, 255))
    draw.text((420, 330), "Tee", (236, 160, 60, 255), font, stroke_width=14, stroke_fill=(30, 30, 34, 255))
    return image


if __name__ == "__main__":
    main(Path(sys.argv[1]))
