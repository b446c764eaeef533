"""Vectors as jobs: the drawing that a logo's pixels were, with its palette."""

from dataclasses import dataclass

import numpy as np

from services.worker import failures, pictures, storing
from services.worker.failures import Failed
from services.worker.handlers import Resources, Task
from services.worker.pictures import Pixels
from services.worker.prepress import placement
from services.worker.vector import palette, snapping, tracing
from services.worker.vector.palette import Palette
from services.worker.vector.snapping import Snapped, TooComplex
from shared import images
from shared.models.asset import AssetKind
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
            drawing = tracing.svg(snapped, inks.colours, width_mm).encode()
            copy = images.Copy(drawing, "image/svg+xml", (ink.shape[1], ink.shape[0]))
            with task.step("store"):
                file = storing.put(self.resources, task, AssetKind.FILE, copy)
        result = VectorResult(
            asset_id=file.id,
            key=file.key,
            bytes=file.bytes,
            width_mm=round(width_mm, 3),
            height_mm=round(width_mm * snapped.inks.shape[0] / snapped.inks.shape[1], 3),
            inks=_inks(inks),
            explained=round(inks.explained, 4),
        )
        return Outcome(result.json(), (file,))


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


def _inks(inks: Palette) -> tuple[Ink, ...]:
    return tuple(
        Ink(tracing.hex_of(colour), round(share, 4)) for colour, share in zip(inks.colours, inks.shares, strict=True)
    )
