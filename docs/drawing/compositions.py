"""The gallery's sheet of compositions: shadows, backgrounds, sizes and the parts of a zip.

python -m docs.drawing.compositions docs/gallery/compositions.webp
"""

import io
import sys
import zipfile
from pathlib import Path
from typing import Any
from uuid import UUID

import numpy as np
import resvg_py
from PIL import Image, ImageDraw, ImageFont

from services.rembg import remover
from services.rembg.inference import Network
from services.rembg.weights import Name
from services.rembg.weights.resolve import locate
from services.worker.composition import composing
from shared import images
from shared.models.composition import Composition, Format, Length, Shadow, Subject

_CELL, _LABEL, _GAP, _COLUMNS = 480, 30, 16, 4
_PAPER = (244, 240, 233, 255)
_MARGIN = (Length(12, "%"),) * 4
_GLASS = (
    "M245 368 L318 274 L440 274 L440 368 Z M465 274 L640 274 L640 368 L465 368 Z M665 274 L800 274 Q850 274 858 318"
    " L864 368 L665 368 Z"
)
_VAN = f"""<svg xmlns="http://www.w3.org/2000/svg" viewBox="-20 60 1160 680">
<path fill-rule="evenodd" fill="#d9603f" d="M90 430 Q90 395 130 385 L215 365 L300 255 Q312 240 335 240 L800 240
 Q880 240 890 300 L905 430 Q910 520 890 520 L120 520 Q88 520 90 480 Z {_GLASS}"/>
<path d="M90 455 L906 455 Q908 520 890 520 L120 520 Q86 520 90 455 Z" fill="#b04a30"/>
<path d="{_GLASS}" fill="#33566b" fill-opacity=".4"/>
<path d="M452 270 V510 M652 270 V510" stroke="#8c3a25" stroke-width="4"/>
<rect x="470" y="395" width="46" height="10" rx="5" fill="#7a3220"/>
<rect x="84" y="415" width="40" height="28" rx="12" fill="#f6e7b4"/>
<rect x="74" y="488" width="60" height="26" rx="10" fill="#4a4f57"/>
<rect x="868" y="488" width="56" height="26" rx="10" fill="#4a4f57"/>
<g fill="#22252a"><circle cx="255" cy="520" r="80"/><circle cx="735" cy="520" r="80"/></g>
<g fill="#c9ced4"><circle cx="255" cy="520" r="42"/><circle cx="735" cy="520" r="42"/></g>
<g fill="#7d848c"><circle cx="255" cy="520" r="14"/><circle cx="735" cy="520" r="14"/></g></svg>"""
_FIGURE = """<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 1000 1000">
<path d="M405 905 L440 560 L560 560 L595 905 L525 905 L500 640 L475 905 Z" fill="#34506e"/>
<path d="M385 905 h92 v24 q-60 6 -104 0 q-2 -20 12 -24 Z M523 905 h92 q14 4 12 24 q-44 6 -104 0 Z" fill="#23262b"/>
<path d="M440 300 Q500 280 560 300 L600 330 L640 520 L600 530 L566 400 L566 600 Q500 615 434 600 L434 400
 L400 530 L360 520 L400 330 Z" fill="#e0a33b"/>
<path fill="#c98d6b" d="M358 515 l44 12 l-6 40 q-30 14 -42 -10 Z M642 515 l-44 12 l6 40 q30 14 42 -10 Z
 M475 250 h50 v55 q-25 20 -50 0 Z"/>
<ellipse cx="500" cy="205" rx="58" ry="70" fill="#d99f7c"/>
<path d="M438 205 Q430 120 500 120 Q570 120 562 205 Q550 160 500 162 Q450 160 438 205 Z" fill="#4a2f22"/></svg>"""


_LEFT_HALF = (Length(0, "%"), Length(0, "%"), Length(50, "%"), Length(100, "%"))
_CLOSED = {"shadow": Shadow.AUTO, "type": Subject.CAR, "semitransparency": False}


