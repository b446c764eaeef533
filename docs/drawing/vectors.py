"""The gallery's sheet of lines and enlargements: cut lines over stickers, a traced logo, and pictures with more pixels.

python -m docs.drawing.vectors docs/gallery/vectors.webp
"""

import io
import sys
from collections.abc import Sequence
from pathlib import Path

import numpy as np
import resvg_py
from PIL import Image, ImageDraw, ImageFont

from docs.drawing.artwork import CORAL
from docs.drawing.designs import badge, landscape, planet
from services.worker.cutline import files as cutlines
from services.worker.cutline.contour import Knife, cut_line
from services.worker.enlargement import comparison, flat, lanczos
from services.worker.prepress.placement import ink_box
from services.worker.vector import files, palette, snapping, tracing

_CELL, _LABEL, _GAP = 480, 30, 16
_STICKER_MM, _KNIFE = 60.0, Knife(2.0, 1.0, False)
_SMALL, _PHOTOGRAPH = 150, Path("deploy/local/sample.jpg")


def main(target: Path) -> None:
    rows = [_stickers(), _traced(), _logo(), _photograph()]
    sheet = Image.new("RGB", (3 * _CELL + 2 * _GAP, sum(row.height for row in rows)), "white")
    top = 0
    for row in rows:
        sheet.paste(row, (0, top))
        top += row.height
    sheet.save(target, quality=84, method=6)


def _stickers() -> Image.Image:
    designs = (badge(), landscape(), planet())
    return _row([(_sticker(design.resize((700, 700))), f"cut line, {_KNIFE.offset:g} mm off") for design in designs])


def _sticker(design: Image.Image) -> Image.Image:
    """The design as it lies on the page, and the knife's line over it."""
    rgba = np.asarray(design)
    box = ink_box(np.ascontiguousarray(rgba[..., 3]))
    assert box
    ink = np.ascontiguousarray(rgba[box.top : box.bottom, box.left : box.right])
    mm = _STICKER_MM / ink.shape[1]
    layout = cutlines.laid_out(cut_line(np.ascontiguousarray(ink[..., 3]), mm, _KNIFE), (_STICKER_MM, mm * len(ink)))
    line = _rendered(cutlines.svg(layout, "CutContour").replace(b'stroke-width="0.1"', b'stroke-width="0.35"'))
    scale = line.width / layout.width_mm
    page, (x, y, width, height, _) = Image.new("RGBA", line.size, "white"), layout.picture
    small = Image.fromarray(ink).resize((round(width * scale), round(height * scale)), Image.Resampling.LANCZOS)
    page.alpha_composite(small, (round(x * scale), round(y * scale)))
    page.alpha_composite(line)
    return page


def _traced() -> Image.Image:
    source = landscape().resize((_SMALL, _SMALL), Image.Resampling.LANCZOS)
    rgba = np.asarray(source)
    inks = palette.find(rgba)
    snapped = snapping.snap(rgba, inks.colours)
    size = (snapped.inks.shape[1], snapped.inks.shape[0])
    drawing = files.Drawing(tracing.shapes(snapped, inks.colours), inks.colours, size, 100)
    third = _CELL // 3
    films = Image.new("RGB", (_CELL, 2 * third), "white")
    for number in range(len(inks.colours)):
        film = Image.fromarray(np.where(snapped.inks == number, 0, 255).astype(np.uint8)).resize((third - 8, third - 8))
        films.paste(film, (number % 3 * third, number // 3 * third))
    shown = [
        (source.resize((_CELL, _CELL), Image.Resampling.NEAREST), f"a logo of {_SMALL} pixels"),
        (_rendered(files.svg(drawing)), f"traced: {len(drawing.shapes)} areas, {len(inks.colours)} inks"),
        (films, "its inks as films"),
    ]
    return _row(shown)


def _logo() -> Image.Image:
    one_ink = Image.new("RGBA", (_SMALL, _SMALL), CORAL)
    one_ink.putalpha(badge().resize((_SMALL, _SMALL), Image.Resampling.LANCZOS).getchannel("A"))
    rgba = np.asarray(one_ink)
    made = flat.enlarged(rgba, palette.find(rgba).colours, (10 * _SMALL, 10 * _SMALL))
    return _enlarged(rgba, made, "flat, ten times")


def _photograph() -> Image.Image:
    picture = Image.open(_PHOTOGRAPH).convert("RGBA").reduce(5)
    rgba = np.asarray(picture)
    return _enlarged(rgba, lanczos.enlarged(rgba, (rgba.shape[1] * 5, rgba.shape[0] * 5)), "lanczos, five times")


def _enlarged(rgba: np.ndarray, made: np.ndarray, way: str) -> Image.Image:
    shown = comparison.detail(rgba, made)
    return _row(
        [
            (Image.fromarray(rgba), "the whole picture"),
            (Image.fromarray(shown.before), "a detail, enlarged as any program does"),
            (Image.fromarray(shown.after), way),
        ]
    )


def _rendered(svg: bytes) -> Image.Image:
    data = resvg_py.svg_to_bytes(svg_string=svg.decode(), width=_CELL, dpi=96)
    return Image.open(io.BytesIO(bytes(data))).convert("RGBA")


def _row(cells: Sequence[tuple[Image.Image, str]]) -> Image.Image:
    row = Image.new("RGB", (3 * _CELL + 2 * _GAP, _CELL + _LABEL + _GAP), "white")
    for number, (picture, label) in enumerate(cells):
        left = number * (_CELL + _GAP)
        fitted = picture.convert("RGBA")
        fitted.thumbnail((_CELL, _CELL))
        ImageDraw.Draw(row).text((left, 4), label, "black", ImageFont.load_default(17))
        place = (left + (_CELL - fitted.width) // 2, _LABEL + (_CELL - fitted.height) // 2)
        row.paste(fitted, place, fitted)
    return row


if __name__ == "__main__":
    main(Path(sys.argv[1]))
