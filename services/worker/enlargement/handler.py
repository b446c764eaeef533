"""Enlargements as jobs: the picture with the pixels that a print needs, and a detail of it before and after."""

from dataclasses import dataclass, replace
from typing import NamedTuple

import numpy as np

from services.worker import failures, pictures, storing
from services.worker.enlargement import comparison, flat, lanczos
from services.worker.failures import Failed
from services.worker.handlers import Resources, Task
from services.worker.pictures import Pixels
from services.worker.prepress import placement
from services.worker.vector import palette
from shared import fast_png, images
from shared.models.asset import Asset, AssetKind
from shared.models.enlargement import EnlargementInput, EnlargementResult, Way
from shared.models.job import JobFailure, Outcome
from shared.models.print_check import usual_width
from shared.models.print_file import MM_PER_INCH

_MARGIN = 4  # clear pixels kept around the ink, so that the print check does not call it cut off
_MOST_CHANGED = 0.03  # a logo whose letters are too small to be snapped changes more: it stays smooth


class _Part(NamedTuple):
    """The ink with a margin, and its width in pixels and in print."""

    rgba: Pixels
    ink_px: int
    width_mm: float


@dataclass(frozen=True, slots=True)
class EnlargementHandler:
    resources: Resources

    def run(self, task: Task) -> Outcome:
        picture, asked = pictures.require(task), EnlargementInput.read(task.job.input)
        with pictures.large(images.MAX_PIXELS, 1):  # as large as the result may be
            with task.step("fetch"):
                part = _part(pictures.load(self.resources, picture), asked)
            scale = part.width_mm * asked.dpi / MM_PER_INCH / part.ink_px
            method, made = _enlarged(part.rgba, _size(part, scale), asked.method)
            shown = comparison.detail(part.rgba, made)
            with task.step("store"):
                file = self._stored(task, AssetKind.PRINT, made, asked.dpi)
                before, after = (
                    self._stored(task, AssetKind.PREVIEW, pixels, asked.dpi) for pixels in (shown.before, shown.after)
                )
            share = comparison.changed(part.rgba, made)
        before_scale = picture.enlarged or 1
        result = EnlargementResult(
            asset_id=file.id,
            key=file.key,
            width=file.width,
            height=file.height,
            bytes=file.bytes,
            width_mm=round(part.width_mm, 3),
            dpi=asked.dpi,
            dpi_before=round(asked.dpi / scale / before_scale, 1),
            scale=round(scale, 3),
            method=method,
            changed=round(share, 4),
            before_key=before.key,
            after_key=after.key,
        )
        file = replace(file, enlarged=scale * before_scale if method is Way.LANCZOS else None)
        return Outcome(result.json(), (file, before, after))

    def _stored(self, task: Task, kind: AssetKind, pixels: Pixels, dpi: int) -> Asset:
        data = fast_png.encode(pixels, dpi=(dpi, dpi))
        return storing.put(self.resources, task, kind, images.Copy(data, "image/png", pixels.shape[1::-1]))


def _part(rgba: Pixels, asked: EnlargementInput) -> _Part:
    """Raises Failed for a picture without ink."""
    box = placement.ink_box(np.ascontiguousarray(rgba[..., 3]))
    if box is None:
        raise failures.nothing_to_print()
    around = box.grown(_MARGIN, rgba.shape[:2])
    part = np.ascontiguousarray(rgba[around.top : around.bottom, around.left : around.right])
    return _Part(part, box.right - box.left, asked.width_mm or usual_width(box))


def _size(part: _Part, scale: float) -> tuple[int, int]:
    """Raises Failed where nothing would be enlarged, and for more pixels than a picture may have."""
    if scale <= 1:
        words = f"The picture has {part.ink_px} pixels for {part.width_mm:.0f} mm, which is enough."
        raise Failed(JobFailure.LARGE_ENOUGH, words)
    width, height = (round(side * scale) for side in part.rgba.shape[1::-1])
    if width * height > images.MAX_PIXELS or max(width, height) > images.MAX_SIDE:
        words = f"It would have {width} x {height} pixels: ask for a smaller print, or a lower resolution."
        raise Failed(JobFailure.TOO_LARGE, words)
    return width, height


def _enlarged(rgba: Pixels, size: tuple[int, int], asked: Way) -> tuple[Way, Pixels]:
    """Raises Failed for flat artwork that is none."""
    if asked is not Way.LANCZOS:
        inks = palette.find(rgba)
        if inks.drawn:
            made = flat.enlarged(rgba, inks.colours, size)
            if asked is Way.FLAT or comparison.changed(rgba, made) <= _MOST_CHANGED:
                return Way.FLAT, made
        elif asked is Way.FLAT:
            raise failures.not_flat_artwork(inks.flat, inks.explained, len(inks.colours))
    return Way.LANCZOS, lanczos.enlarged(rgba, size)