def main(target: Path) -> None:
    van, figure = _drawn(_VAN, 1400), _drawn(_FIGURE, 1400)
    product, person = _cut_out("product"), _cut_out("person")
    cells = [
        _cell("car", van, shadow=Shadow.AUTO, type=Subject.CAR, bg_color=_PAPER),
        _cell("3D", van, shadow=Shadow.THREE_D, bg_color=_PAPER),
        _cell("car, on a picture", van, ground=True, shadow=Shadow.AUTO, type=Subject.CAR),
        _cell("car, without semitransparency", van, ground=True, **_CLOSED),
        _cell("3D", figure, shadow=Shadow.AUTO, type=Subject.PERSON, bg_color=_PAPER),
        _cell("cut off below: drop instead of 3D", person, shadow=Shadow.AUTO, type=Subject.PERSON, bg_color=_PAPER),
        _cell("drop, cropped, margin 12 %", product, shadow=Shadow.DROP, crop=True, crop_margin=_MARGIN),
        _cell(
            "scale 50 %, position 90 % 90 %", product, ground=True, shadow=Shadow.DROP, scale=0.5, position=(0.9, 0.9)
        ),
        *_zipped(product),
        _cell("region 0% 0% 50% 100%", product, roi=_LEFT_HALF),
        _cell("background ff000060", product, bg_color=(255, 0, 0, 96)),
    ]
    _sheet(cells).save(target, quality=84, method=6)


def _drawn(svg: str, width: int) -> Image.Image:
    return Image.open(io.BytesIO(bytes(resvg_py.svg_to_bytes(svg_string=svg, width=width)))).convert("RGBA")


def _cut_out(name: str) -> Image.Image:
    network = Network(locate(Name.COMPACT, None, Path("data")), threads=1)
    photo = Path("docs/pictures", f"{name}.jpg").read_bytes()
    return Image.open(io.BytesIO(remover.remove(network, photo, images.inspect(photo)).file.data)).convert("RGBA")


def _cell(label: str, cutout: Image.Image, *, ground: bool = False, **asked: Any) -> tuple[str, Image.Image]:
    wanted = Composition(**asked, bg_asset=UUID(int=1) if ground else None)
    file, _ = composing.compose(cutout.copy(), wanted, background=_room() if ground else None)
    return label, Image.open(io.BytesIO(file.data))


def _room() -> bytes:
    """A floor that meets a wall."""
    height, width = 600, 800
    down = np.linspace(0, 1, height)[:, None, None]
    wall, floor = np.array((196, 208, 206)) * (1.08 - 0.2 * down), np.array((222, 205, 180)) * (0.75 + 0.3 * down)
    rows = np.where(down < 0.68, wall, floor) * np.ones((1, width, 1))
    out = io.BytesIO()
    Image.fromarray(rows.clip(0, 255).astype(np.uint8)).save(out, "PNG")
    return out.getvalue()


def _zipped(cutout: Image.Image) -> list[tuple[str, Image.Image]]:
    file, _ = composing.compose(cutout.copy(), Composition(format=Format.ZIP))
    with zipfile.ZipFile(io.BytesIO(file.data)) as archive:
        return [(name, Image.open(io.BytesIO(archive.read(name)))) for name in archive.namelist()]


def _sheet(cells: list[tuple[str, Image.Image]]) -> Image.Image:
    rows = -(-len(cells) // _COLUMNS)
    sheet = Image.new("RGB", (_COLUMNS * (_CELL + _GAP) - _GAP, rows * (_CELL + _LABEL + _GAP)), "white")
    for number, (label, picture) in enumerate(cells):
        left, top = number % _COLUMNS * (_CELL + _GAP), number // _COLUMNS * (_CELL + _LABEL + _GAP)
        ImageDraw.Draw(sheet).text((left, top + 4), label, "black", ImageFont.load_default(17))
        shown = _on_board(picture)
        sheet.paste(shown, (left + (_CELL - shown.width) // 2, top + _LABEL + (_CELL - shown.height) // 2))
    return sheet


def _on_board(picture: Image.Image) -> Image.Image:
    small = picture.convert("RGBA")
    small.thumbnail((_CELL, _CELL), Image.Resampling.LANCZOS)
    yy, xx = np.indices((small.height, small.width)) // 16
    board = Image.fromarray(np.where((xx + yy) % 2, 255, 230).astype(np.uint8)).convert("RGBA")
    board.alpha_composite(small)
    return board


if __name__ == "__main__":
    main(Path(sys.argv[1]))
