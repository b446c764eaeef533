"""Draws docs/compared.webp: what another checkout of this project cut out of some pictures, beside what this one does.

`python -m bench.removal.compare CHECKOUT`, with a checkout of 9950051 for the picture in docs. All pictures are drawn.
"""

import io
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path

import numpy as np
from PIL import Image, ImageDraw, ImageFont, PngImagePlugin

SHEET = Path("docs/compared.webp")
_GROUNDS = ((255, 255, 255), (0, 0, 0), (200, 30, 30))
_CELL, _LABEL = (300, 220), 22
# Runs in either checkout; FILE OUT pairs are its arguments.
_CUT = """
import sys
from pathlib import Path
from services.rembg import remover
from services.rembg.weights import Name
from services.rembg.weights.{where} import locate
from services.rembg.{inference} import Network
from shared import images
network = Network(locate(Name.COMPACT, None, Path("data")), threads=1)
look = getattr(images, "inspect", None) or images.judge
for source, out in zip(sys.argv[1::2], sys.argv[2::2]):
    data = Path(source).read_bytes()
    Path(out).write_bytes(remover.remove(network, data, look(data)).file.data)
"""


def main(arguments: list[str]) -> int:
    if len(arguments) != 1:
        print(__doc__, file=sys.stderr)
        return 2
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        pictures = dict(_pictures())
        for title, data in pictures.items():
            (folder / title).write_bytes(data)
        for side, checkout in (("before", Path(arguments[0])), ("after", Path.cwd())):
            _cut_out(checkout, [(folder / title, folder / f"{title}.{side}") for title in pictures])
        _sheet(folder, list(pictures)).save(SHEET, quality=85)
    return 0


def _cut_out(checkout: Path, files: list[tuple[Path, Path]]) -> None:
    old = (checkout / "services/rembg/network.py").exists()
    program = _CUT.format(where="locate" if old else "resolve", inference="network" if old else "inference")
    arguments = [str(path) for pair in files for path in pair]
    subprocess.run([sys.executable, "-c", program, *arguments], cwd=checkout, check=True)


def _pictures() -> Iterator[tuple[str, bytes]]:
    """Titles and files."""
    shirt = Image.open("deploy/local/sample.jpg").convert("RGB")
    shirt.thumbnail((800, 800))
    yield "1 alpha inside a subject (opaque: blue, else yellow)", _file(shirt)
    corners = shirt.convert("RGBA")
    mask = Image.new("L", shirt.size)
    ImageDraw.Draw(mask).rounded_rectangle((0, 0, shirt.width - 1, shirt.height - 1), 60, 255)
    corners.putalpha(mask)
    yield "2 rounded corners", _file(corners)
    canvas = Image.new("RGBA", (shirt.width + 200, shirt.height + 200))
    canvas.paste(shirt, (100, 100))
    yield "2 a photo on a clear canvas", _file(canvas)
    linear = [round(255 * (level / 255) ** 2.2) for level in range(256)]
    yield "3 gamma 1.0 stated by gAMA", _with_gamma(shirt.point(linear * 3))
    yield "14 lettering of 20:1", _file(_lettering())
    yield "15 white on near-white", _file(_drawn((255, 255, 255), (244, 244, 242)))
    yield "16 a ring on cream", _file(_drawn((246, 238, 220), (30, 60, 160)))


def _file(picture: Image.Image) -> bytes:
    out = io.BytesIO()
    picture.save(out, "PNG")
    return out.getvalue()


def _with_gamma(picture: Image.Image) -> bytes:
    out = io.BytesIO()
    info = PngImagePlugin.PngInfo()
    info.add(b"gAMA", (100_000).to_bytes(4, "big"))
    picture.save(out, "PNG", pnginfo=info)
    return out.getvalue()


def _lettering() -> Image.Image:
    picture = Image.effect_noise((3200, 160), 12).point([110 + level // 2 for level in range(256)]).convert("RGB")
    font = ImageFont.load_default(112)
    ImageDraw.Draw(picture).text((40, 18), "STOLEN TEE CUSTOM PRINT SHOP QUALITY APPAREL", (20, 40, 120), font)
    return picture


def _drawn(ground: tuple[int, int, int], ink: tuple[int, int, int]) -> Image.Image:
    large = Image.new("RGB", (1600, 1200), ground)
    draw = ImageDraw.Draw(large)
    draw.ellipse((300, 100, 1300, 1100), ink)
    draw.ellipse((550, 350, 1050, 850), ground)
    return large.resize((800, 600), Image.Resampling.BOX)


def _sheet(folder: Path, titles: list[str]) -> Image.Image:
    columns = ("picture", *(f"{side} on {name}" for side in ("before", "after") for name in ("white", "black", "red")))
    sheet = Image.new("RGB", (_CELL[0] * len(columns), (_CELL[1] + _LABEL) * len(titles)), (90, 90, 90))
    draw = ImageDraw.Draw(sheet)
    for row, title in enumerate(titles):
        with Image.open(folder / title) as image:
            cells = [image.convert("RGBA")]
        for side in ("before", "after"):
            with Image.open(folder / f"{title}.{side}") as image:
                cut = image.convert("RGBA")
            cells += [_opaque_in_blue(cut) if row == 0 else _on(cut, ground) for ground in _GROUNDS]
        for column, cell in enumerate(cells):
            left, top = column * _CELL[0], row * (_CELL[1] + _LABEL)
            draw.text((left + 4, top + 4), f"{title}: picture" if column == 0 else columns[column], (255, 255, 255))
            shown = cell.copy()
            shown.thumbnail((_CELL[0] - 4, _CELL[1] - 2))
            sheet.paste(shown.convert("RGB"), (left + 2, top + _LABEL))
    return sheet


def _on(cut: Image.Image, ground: tuple[int, int, int]) -> Image.Image:
    return Image.alpha_composite(Image.new("RGBA", cut.size, (*ground, 255)), cut)


def _opaque_in_blue(cut: Image.Image) -> Image.Image:
    """Blue where alpha is 255, yellow where it is 200 to 254, dark elsewhere."""
    alpha = np.asarray(cut.getchannel("A"))
    colours = np.zeros((*alpha.shape, 3), np.uint8)
    colours[alpha >= 200] = (235, 200, 40)
    colours[alpha == 255] = (40, 90, 220)
    return Image.fromarray(colours)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
