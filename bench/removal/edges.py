"""How much of the background a cut-out's edge still shows, as a number and as a contact sheet.

`python -m bench.removal.edges` draws docs/contact-sheet.webp: edges at twice their size on white, black and red, with
the background removed from their colours, with the photo's colours, and with the mask blended into the colours as the
rembg library does.
"""

import io
from pathlib import Path

import numpy as np
from PIL import Image, ImageDraw, ImageFilter, ImageFont

from bench.removal import pictures
from services.rembg import remover
from services.rembg.inference import Network
from services.rembg.matting import _mean
from services.rembg.options import Options
from services.rembg.weights import Name
from services.rembg.weights.resolve import locate
from shared import images

SHEET = Path("docs/contact-sheet.webp")
_GROUNDS = {"white": (255, 255, 255), "black": (0, 0, 0), "red": (200, 30, 30)}
_SIDE, _LABEL = 320, 22
_DEEP, _WINDOW = 9, 20  # pixels: so far from the edge colours are pure; around an edge pixel so many are averaged
_DIFFERENT = 40.0  # of 255 in colour: where subject and background are closer, nothing shows


def contamination(photo: bytes, cutout: bytes) -> float:
    """The background's mean share in the colours of the edge, weighted by alpha: 0 is pure subject."""
    with Image.open(io.BytesIO(photo)) as image, Image.open(io.BytesIO(cutout)) as cut:
        true, found = np.asarray(image.convert("RGB"), float), np.asarray(cut.convert("RGBA"), float)
        alpha = cut.getchannel("A")
    subject, inside = _nearby(true, alpha, lowest=248)
    ground, outside = _nearby(true, alpha, highest=8)
    line = ground - subject
    length = (line * line).sum(axis=-1)
    edge = inside & outside & (found[..., 3] >= 8) & (found[..., 3] < 248) & (length > _DIFFERENT**2)
    share = ((found[..., :3] - subject) * line).sum(axis=-1)[edge] / length[edge]
    return float(np.average(share.clip(-1, 1), weights=found[edge, 3])) if edge.any() else 0.0


def _nearby(true: np.ndarray, alpha: Image.Image, lowest: int = 0, highest: int = 256) -> tuple[np.ndarray, np.ndarray]:
    """Mean colours around each pixel of where all alpha close by is within the bounds; and where there are any."""
    marked = alpha.point([255 * (lowest <= level < highest) for level in range(256)])
    weight = np.asarray(marked.filter(ImageFilter.MinFilter(_DEEP)), float) / 255
    total = _mean(weight, _WINDOW)
    sums = np.stack([_mean(true[..., band] * weight, _WINDOW) for band in range(3)], -1)
    return sums / np.maximum(total, 1e-6)[..., None], total > 1e-3


def main() -> None:
    network = Network(locate(Name.COMPACT, None, Path("data")), threads=1)
    photos = {"sample": Path("deploy/local/sample.jpg").read_bytes()}
    photos |= {f"drawn {seed}": pictures.encoded(pictures.drawn((900, 1100), seed)) for seed in (3, 5)}
    rows = [(f"{name}: {how}", *shown) for name, photo in photos.items() for how, shown in _versions(network, photo)]
    sheet = Image.new("RGB", (_SIDE * len(_GROUNDS), (_SIDE + _LABEL) * len(rows)), (60, 60, 60))
    draw, font = ImageDraw.Draw(sheet), ImageFont.load_default(13)
    for row, (label, version, alpha) in enumerate(rows):
        for column, (name, ground) in enumerate(_GROUNDS.items()):
            composed = Image.alpha_composite(Image.new("RGBA", version.size, (*ground, 255)), version)
            x, y = column * _SIDE, row * (_SIDE + _LABEL)
            sheet.paste(_close(composed, alpha), (x, y + _LABEL))
            draw.text((x + 4, y + 3), f"{label}, on {name}", fill="white", font=font)
    sheet.save(SHEET, quality=88)


def _versions(network: Network, photo: bytes) -> list[tuple[str, tuple[Image.Image, Image.Image]]]:
    """Each way of colouring the edge, with the alpha they share."""
    info = images.inspect(photo)
    ways = {"background removed": Options(), "the photo's colours": Options(decontaminate=False)}
    cut = {way: remover.remove(network, photo, info, asked).file.data for way, asked in ways.items()}
    drawn = {way: Image.open(io.BytesIO(data)).convert("RGBA") for way, data in cut.items()}
    alpha = drawn["background removed"].getchannel("A")
    with Image.open(io.BytesIO(photo)) as original:
        drawn["blended"] = Image.composite(original.convert("RGBA"), Image.new("RGBA", alpha.size), alpha)
    return [(way, (version, alpha)) for way, version in drawn.items()]


def _close(image: Image.Image, alpha: Image.Image) -> Image.Image:
    """The subject's left edge, halfway down, at twice its size."""
    _, top, _, bottom = alpha.point([255 * (level > 127) for level in range(256)]).getbbox() or (0, 0, 0, 2)
    middle, quarter = (top + bottom) // 2, _SIDE // 4
    left = int(np.argmax(np.asarray(alpha)[middle] > 127))
    part = image.convert("RGB").crop((left - quarter, middle - quarter, left + quarter, middle + quarter))
    return part.resize((_SIDE, _SIDE), Image.Resampling.NEAREST)


if __name__ == "__main__":
    main()
