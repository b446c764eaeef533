"""Vectors as jobs: the drawing that a logo's pixels were, with its palette."""

import tempfile
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from services.worker import failures, pictures, storing
from services.worker.failures import Failed
from services.worker.handlers import Resources, Task
from services.worker.pictures import Pixels
from services.worker.prepress import placement
from services.worker.vector import files, palette, snapping, tracing
from services.worker.vector.files import Drawing
from services.worker.vector.palette import Palette
from services.worker.vector.snapping import Snapped, TooComplex
from shared import images
from shared.models.asset import Asset, AssetKind
from shared.models.job import JobFailure, Outcome
from shared.models.print_check import usual_width
from shared.models.vector import Ink, VectorInput, VectorResult


@dataclass(frozen=True, slots=True)
class VectorHandler:
    resources: Resources

    def run(self, task: Task) -> Outcome:
        picture, asked = pictures.require(task), VectorInput.read(task.job.input)
        with pictures.large(picture.width, picture.height):
            with task.step("fetch"):
                rgba = pictures.load(self.resources, picture)
            ink, usual_mm = _ink(rgba)
            inks = palette.find(ink, asked.max_inks)
            snapped = _snapped(ink, inks)
            width_mm = asked.width_mm or usual_mm
            drawing = _drawing(snapped, inks, width_mm)
            size = (ink.shape[1], ink.shape[0])
            with task.step("store"):
                copy = images.Copy(files.svg(drawing), "image/svg+xml", size)
                file = storing.put(self.resources, task, AssetKind.FILE, copy)
                page = self._page(task, drawing, size, marks=asked.marks)
        result = VectorResult(
            asset_id=file.id,
            key=file.key,
            bytes=file.bytes,
            pdf_id=page.id,
            pdf_key=page.key,
            pdf_bytes=page.bytes,
            width_mm=round(drawing.width_mm, 3),
            height_mm=round(drawing.height_mm, 3),
            inks=_inks(inks),
            explained=round(inks.explained, 4),
        )
        return Outcome(result.json(), (file, page))

    def _page(self, task: Task, drawing: Drawing, size: tuple[int, int], *, marks: bool) -> Asset:
        with tempfile.TemporaryDirectory() as folder:
            path = Path(folder) / "separations.pdf"
            files.write_pdf(path, drawing, marks=marks)
            return storing.put_file(self.resources, task, path, size)


def _ink(rgba: Pixels) -> tuple[Pixels, float]:
    """The picture without its clear border, and its usual width. Raises Failed for one without ink."""
    box = placement.ink_box(np.where(rgba[..., 3] >= palette.INKED, rgba[..., 3], 0))
    if box is None:
        raise Failed(JobFailure.NO_INK, "The picture has nothing to draw: all of it is at least half transparent.")
    return np.ascontiguousarray(rgba[box.top : box.bottom, box.left : box.right]), usual_width(box)


def _snapped(ink: Pixels, inks: Palette) -> Snapped:
    """Raises Failed for what was not drawn with these few inks."""
    if not inks.drawn:
        raise failures.not_flat_artwork(inks.flat, inks.explained, len(inks.colours))
    try:
        return snapping.snap(ink, inks.colours)
    except TooComplex:
        words = f"The picture has more than {snapping.MOST_PARTS:,} separate parts, which is a pattern and no logo."
        raise Failed(JobFailure.TOO_COMPLEX, words) from None


def _drawing(snapped: Snapped, inks: Palette, width_mm: float) -> Drawing:
    """Raises Failed for a page that no printer takes."""
    height, width = snapped.inks.shape
    if width_mm * height / width > files.MOST_MM:
        raise Failed(JobFailure.TOO_LARGE, f"The drawing would be higher than {files.MOST_MM:.0f} mm.")
    return Drawing(tracing.shapes(snapped, inks.colours), inks.colours, (width, height), width_mm)


def _inks(inks: Palette) -> tuple[Ink, ...]:
    found = zip(inks.colours, inks.shares, strict=True)
    return tuple(
        Ink(files.hex_of(colour), round(share, 4), files.spot_of(number, colour))
        for number, (colour, share) in enumerate(found, start=1)
    )
