"""Cut-outs with known colours."""

import io
from functools import cache

import numpy as np
from PIL import Image

CLEAR = (0, 0, 0, 0)
RED, GREEN = (200, 30, 20, 255), (10, 160, 40, 255)

Box = tuple[int, int, int, int]


def block(
    size: tuple[int, int] = (400, 300), box: Box = (100, 60, 300, 240), colour: tuple[int, ...] = RED
) -> Image.Image:
    """A block of one colour in a clear picture; the hidden colour around it is bright green."""
    picture = Image.new("RGBA", size, (0, 255, 0, 0))
    picture.paste(colour, box)
    return picture


@cache
def _texture(width: int, height: int) -> Image.Image:
    return Image.fromarray(np.random.default_rng(5).integers(0, 256, (height, width, 3), np.uint8))


def textured(size: tuple[int, int], box: Box) -> Image.Image:
    """As `block`, of noise."""
    picture = block(size, box)
    picture.paste(_texture(box[2] - box[0], box[3] - box[1]), box[:2])
    return picture


def png(picture: Image.Image) -> bytes:
    out = io.BytesIO()
    picture.save(out, "PNG")
    return out.getvalue()


def opened(data: bytes) -> Image.Image:
    picture = Image.open(io.BytesIO(data))
    picture.load()
    return picture
