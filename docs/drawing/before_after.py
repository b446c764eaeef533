"""Draws each picture of docs/pictures above its cut-out, which the service makes with the bundled network."""

import io
from pathlib import Path

import numpy as np
from PIL import Image, ImageDraw

from services.rembg import remover
from services.rembg.inference import Network
from services.rembg.weights import Name
from services.rembg.weights.resolve import locate
from shared import images

PICTURES = ("person", "product", "logo", "drawing")  # all square
SIDE, GAP, CORNER, CHECK = 380, 16, 14, 19


def before_after() -> Image.Image:
    """Print which method cut out each picture, for the caption."""
    network = Network(locate(Name.COMPACT, None, Path("data")), threads=1)
    sheet = Image.new("RGBA", (len(PICTURES) * (SIDE + GAP) - GAP, 2 * SIDE + GAP))
    for column, name in enumerate(PICTURES):
        photo = Path("docs/pictures", f"{name}.jpg").read_bytes()
        cutout = remover.remove(network, photo, images.inspect(photo))
        print(name, cutout.method)
        board = checkerboard()
        board.alpha_composite(small(cutout.file.data))
        for row, cell in enumerate((small(photo), board)):
            sheet.paste(cell, (column * (SIDE + GAP), row * (SIDE + GAP)), rounded())
    return sheet


def small(data: bytes) -> Image.Image:
    """Shrink premultiplied, so that hidden colours do not bleed in."""
    with Image.open(io.BytesIO(data)) as image:
        picture = image.convert("RGBA").convert("RGBa")
    return picture.resize((SIDE, SIDE), Image.Resampling.LANCZOS).convert("RGBA")


def checkerboard() -> Image.Image:
    yy, xx = np.mgrid[0:SIDE, 0:SIDE] // CHECK
    return Image.fromarray(np.where((xx + yy) % 2, 255, 226).astype(np.uint8)).convert("RGBA")


def rounded() -> Image.Image:
    mask = Image.new("L", (4 * SIDE, 4 * SIDE))  # at four times the size, because Pillow's edges are hard
    ImageDraw.Draw(mask).rounded_rectangle((0, 0, 4 * SIDE - 1, 4 * SIDE - 1), 4 * CORNER, 255)
    return mask.reduce(4)
