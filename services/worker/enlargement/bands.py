"""Bands of rows in which a picture is enlarged, so that what is computed beside the result stays small."""

from collections.abc import Iterator
from dataclasses import dataclass

_PIXELS = 1 << 20  # of the result in one band


@dataclass(frozen=True, slots=True)
class Band:
    """Rows `top` to `bottom` of the result come from `box`, which lies in rows `first` to `last` of the picture.

    `box` is (left, top, right, bottom) within those rows, as Pillow takes it; what lies around it is read as well.
    """

    top: int
    bottom: int
    first: int
    last: int
    box: tuple[float, float, float, float]


def bands(picture: tuple[int, int], result: tuple[int, int], margin: int) -> Iterator[Band]:
    """`picture` and `result` are (width, height); `margin`: rows of the picture that count beside a row."""
    width, height = picture
    step, rows = height / result[1], max(1, _PIXELS // result[0])
    for top in range(0, result[1], rows):
        bottom = min(top + rows, result[1])
        first, last = max(0, int(top * step) - margin), min(height, int(bottom * step) + margin + 1)
        yield Band(top, bottom, first, last, (0, top * step - first, width, bottom * step - first))
