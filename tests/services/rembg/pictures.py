"""Pictures drawn for tests: a subject whose colours and place are known, on a quiet ground."""

import io

import numpy as np
from PIL import Image, ImageDraw, ImageFilter

GROUND, SUBJECT, SIGN = (236, 238, 240), (190, 40, 44), (250, 210, 60)
SIZE = (480, 360)
BOX = (150, 80, 330, 300)  # left, top, right, bottom of the subject


def shirt(size: tuple[int, int] = SIZE) -> Image.Image:
    """A red block with a yellow sign in its upper half, so that every orientation looks different."""
    drawn = Image.new("RGB", SIZE, GROUND)
    draw = ImageDraw.Draw(drawn)
    draw.rounded_rectangle(BOX, 24, fill=SUBJECT)
    draw.ellipse((180, 100, 240, 160), fill=SIGN)
    soft = drawn.filter(ImageFilter.GaussianBlur(0.8))
    return soft if size == SIZE else soft.resize(size, Image.Resampling.BICUBIC)


def plain(colour: tuple[int, int, int]) -> Image.Image:
    return Image.new("RGB", SIZE, colour)


def noise(mean: float, deviation: float) -> Image.Image:
    drawn = np.random.default_rng(7).normal(mean, deviation, (*reversed(SIZE), 3))
    return Image.fromarray(drawn.clip(0, 255).astype(np.uint8))


def encode(picture: Image.Image, kind: str = "PNG", **options: object) -> bytes:
    out = io.BytesIO()
    picture.save(out, kind, **options)
    return out.getvalue()


def pixels(png: bytes) -> np.ndarray:
    """An RGBA PNG as integers that subtract without wrapping."""
    with Image.open(io.BytesIO(png)) as image:
        assert (image.format, image.mode) == ("PNG", "RGBA")
        return np.asarray(image).astype(int)
