"""Cut lines as jobs: an SVG and a PDF of the line round a picture's ink."""

import tempfile
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import shapely

from services.worker import failures, pictures, storing
from services.worker.cutline import files
from services.worker.cutline.areas import TooComplex
from services.worker.cutline.contour import Knife, cut_line, length_mm
from services.worker.cutline.files import Layout
from services.worker.failures import Failed
from services.worker.handlers import Resources, Task
from services.worker.pictures import Pixels
from services.worker.prepress import placement
from services.worker.print_formats import pdf
from shared import images
from shared.models.asset import Asset, AssetKind
from shared.models.cutline import CutlineInput, CutlineResult
from shared.models.job import JobFailure, Outcome
from shared.models.print_check import usual_width

_CSS_PER_MM = 96 / 25.4  # files of lines have no pixels: their size is told in those of pages


@dataclass(frozen=True, slots=True)
class CutlineHandler:
    resources: Resources

    def run(self, task: Task) -> Outcome:
        picture, asked = pictures.require(task), CutlineInput.read(task.job.input)
        with pictures.large(picture.width, picture.height):
            with task.step("fetch"):
                ink, mm_per_px = _ink(pictures.load(self.resources, picture), asked)
            layout = _layout(ink, mm_per_px, asked)
            with task.step("store"):
                drawing = images.Copy(files.svg(layout, asked.spot), "image/svg+xml", _size(layout))
                svg = storing.put(self.resources, task, AssetKind.FILE, drawing)
                printed = self._page(task, layout, asked, ink if asked.artwork else None)
        return Outcome(_result(svg, printed, layout).json(), (svg, printed))

    def _page(self, task: Task, layout: Layout, asked: CutlineInput, artwork: Pixels | None) -> Asset:
        with tempfile.TemporaryDirectory() as folder:
            path = Path(folder) / "cutline.pdf"
            files.write_pdf(path, layout, asked.spot, artwork)
            return storing.put_file(self.resources, task, path, _size(layout))


def _size(layout: Layout) -> tuple[int, int]:
    width, height = (max(1, round(side * _CSS_PER_MM)) for side in (layout.width_mm, layout.height_mm))
    return width, height


def _ink(rgba: Pixels, asked: CutlineInput) -> tuple[Pixels, float]:
    """The picture without its clear border, and the millimetres of a pixel. Raises Failed for one without ink."""
    box = placement.ink_box(np.ascontiguousarray(rgba[..., 3]))
    if box is None:
        raise failures.nothing_to_print()
    width_mm = asked.width_mm or usual_width(box)
    return rgba[box.top : box.bottom, box.left : box.right], width_mm / (box.right - box.left)


def _layout(ink: Pixels, mm_per_px: float, asked: CutlineInput) -> Layout:
    """Raises Failed for a picture round which no knife can cut, and for a page that no printer takes."""
    height, width = (side * mm_per_px for side in ink.shape[:2])
    if height > pdf.MOST_MM:
        raise _too_long()
    knife = Knife(asked.offset_mm, asked.smooth_mm, asked.holes)
    try:
        line = cut_line(np.ascontiguousarray(ink[..., 3]), mm_per_px, knife)
    except TooComplex:
        words = "The picture has too many small parts to cut out: print it larger, or with a wider offset."
        raise Failed(JobFailure.TOO_COMPLEX, words) from None
    if line.is_empty:
        raise Failed(JobFailure.NO_INK, "The picture has nothing to cut out: all of it is nearly transparent, or dust.")
    layout = files.laid_out(line, (width, height))
    if max(layout.width_mm, layout.height_mm) > pdf.MOST_MM:
        raise _too_long()
    return layout


def _too_long() -> Failed:
    return Failed(JobFailure.TOO_LARGE, f"The page would be longer than {pdf.MOST_MM:.0f} mm.")


def _result(svg: Asset, page: Asset, layout: Layout) -> CutlineResult:
    return CutlineResult(
        asset_id=svg.id,
        key=svg.key,
        bytes=svg.bytes,
        pdf_id=page.id,
        pdf_key=page.key,
        pdf_bytes=page.bytes,
        width_mm=layout.width_mm,
        height_mm=layout.height_mm,
        ink_left_mm=round(layout.picture.x, 3),
        ink_top_mm=round(layout.picture.y, 3),
        ink_width_mm=round(layout.picture.width, 3),
        ink_height_mm=round(layout.picture.height, 3),
        lines=int(shapely.get_num_interior_rings(layout.line.geoms).sum()) + len(layout.line.geoms),
        length_mm=round(length_mm(layout.line), 1),
    )
