"""Colours at the rim: a cut-out's, where it is half transparent, beside those of the photo.

`python -m bench.removal.rims` draws docs/contact-sheet.webp: our cut-outs, and below each the same mask blended
into the colours as the peer does it, on white, black and red.
"""

import io
from pathlib import Path

import numpy as np
from PIL import Image

from bench.removal import pictures
from services.rembg import remover
from services.rembg.inference import Network
from services.rembg.weights import Name
from services.rembg.weights.resolve import locate
from shared import images

SHEET = Path("docs/contact-sheet.webp")
_GROUNDS = ((255, 255, 255), (0, 0, 0), (200, 30, 30))
_SIDE = 320


def ratio(photo: bytes, cutout: bytes) -> float:
    """Mean colour of the cut-out's pixels of 10 to 90 % alpha, over the photo's there; 1 is right."""
    with Image.open(io.BytesIO(photo)) as image, Image.open(io.BytesIO(cutout)) as cut:
        true, found = np.asarray(image.convert("RGB"), float), np.asarray(cut.convert("RGBA"), float)
    rim = (found[..., 3] > 25) & (found[..., 3] < 230)
    return float(found[rim, :3].mean() / true[rim].mean())


def main() -> None:
    network = Network(locate(Name.COMPACT, None, Path("data")), threads=1)
    photos = [Path("deploy/local/sample.jpg").read_bytes()]
    photos += [pictures.encoded(pictures.drawn((900, 1100), seed)) for seed in (3, 5)]
    sheet = Image.new("RGB", (_SIDE * len(_GROUNDS), 2 * _SIDE * len(photos)))
    for index, photo in enumerate(photos):
        cut = remover.remove(network, photo, images.inspect(photo)).file.data
        with Image.open(io.BytesIO(cut)) as image, Image.open(io.BytesIO(photo)) as original:
            mine, alpha = image.convert("RGBA"), image.getchannel("A")
            theirs = Image.composite(original.convert("RGBA"), Image.new("RGBA", image.size), alpha)
        for row, version in enumerate((mine, theirs)):
            for column, ground in enumerate(_GROUNDS):
                shown = Image.alpha_composite(Image.new("RGBA", version.size, (*ground, 255)), version)
                at = (column * _SIDE, (2 * index + row) * _SIDE)
                sheet.paste(_close(shown, mine.getchannel("A")), at)
    sheet.save(SHEET, quality=88)


def _close(image: Image.Image, alpha: Image.Image) -> Image.Image:
    """The subject's left edge, halfway down, at twice its size, where its rim can be judged."""
    _, top, _, bottom = alpha.point([255 * (level > 127) for level in range(256)]).getbbox() or (0, 0, 0, 2)
    middle, quarter = (top + bottom) // 2, _SIDE // 4
    left = int(np.argmax(np.asarray(alpha)[middle] > 127))
    part = image.convert("RGB").crop((left - quarter, middle - quarter, left + quarter, middle + quarter))
    return part.resize((_SIDE, _SIDE), Image.Resampling.NEAREST)


if __name__ == "__main__":
    main()
