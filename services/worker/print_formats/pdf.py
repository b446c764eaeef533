"""One PDF page, written object by object: pictures laid down any number of times, spot colours, plates and lines.

    with pdf.page(path, (560, 5000)) as page:
        white = page.spot("White")
        page.place(page.plate(plate, white), Box(10, 10, 120, 80))
        page.place(page.picture(rgba), Box(10, 10, 120, 80), over_plate=True)

Millimetres from the top left corner, y down. What is laid down later lies above.

White ink lies below the artwork, in a Separation whose colour on screen is no ink at all, and the artwork multiplies:
painted plainly, or overprinting as RGB, it would wipe out the plate (measured with Ghostscript's separations). So a
plate prints exactly as given, and the artwork's own inks stay as they are.
"""

import hashlib
import itertools
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import IO, NamedTuple, NewType

import numpy as np
from isal import isal_zlib
from numpy.typing import NDArray

from services.worker.print_formats.strips import LEVEL, MM_PER_INCH, Strip, checked, deflated, strips_of

POINTS_PER_MM = 72 / MM_PER_INCH
MOST_MM = 14_400 / POINTS_PER_MM  # 5,080: longer pages need UserUnit, which half of the readers ignore

_HEAD = b"%PDF-1.4\n%\xe2\xe3\xcf\xd3\n"
_CATALOG, _PAGES, _PAGE = 1, 2, 3
_DEVICES = {3: "/DeviceRGB", 4: "/DeviceCMYK"}
_OVERPRINT = "/Type /ExtGState /OP true /op true /OPM 1"
_MULTIPLY = "/Type /ExtGState /BM /Multiply"
_REGULAR = frozenset(range(0x21, 0x7F)) - frozenset(b"()<>[]{}/%#")  # what a name may hold as it is

Image = NewType("Image", int)
Spot = NewType("Spot", int)


class Box(NamedTuple):
    """Where a picture lies: the left and top edge of its turned bounding box, its size before it is turned, in mm.

    `quarters`: turns by 90 degrees clockwise.
    """

    x: float
    y: float
    width: float
    height: float
    quarters: int = 0


@contextmanager
def page(path: Path, size_mm: tuple[float, float], press: bytes | None = None) -> Iterator["Page"]:
    """A page of (width, height) in mm, complete once the block ends. Raises ValueError for a side above MOST_MM.

    `press`: the ICC profile that CMYK was made for. It is stated as the output intent, not as the pictures' own: that
    would make a RIP convert inks that are right already.
    """
    if max(size_mm) > MOST_MM + 0.01:
        raise ValueError(f"a side of a page has at most {MOST_MM:.0f} mm")
    with path.open("wb") as file:
        writing = Page(file, size_mm)
        yield writing
        writing.finish(press)


