"""Cut lines as files: a page in millimetres with room for the line, and the picture where the line expects it.

SVG has no spot colours; by convention cutters look for the layer's name and pure magenta. A PDF says it properly: a
Separation of that name, which overprints.
"""

from dataclasses import dataclass
from pathlib import Path
from xml.sax.saxutils import quoteattr

import numpy as np
import shapely

from services.worker.prepress.arrays import Pixels
from services.worker.print_formats import pdf

_MARGIN_MM = 1.0  # around the line
_HAIRLINE_PT = 0.25
_HAIRLINE_MM = 0.1
_MAGENTA = (0, 1, 0, 0)


@dataclass(frozen=True, slots=True)
class Layout:
    """The page in millimetres from its upper left corner, y down: the line, and the box of the picture."""

    width_mm: float
    height_mm: float
    line: shapely.MultiPolygon
    picture: pdf.Box

    @property
    def rings(self) -> list[list[tuple[float, float]]]:
        """Closed lines; the last point, which is the first again, is left out."""
        rings = [ring for part in self.line.geoms for ring in (part.exterior, *part.interiors)]
        return [[(x, y) for x, y in ring.coords[:-1]] for ring in rings]


def laid_out(line: shapely.MultiPolygon, picture_mm: tuple[float, float]) -> Layout:
    """A page for a line, which is not empty, around a picture of (width, height) with its corner at the origin."""
    left, top, right, bottom = shapely.union_all([line, shapely.box(0, 0, *picture_mm)]).bounds
    x, y = _MARGIN_MM - left, _MARGIN_MM - top
    moved = shapely.transform(line, lambda points: points + np.array([x, y]))
    size = (round(right + x + _MARGIN_MM, 3), round(bottom + y + _MARGIN_MM, 3))
    return Layout(*size, moved, pdf.Box(x, y, *picture_mm))


def svg(layout: Layout, name: str) -> bytes:
    """One unit is a millimetre."""
    width, height = f"{layout.width_mm:g}", f"{layout.height_mm:g}"
    paths = " ".join("M" + " L".join(f"{x:.3f},{y:.3f}" for x, y in ring) + " Z" for ring in layout.rings)
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" width="{width}mm" height="{height}mm" viewBox="0 0 {width} {height}">'
        f'<g id={quoteattr(name)} fill="none" stroke="#ff00ff" stroke-width="{_HAIRLINE_MM}" stroke-linejoin="round">'
        f'<path d="{paths}"/></g></svg>\n'
    ).encode()


def write_pdf(path: Path, layout: Layout, name: str, artwork: Pixels | None = None) -> None:
    """`name` is that of the spot colour. `artwork`, (h, w, 4), fills the picture's box and lies below the line."""
    with pdf.page(path, (layout.width_mm, layout.height_mm)) as page:
        if artwork is not None:
            page.place(page.picture(artwork), layout.picture)
        page.stroke(page.spot(name, _MAGENTA), layout.rings, _HAIRLINE_PT)
