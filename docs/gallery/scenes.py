"""Hard cases of print edges, drawn with known truth: what a camera sees, and what a cut-out network makes of it.

Masks are made as a network of 320 pixels a side would make them: reduced, blurred and enlarged again. The sample
T-shirt and the garment of the benchmarks are cut out by the bundled network itself.
"""

import io
from collections.abc import Callable
from pathlib import Path
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray
from PIL import Image, ImageDraw, ImageFilter, ImageFont

from bench.removal import pictures
from services.rembg import remover
from services.rembg.inference import Network
from services.rembg.options import Options
from services.rembg.weights import Name
from services.rembg.weights.resolve import locate
from shared import images
from shared.models.cutout import Method

SAMPLE = Path("deploy/local/sample.jpg")
_NETWORK_SIDE = 320
_FINE = 4  # drawings are made so many times as large, then reduced

Pixels = NDArray[np.uint8]


class Scene(NamedTuple):
    """`soft` is the cut-out, RGBA; `middle` is where to look, in pixels."""

    name: str
    photo: Pixels
    soft: Pixels
    middle: tuple[int, int]


def scenes() -> list[Scene]:
    network = Network(locate(Name.COMPACT, None, Path("data")), threads=1)
    garment = pictures.encoded(pictures.drawn((900, 1100), 3))
    return [
        _cut(network, "T-shirt, bundled network", SAMPLE.read_bytes(), 560),
        _cut(network, "garment, bundled network", garment, 560),
        _hair(),
        _glass(),
        _lettering(),
        _plush(),
        _neon(),
    ]


def _cut(network: Network, name: str, data: bytes, row: int) -> Scene:
    """Cut out a file; its left edge in this row is what to look at."""
    made = remover.remove(network, data, images.inspect(data), Options(method=Method.NETWORK))
    photo, soft = (Image.open(io.BytesIO(file)) for file in (data, made.file.data))
    pixels = np.asarray(soft.convert("RGBA"))
    return Scene(name, np.asarray(photo.convert("RGB")), pixels, (int(np.argmax(pixels[row, :, 3] > 127)), row))


def _hair() -> Scene:
    random = np.random.default_rng(4)

    def draw(canvas: ImageDraw.ImageDraw, scale: int) -> None:
        canvas.ellipse([scale * v for v in (300, 320, 600, 700)], fill=255)
        for turn in random.uniform(np.pi, 2 * np.pi, 260):
            bend, length = random.normal(0, 0.25), random.uniform(60, 190)
            steps = np.linspace(0, 1, 16)
            angle = turn + bend * steps**2
            reach = 150 + length * steps
            points = np.stack([450 + reach * np.cos(angle), 500 + 1.2 * reach * np.sin(angle)], 1) * scale
            canvas.line([tuple(point) for point in points], fill=255, width=round(scale * random.uniform(0.7, 2)))

    return _scene("hair", _drawn(draw), (70, 44, 30), (170, 200, 225), (590, 330))


def _glass() -> Scene:
    def body(canvas: ImageDraw.ImageDraw, scale: int) -> None:
        canvas.polygon([(scale * x, scale * y) for x, y in ((280, 200), (620, 200), (560, 760), (340, 760))], fill=255)

    def wall(canvas: ImageDraw.ImageDraw, scale: int) -> None:
        body(canvas, scale)
        inner = ((302, 190), (598, 190), (545, 730), (355, 730))
        canvas.polygon([(scale * x, scale * y) for x, y in inner], fill=0)

    whole, edge = _drawn(body), _drawn(wall)
    return _scene("glass", np.maximum(0.3 * whole, 0.85 * edge), (225, 240, 245), (150, 110, 80), (320, 420))


def _lettering() -> Scene:
    def draw(canvas: ImageDraw.ImageDraw, scale: int) -> None:
        for row, size in enumerate((120, 72, 44, 30, 22)):
            font = ImageFont.load_default(size * scale)
            canvas.text(
                (40 * scale, (110 + 140 * row - 3 * row * row) * scale), "Stolen Tee est. 2024", fill=255, font=font
            )

    alpha = _drawn(draw)
    return _scene("thin lettering", alpha, (225, 100, 30), (240, 244, 246), (140, 580), _lens(alpha, 0.8))


def _plush() -> Scene:
    alpha = _drawn(lambda canvas, scale: canvas.ellipse([scale * v for v in (220, 220, 680, 680)], fill=255))
    fuzzy = _lens(alpha, 3)
    return _scene("wide soft rim", fuzzy, (235, 140, 160), (90, 120, 90), (290, 300), _lens(alpha, 14))


def _neon() -> Scene:
    def draw(canvas: ImageDraw.ImageDraw, scale: int) -> None:
        canvas.arc([scale * v for v in (230, 250, 670, 690)], 200, 520, fill=255, width=10 * scale)
        canvas.line([scale * v for v in (330, 600, 450, 330, 570, 600)], fill=255, width=10 * scale, joint="curve")

    tube = _drawn(draw)
    glow = np.clip(tube + 0.9 * _lens(tube, 18) + 0.5 * _lens(tube, 45), 0, 1)
    light = glow[..., None] * (60, 255, 120) + 0.8 * _lens(tube, 1.5)[..., None] * (190, 0, 130)
    photo = _grain(np.clip(light + 8, 0, 255))
    return Scene("neon on black", photo, np.dstack([photo, _bytes(np.clip(1.6 * glow, 0, 1))]), (330, 330))


def _scene(
    name: str,
    alpha: NDArray[np.float32],
    subject: tuple[int, int, int],
    ground: tuple[int, int, int],
    middle: tuple[int, int],
    mask: NDArray[np.float32] | None = None,
) -> Scene:
    share = _lens(alpha, 0.9)[..., None]
    shade = np.linspace(1.08, 0.88, len(alpha))[:, None, None]
    photo = _grain(shade * (share * subject + (1 - share) * np.array(ground)))
    soft = _bytes(_as_a_network_sees(alpha) if mask is None else mask)
    return Scene(name, photo, np.dstack([photo, soft]), middle)


def _drawn(draw: Callable[[ImageDraw.ImageDraw, int], None], side: int = 900) -> NDArray[np.float32]:
    fine = Image.new("L", (side * _FINE, side * _FINE))
    draw(ImageDraw.Draw(fine), _FINE)
    return np.asarray(fine.reduce(_FINE), np.float32) / 255


def _as_a_network_sees(alpha: NDArray[np.float32]) -> NDArray[np.float32]:
    side = len(alpha)
    small = Image.fromarray(alpha).resize((_NETWORK_SIDE, _NETWORK_SIDE), Image.Resampling.BOX)
    soft = Image.fromarray(_bytes(np.asarray(small))).filter(ImageFilter.GaussianBlur(1.2))
    return np.asarray(soft.resize((side, side), Image.Resampling.BICUBIC), np.float32) / 255


def _lens(alpha: NDArray[np.float32], sigma: float) -> NDArray[np.float32]:
    return np.asarray(Image.fromarray(_bytes(alpha)).filter(ImageFilter.GaussianBlur(sigma)), np.float32) / 255


def _grain(colours: NDArray[np.floating]) -> Pixels:
    noise = np.random.default_rng(1).normal(0, 2.5, colours.shape)
    return np.clip(colours + noise, 0, 255).astype(np.uint8)


def _bytes(alpha: NDArray[np.floating]) -> Pixels:
    return (np.clip(alpha, 0, 1) * 255 + 0.5).astype(np.uint8)
