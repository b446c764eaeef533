"""The project's pictures, drawn by code: the sample T-shirt, the logo, and what is cut out of docs/pictures.

    python -m docs.drawing sample deploy/local/sample.jpg
    python -m docs.drawing logo docs/pictures/logo.jpg
    python -m docs.drawing before-after docs/before-after.webp

A garment is an outline and a height map of folds. Light falls on the height map, the print is stretched over it, and
a blurred outline is the shadow. The seed is fixed, so the same picture comes out each time. Lengths are in pixels of
the 1600 x 2000 picture, colours are sRGB, light is computed in linear light.
"""

import sys

import numpy as np
from PIL import Image

from docs.drawing import shirt
from docs.drawing.artwork import logo
from docs.drawing.before_after import before_after
from docs.drawing.tools import HEIGHT, WIDTH, XX, YY, blur, encoded, linear, noise, over

PAPER = (211, 173, 151)  # no lighter, or backdrop left at the cut-out's edge would show on black


def sample() -> Image.Image:
    shape, back = shirt.outline(), shirt.neck()
    far, near = np.roll(np.maximum(shape, back), (46, 26), (0, 1)), np.roll(shape, (12, 7), (0, 1))
    shadow = np.clip(0.42 * blur(far, 44) + 0.34 * blur(near, 9), 0, 1)
    glow = 1.08 - 0.4 * (((XX - 640) / WIDTH) ** 2 + ((YY - 700) / HEIGHT) ** 2)
    picture = linear(PAPER) * (glow * (1 - 0.8 * shadow) * (1 + 0.008 * noise(2)))[..., None]
    picture = over(over(picture, shirt.inside(), back), shirt.front(shape, back), shape)
    grain = 0.004 * noise(1.4)[..., None] * np.sqrt(np.maximum(picture, 0))  # a sensor's grows with the light
    return Image.fromarray(encoded(picture + grain))


def main(task: str, target: str) -> None:
    if task == "sample":
        sample().save(target, quality=88, optimize=True, progressive=True)
    elif task == "logo":
        logo().save(target, quality=90, optimize=True)
    elif task == "before-after":
        before_after().save(target, quality=86, alpha_quality=90, method=6)
    else:
        raise SystemExit(__doc__)


if __name__ == "__main__":
    main(*sys.argv[1:])
