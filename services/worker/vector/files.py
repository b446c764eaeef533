"""Traced logos as files: an SVG whose fills are the inks, and a PDF with one spot colour for each.

In the PDF each area takes away what lies below it, as on a screen print: a RIP, or any program that prints separations,
makes one film of each ink, and no two inks lie on top of each other. Marks and names for the films lie outside.
"""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from PIL import Image, ImageDraw, ImageFont

from services.worker.prepress.arrays import Pixels
from services.worker.print_formats import pdf
from services.worker.vector.tracing import Shape

_MARGIN_MM = 16.0  # around the drawing where there are marks
MOST_MM = pdf.MOST_MM - 2 * _MARGIN_MM
_MARK_AWAY_MM, _MARK_MM, _MARK_PT = 7.0, 4.0, 0.5  # from the drawing to its middle, its radius, its lines' width
_NAME_MM, _NAME_PX, _EDGE_MM = 3.0, 40, 1.0  # of the names: height, height in pixels, distance from the page's edge
_ON_ALL_FILMS = ("All", (1.0, 1.0, 1.0, 1.0))  # PDF's name for every separation
_STEP = re.compile(r"([MCZ])([^MCZ]*)")
_OPERATORS = {"M": "m", "C": "c", "Z": "h"}


@dataclass(frozen=True, slots=True)
class Drawing:
    """Shapes in the order in which they are painted; inks as sRGB, (n, 3); `size` is (width, height) in their units."""

    shapes: tuple[Shape, ...]
    colours: Pixels
    size: tuple[int, int]
    width_mm: float

    @property
    def height_mm(self) -> float:
        return self.width_mm * self.size[1] / self.size[0]


def hex_of(colour: Pixels) -> str:
    return f"#{bytes(colour).hex()}"


def spot_of(number: int, colour: Pixels) -> str:
    """The name of an ink in the PDF, such as `Ink 1 1D3557`."""
    return f"Ink {number} {bytes(colour).hex().upper()}"


def svg(drawing: Drawing) -> bytes:
    """One unit is a pixel of the snapped picture."""
    (width, height), inks = drawing.size, [hex_of(colour) for colour in drawing.colours]
    paths = (
        f'<path d="{shape.curves}" fill="{inks[shape.ink]}" transform="translate({shape.x:.2f},{shape.y:.2f})"/>\n'
        for shape in drawing.shapes
    )
    root = (
        f'<svg xmlns="http://www.w3.org/2000/svg" width="{drawing.width_mm:.3f}mm" height="{drawing.height_mm:.3f}mm"'
        f' viewBox="0 0 {width} {height}">\n'
    )
    return f"{root}{''.join(paths)}</svg>\n".encode()


def write_pdf(path: Path, drawing: Drawing, *, marks: bool) -> None:
    """Every ink is a spot colour. `marks`: registration marks on all films, and on each its ink's name."""
    unit, margin = drawing.width_mm / drawing.size[0], _MARGIN_MM if marks else 0.0
    size = (drawing.width_mm + 2 * margin, drawing.height_mm + 2 * margin)
    names = [spot_of(number, colour) for number, colour in enumerate(drawing.colours, start=1)]
    with pdf.page(path, size) as page:
        spots = [page.spot(name, colour / 255) for name, colour in zip(names, drawing.colours, strict=True)]
        for shape in drawing.shapes:
            outline = _STEP.sub(lambda step: f"{step[2]} {_OPERATORS[step[1]]} ", shape.curves)
            page.fill(spots[shape.ink], outline, (margin + shape.x * unit, margin + shape.y * unit), unit)
        if marks:
            _mark(page, size)
            _name(page, spots, names, size[0])


def _mark(page: pdf.Page, size: tuple[float, float]) -> None:
    """A cross in a circle, in the middle of each side."""
    (width, height), away = size, _MARGIN_MM - _MARK_AWAY_MM
    turns = np.linspace(0, 2 * np.pi, 48, endpoint=False)
    rings = []
    for x, y in ((width / 2, away), (width / 2, height - away), (away, height / 2), (width - away, height / 2)):
        circle = np.stack([x + _MARK_MM / 2 * np.cos(turns), y + _MARK_MM / 2 * np.sin(turns)], 1)
        rings += [circle.tolist(), [(x - _MARK_MM, y), (x + _MARK_MM, y)], [(x, y - _MARK_MM), (x, y + _MARK_MM)]]
    page.stroke(page.spot(*_ON_ALL_FILMS), rings, _MARK_PT)


def _name(page: pdf.Page, spots: Sequence[pdf.Spot], names: Sequence[str], width_mm: float) -> None:
    """Above the drawing, beside each other, so that the composite can be read as well."""
    room = (width_mm - _EDGE_MM) / len(names)
    for number, (spot, name) in enumerate(zip(spots, names, strict=True)):
        text = _written(name)
        height = min(_NAME_MM, (room - _EDGE_MM) * text.shape[0] / text.shape[1])
        box = pdf.Box(_EDGE_MM + number * room, _EDGE_MM, height * text.shape[1] / text.shape[0], height)
        page.place(page.plate(text, spot), box)


def _written(text: str) -> Pixels:
    """255 = ink, in its own box."""
    font = ImageFont.load_default(_NAME_PX)
    left, top, right, bottom = (round(side) for side in font.getbbox(text))
    label = Image.new("L", (right - left, bottom - top))
    ImageDraw.Draw(label).text((-left, -top), text, 255, font)
    return np.asarray(label)
