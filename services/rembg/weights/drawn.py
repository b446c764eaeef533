"""Drawn pictures to calibrate and to judge a network with: things on grounds, lit from somewhere."""

from collections.abc import Iterator

import numpy as np
from PIL import Image, ImageDraw, ImageFilter


def drawn(count: int, seed: int) -> Iterator[Image.Image]:
    """Colours, places and outlines at random, the same for the same seed."""
    random = np.random.default_rng(seed)
    for _ in range(count):
        width, height = (int(side) for side in random.integers(400, 900, 2))
        turns = np.linspace(0, 2 * np.pi, 80)
        far = 1 + 0.2 * np.sin(turns * random.integers(2, 7) + random.uniform(0, 6))
        across, down = random.uniform(0.15, 0.4, 2)
        middle, centre = random.uniform(0.35, 0.65, 2)
        outline = zip(
            width * (middle + across * far * np.cos(turns)), height * (centre + down * far * np.sin(turns)), strict=True
        )
        shape = Image.new("L", (width, height))
        ImageDraw.Draw(shape).polygon([(float(x), float(y)) for x, y in outline], fill=255)
        subject, ground = (_surface((width, height), random) for _ in range(2))
        yield Image.composite(subject, ground, shape.filter(ImageFilter.GaussianBlur(1)))


def _surface(size: tuple[int, int], random: np.random.Generator) -> Image.Image:
    light = random.normal(0, random.uniform(2, 40), (6, 6, 3)).astype(np.float32)
    planes = [Image.fromarray(light[..., c]).resize(size, Image.Resampling.BICUBIC) for c in range(3)]
    pixels = np.stack([np.asarray(plane) for plane in planes], -1) + random.integers(0, 256, 3)
    return Image.fromarray((pixels + random.normal(0, 4, pixels.shape)).clip(0, 255).astype(np.uint8))