class Page:
    """What lies on the page, in the order of the calls."""

    def __init__(self, file: IO[bytes], size_mm: tuple[float, float]) -> None:
        self._file = file
        self._size = tuple(side * POINTS_PER_MM for side in size_mm)
        self._offsets = dict[int, int]()
        self._numbers = itertools.count(_PAGE + 1)
        self._content = list[str]()
        self._resources: dict[str, dict[str, int]] = {"XObject": {}, "ColorSpace": {}, "ExtGState": {}}
        self._profiles = dict[bytes, str]()
        self._digest = hashlib.sha256()
        self._write(_HEAD)

    def picture(self, pixels: NDArray[np.uint8], *, icc: bytes | None = None) -> Image:
        """Store a picture once, for any number of `place`: (h, w, 4) RGBA or (h, w, 5) CMYK and alpha, 255 = full ink.

        `pixels` is read a strip at a time and may be mapped from a file. Its alpha becomes a soft mask. `icc` is what
        RGB means, else the reader decides.
        """
        inks = pixels.shape[2] - 1
        space = self._profiled(icc) if icc else _DEVICES[inks]
        mask = self._image(pixels[..., inks:], "/DeviceGray")
        return self._image(pixels[..., :inks], space, f" /SMask {mask} 0 R")

    def plate(self, plate: NDArray[np.uint8], spot: Spot) -> Image:
        """Store the plate of a spot colour, (h, w): 255 = full ink."""
        return self._image(plate, f"{spot} 0 R")

    def spot(self, name: str, screen: Sequence[float] = (0, 0, 0, 0)) -> Spot:
        """A Separation of this name, letter for letter what the RIP expects.

        `screen` is its look, CMYK or RGB from 0 to 1.
        """
        none, full = ("1 1 1" if len(screen) == 3 else "0 0 0 0"), " ".join(f"{share:.4g}" for share in screen)
        tint = f"<< /FunctionType 2 /Domain [0 1] /C0 [{none}] /C1 [{full}] /N 1 >>"
        return Spot(self._add(f"[/Separation {_name(name)} {_DEVICES[len(screen)]} {tint}]".encode()))

    def place(self, image: Image, box: Box, *, over_plate: bool = False) -> None:
        """Lay a picture or plate down. `over_plate`: artwork with a plate below it, which it must not wipe out."""
        state = self._state(_MULTIPLY if over_plate else _OVERPRINT)
        matrix = " ".join(f"{number:.4f}" for number in _matrix(box, self._size[1]))
        self._content.append(f"q {state} gs {matrix} cm {self._use('XObject', image)} Do Q")

    def stroke(self, spot: Spot, rings: Iterable[Sequence[tuple[float, float]]], width_pt: float) -> None:
        """Draw closed lines of a spot colour, overprinting, with round joins; points are (x, y) in mm."""
        space = self._use("ColorSpace", spot)
        self._content.append(f"q {self._state(_OVERPRINT)} gs {space} CS 1 SCN {width_pt:g} w 1 j 1 J")
        for ring in rings:
            points = ((x * POINTS_PER_MM, self._size[1] - y * POINTS_PER_MM) for x, y in ring)
            steps = (f"{x:.3f} {y:.3f} {'l' if at else 'm'}" for at, (x, y) in enumerate(points))
            self._content.append(" ".join(steps) + " h")
        self._content.append("S Q")

    def fill(self, spot: Spot, outline: str, at: tuple[float, float], unit: float) -> None:
        """Fill an outline with a spot colour, which takes away what other inks lie below.

        `outline` is written in PDF's operators m, c and h, y down, in units of `unit` mm; its origin lies at (x, y) mm.
        """
        scale, left, top = unit * POINTS_PER_MM, at[0] * POINTS_PER_MM, self._size[1] - at[1] * POINTS_PER_MM
        matrix = f"{scale:.6f} 0 0 {-scale:.6f} {left:.4f} {top:.4f} cm"
        self._content.append(f"q {matrix} {self._use('ColorSpace', spot)} cs 1 scn {outline} f Q")

    def finish(self, press: bytes | None) -> None:
        """Write the page and the table of objects."""
        content = isal_zlib.compress("\n".join(self._content).encode(), LEVEL)
        stream = self._add_stream("/Filter /FlateDecode", [content])
        box = f"[0 0 {self._size[0]:.4f} {self._size[1]:.4f}]"
        used = " ".join(f"/{kind} << {_listed(entries)} >>" for kind, entries in self._resources.items() if entries)
        self._add(
            f"<< /Type /Page /Parent {_PAGES} 0 R /MediaBox {box} /TrimBox {box} /Contents {stream} 0 R "
            f"/Resources << {used} >> >>".encode(),
            _PAGE,
        )
        self._add(f"<< /Type /Pages /Kids [{_PAGE} 0 R] /Count 1 >>".encode(), _PAGES)
        intents = self._intents(press) if press else ""
        self._add(f"<< /Type /Catalog /Pages {_PAGES} 0 R {intents}>>".encode(), _CATALOG)
        self._write_table()

    def _image(self, pixels: NDArray[np.uint8], space: str, more: str = "") -> Image:
        height, width = pixels.shape[:2]
        samples = pixels.shape[2] if pixels.ndim == 3 else 1
        strips: Iterator[Strip] = checked(strips_of(pixels), (width, height), samples)
        facts = (
            f"/Type /XObject /Subtype /Image /Width {width} /Height {height} /BitsPerComponent 8 /ColorSpace {space}"
            f" /Filter /FlateDecode /DecodeParms << /Predictor 15 /Colors {samples} /Columns {width} >>{more}"
        )
        return Image(self._add_stream(facts, deflated(strips)))

    def _profiled(self, icc: bytes) -> str:
        if icc not in self._profiles:
            self._profiles[icc] = f"[/ICCBased {self._profile(icc, 3)} 0 R]"
        return self._profiles[icc]

    def _intents(self, press: bytes) -> str:
        facts = f"/S /GTS_PDFX /OutputConditionIdentifier (Custom) /DestOutputProfile {self._profile(press, 4)} 0 R"
        return f"/OutputIntents [<< /Type /OutputIntent {facts} >>] "

    def _profile(self, icc: bytes, inks: int) -> int:
        facts = f"/N {inks} /Alternate {_DEVICES[inks]} /Filter /FlateDecode"
        return self._add_stream(facts, [isal_zlib.compress(icc, LEVEL)])

    def _state(self, facts: str) -> str:
        name = "Times" if facts is _MULTIPLY else "Over"
        states = self._resources["ExtGState"]
        if name not in states:
            states[name] = self._add(f"<< {facts} >>".encode())
        return f"/{name}"

    def _use(self, kind: str, number: int) -> str:
        self._resources[kind][f"R{number}"] = number
        return f"/R{number}"

    def _add(self, body: bytes, number: int | None = None) -> int:
        number = number or next(self._numbers)
        self._begin(number)
        self._write(body + b"\nendobj\n")
        return number

    def _add_stream(self, facts: str, pieces: Iterable[bytes]) -> int:
        """Add a stream, whose length is an object of its own, as it is known only afterwards."""
        number, length, size = next(self._numbers), next(self._numbers), 0
        self._begin(number)
        self._write(f"<< {facts} /Length {length} 0 R >>\nstream\n".encode())
        for piece in pieces:
            size += len(piece)
            self._write(piece)
        self._write(b"\nendstream\nendobj\n")
        self._add(b"%d" % size, length)
        return number

    def _begin(self, number: int) -> None:
        self._offsets[number] = self._file.tell()
        self._write(b"%d 0 obj\n" % number)

    def _write(self, data: bytes) -> None:
        self._digest.update(data)
        self._file.write(data)

    def _write_table(self) -> None:
        at, count = self._file.tell(), len(self._offsets) + 1
        lines = [f"{self._offsets[number]:010} 00000 n \n" for number in range(1, count)]
        self._write(f"xref\n0 {count}\n0000000000 65535 f \n{''.join(lines)}".encode())
        name = self._digest.hexdigest()[:32]
        facts = f"/Size {count} /Root {_CATALOG} 0 R /ID [<{name}> <{name}>]"
        self._write(f"trailer\n<< {facts} >>\nstartxref\n{at}\n%%EOF\n".encode())


def _matrix(box: Box, page_height: float) -> tuple[float, ...]:
    """PDF's matrix from the unit square, whose picture stands upright with y up, to the box on the page."""
    w, h = box.width * POINTS_PER_MM, box.height * POINTS_PER_MM
    a, b, c, d = ((w, 0, 0, h), (0, -w, h, 0), (-w, 0, 0, -h), (0, w, -h, 0))[box.quarters % 4]
    left, top = min(a, c, 0), max(b, d, 0)
    return a, b, c, d, box.x * POINTS_PER_MM - left, page_height - box.y * POINTS_PER_MM - top


def _name(text: str) -> str:
    return "/" + "".join(chr(byte) if byte in _REGULAR else f"#{byte:02x}" for byte in text.encode())


def _listed(entries: dict[str, int]) -> str:
    return " ".join(f"/{name} {number} 0 R" for name, number in entries.items())
