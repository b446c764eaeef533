"""Where the subject lies on the canvas, and how many pixels that has. Pure numbers."""

import math
from dataclasses import dataclass
from typing import NamedTuple

from shared.images import MAX_SIDE
from shared.models.composition import Area, Composition, Lengths
from shared.models.cutout import Foreground

Size = tuple[int, int]


class Reach(NamedTuple):
    """How far a shadow reaches beyond the subject, in pixels of the cut-out."""

    top: int = 0
    right: int = 0
    bottom: int = 0
    left: int = 0


@dataclass(frozen=True, slots=True)
class Layout:
    """`part` of the cut-out is drawn into `place` of a canvas; `subject` is the subject's box there.

    `full` is the size of the canvas without a limit.
    """

    canvas: Size
    part: Area
    place: Area
    subject: Area
    full: Size

    def limited(self, pixels: int) -> "Layout":
        """The same on a canvas of at most so many pixels, and of sides that every format can have."""
        width, height = self.canvas
        scale = min(math.sqrt(pixels / (width * height)), MAX_SIDE / max(width, height))
        if scale >= 1:
            return self
        canvas = max(1, int(width * scale)), max(1, int(height * scale))
        shrunk = canvas[0] / width, canvas[1] / height
        return Layout(canvas, self.part, _scaled(self.place, shrunk), _scaled(self.subject, shrunk), self.full)


def plan(size: Size, subject: Foreground, asked: Composition, reach: Reach) -> Layout:
    """The layout without a limit of pixels, of a cut-out of this size."""
    box = _box(subject)
    edges = _cropped(box, asked.crop_margin, reach) if asked.crop else (0, 0, *size)
    canvas = edges[2] - edges[0], edges[3] - edges[1]
    if asked.scale is None and asked.position is None:
        part = max(0, edges[0]), max(0, edges[1]), min(size[0], edges[2]), min(size[1], edges[3])
        return Layout(canvas, part, _moved(part, edges), _moved(box, edges), canvas)
    placed = _placed((subject.width, subject.height), canvas, asked)
    return Layout(canvas, box, placed, placed, canvas)


def _box(subject: Foreground) -> Area:
    return subject.left, subject.top, subject.left + subject.width, subject.top + subject.height


def _cropped(box: Area, margins: Lengths, reach: Reach) -> Area:
    """The subject with its margins, and with its shadow where that reaches further; may lie outside the picture."""
    left, top, right, bottom = box
    sides = bottom - top, right - left, bottom - top, right - left
    above, right_of, below, left_of = (
        max(margin.of(side), least) for margin, side, least in zip(margins, sides, reach, strict=True)
    )
    return left - left_of, top - above, right + right_of, bottom + below


def _placed(subject: Size, canvas: Size, asked: Composition) -> Area:
    (width, height), scale = subject, 1.0
    if asked.scale is not None:
        scale = asked.scale * min(canvas[0] / width, canvas[1] / height)
    width, height = max(1, round(width * scale)), max(1, round(height * scale))
    across, down = asked.position or (0.5, 0.5)
    left, top = round((canvas[0] - width) * across), round((canvas[1] - height) * down)
    return left, top, left + width, top + height


def _moved(area: Area, edges: Area) -> Area:
    return area[0] - edges[0], area[1] - edges[1], area[2] - edges[0], area[3] - edges[1]


def _scaled(area: Area, scale: tuple[float, float]) -> Area:
    left, top, right, bottom = (round(place * scale[axis]) for place, axis in zip(area, (0, 1, 0, 1), strict=True))
    return left, top, max(left + 1, right), max(top + 1, bottom)
