"""Shadows of a cut-out, made of its outline alone.

    drop   the outline, blurred, a little lower: near and dark, and wide and faint; light comes from above on the left
    car    dark ground under the lower edge, which rests on the points where the subject touches the ground
    3D     the outline laid on the ground behind, sheared, blurred and fading with its distance from the feet

None knows the depth of the subject or the light in its picture. All are soft, so they are computed small and enlarged.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from PIL import Image, ImageFilter

from services.worker.composition import ground
from services.worker.composition.layout import Reach, Size
from shared.models.composition import Area, Shadow

Field = NDArray[np.float32]  # (h, w), 0 to 1

_SIDE = 512  # pixels of the outline's longer side while a shadow is computed
_ROOM = 0.5  # of that side, around it
_VISIBLE = 2  # of 255


@dataclass(frozen=True, slots=True)
class Cast:
    """A shadow as darkness (L), of which `outline` is the box of the subject that casts it."""

    darkness: Image.Image
    outline: Area

    def reach(self, size: Size) -> Reach:
        """Beyond a subject of this size."""
        box = self.darkness.point([255 * (level >= _VISIBLE) for level in range(256)]).getbbox() or self.outline
        left, top, right, bottom = self.outline
        across, down = size[0] / (right - left), size[1] / (bottom - top)
        sides = (top - box[1]) * down, (box[2] - right) * across, (box[3] - bottom) * down, (left - box[0]) * across
        return Reach(*(max(0, round(side)) for side in sides))


def cast(kind: Shadow, alpha: Image.Image, opacity: float, *, grounded: bool) -> Cast:
    """The shadow of a subject that fills `alpha` (L). Not `grounded`, cut off below, it has a drop shadow at most."""
    scale = _SIDE / max(alpha.size)
    size = max(1, round(alpha.width * scale)), max(1, round(alpha.height * scale))
    small = alpha.resize(size, Image.Resampling.BOX if scale < 1 else Image.Resampling.BILINEAR)
    room = round(_SIDE * _ROOM)
    around = Image.new("L", (size[0] + 2 * room, size[1] + 2 * room))
    around.paste(small, (room, room))
    outline = (room, room, room + size[0], room + size[1])
    made = _KINDS[kind if grounded else Shadow.DROP](around, outline)
    darkness = Image.fromarray((made.clip(0, 1) * (255 * opacity) + 0.5).astype(np.uint8))
    return Cast(darkness, outline)


def _drop(outline: Image.Image, box: Area) -> Field:
    side = ((box[2] - box[0]) * (box[3] - box[1])) ** 0.5
    near = _blurred(_offset(outline, 0.006 * side, 0.018 * side), 0.014 * side)
    far = _blurred(_offset(outline, 0.016 * side, 0.055 * side), 0.05 * side)
    return _together(0.45 * near, 0.8 * far)


def _contact(outline: Image.Image, box: Area) -> Field:
    return ground.shaded(_levels(outline), box, _blurred)


def _laid(outline: Image.Image, box: Area) -> Field:
    """The cast shadow and, where the subject stands, a little of the ground's."""
    flat, lean = 0.34, 0.5  # height of the shadow and its shift to the right, of the subject's height
    base, high = box[3] - 1, box[3] - box[1]
    row = np.arange(outline.height, dtype=np.float32)[:, None]
    lying = outline.transform(
        outline.size,
        Image.Transform.AFFINE,
        (1, lean / flat, -lean / flat * base, 0, 1 / flat, base - base / flat),
        Image.Resampling.BILINEAR,
    )
    distance = ((base - row) / (high * flat)).clip(0, 1)
    steps = [_blurred(lying, share * high) for share in (0.006, 0.02, 0.05)]
    near, far = (1 - 2 * distance).clip(0, 1), (2 * distance - 1).clip(0, 1)
    soft = near * steps[0] + (1 - near - far) * steps[1] + far * steps[2]
    return _together(soft * (1 - distance) ** 0.8, 0.6 * _contact(outline, box))


def _levels(image: Image.Image) -> Field:
    return np.asarray(image, np.float32) / np.float32(255)


def _blurred(image: Image.Image | Field, across: float, down: float | None = None) -> Field:
    given = image if isinstance(image, Image.Image) else Image.fromarray((image * 255 + 0.5).astype(np.uint8))
    return _levels(given.filter(ImageFilter.GaussianBlur((across, across if down is None else down))))


def _offset(image: Image.Image, right: float, down: float) -> Image.Image:
    return image.transform(image.size, Image.Transform.AFFINE, (1, 0, -right, 0, 1, -down), Image.Resampling.BILINEAR)


def _together(one: Field, other: Field) -> Field:
    """Two shadows on each other: each takes its share of the light that the other leaves."""
    made: Field = 1 - (1 - one) * (1 - other)
    return made


_KINDS: Mapping[Shadow, Callable[[Image.Image, Area], Field]] = {
    Shadow.DROP: _drop,
    Shadow.CAR: _contact,
    Shadow.THREE_D: _laid,
}
