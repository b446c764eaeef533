"""SVG rendered by resvg: a logo with its transparency, at a size that prints.

Refused is what would look different here than where it was drawn: words, because the fonts are not here, and whatever
lies outside the file, which is never fetched. While it renders, the process cannot open a file or a socket.
"""

import os
import re
import resource
from collections.abc import Iterator
from contextlib import contextmanager
from xml.parsers import expat

import resvg_py

from shared.errors import UnreadableImage, UnsupportedImage
from shared.image_format import png
from shared.images import limit

SIDE = 2_400  # pixels of the longer side: 20 cm at 300 dpi; a drawing of many layers takes a second
_SVG, _XLINK = "http://www.w3.org/2000/svg ", "http://www.w3.org/1999/xlink "
_SHOWN = frozenset(f"{_SVG}{name}" for name in ("image", "feImage", "use"))
_LENGTH = re.compile(r"\s*\+?(\d+\.?\d*(?:[eE][+-]?\d+)?|\.\d+)\s*(px|in|cm|mm|pt|pc|)\s*")
_INCHES = {"in": 1.0, "cm": 1 / 2.54, "mm": 1 / 25.4, "pt": 1 / 72, "pc": 1 / 6}
_CSS_DPI = 96
_OUTSIDE = "This SVG refers to something outside itself, which is not fetched; embed it, and send it again."
_WORDS = "This SVG has words in it, and their fonts are not here; convert text to paths, and send it again."

Size = tuple[float, float]


def rendered(data: bytes) -> bytes:
    """A PNG with alpha. Raises UnreadableImage, UnsupportedImage, ImageTooLarge and ImageTooSmall."""
    source = _decoded(data)
    (wide, high), inches = _Reader().read(source)
    scale = SIDE / max(wide, high)
    width, height = round(wide * scale), round(high * scale)
    limit(width, height)
    try:
        with _shut():
            made = resvg_py.svg_to_bytes(
                svg_string=source,
                skip_system_fonts=True,
                dpi=_CSS_DPI,
                width=width if wide >= high else None,  # with both it would fill them, and cut or stretch
                height=height if wide < high else None,
            )
    except ValueError as error:
        raise UnreadableImage from error
    return png.with_density(made, (width / inches[0], height / inches[1])) if inches else made


def _decoded(data: bytes) -> str:
    try:
        return data.decode("utf-16" if data[:2] in (b"\xff\xfe", b"\xfe\xff") else "utf-8-sig")
    except UnicodeDecodeError:
        raise UnreadableImage from None


class _Reader:
    """Walks the markup: its size, and whether everything that it shows is in it."""

    def __init__(self) -> None:
        self._size: tuple[Size, Size | None] | None = None
        self._in_text = 0
        self._parser = expat.ParserCreate(namespace_separator=" ")
        self._parser.StartElementHandler = self._start
        self._parser.EndElementHandler = self._end
        self._parser.CharacterDataHandler = self._words
        self._parser.EntityDeclHandler = self._entity

    def read(self, source: str) -> tuple[Size, Size | None]:
        """Its sides in pixels of CSS, and in inches where they are stated so."""
        try:
            self._parser.Parse(source.encode(), True)
        except expat.ExpatError:
            raise UnreadableImage from None
        if self._size is None:
            raise UnreadableImage
        return self._size

    def _start(self, name: str, attributes: dict[str, str]) -> None:
        if self._size is None:
            self._size = _sides(name, attributes)
        self._in_text += name == f"{_SVG}text"
        reference = attributes.get("href", attributes.get(f"{_XLINK}href", "#")).strip()
        if name in _SHOWN and not reference.startswith(("#", "data:image/")):
            raise UnsupportedImage(_OUTSIDE)

    def _end(self, name: str) -> None:
        self._in_text -= name == f"{_SVG}text"

    def _words(self, text: str) -> None:
        if self._in_text and text.strip():
            raise UnsupportedImage(_WORDS)

    def _entity(self, _name: str, _parameter: bool, value: str | None, *_where: str | None) -> None:
        if value is None:
            raise UnsupportedImage(_OUTSIDE)


def _sides(name: str, attributes: dict[str, str]) -> tuple[Size, Size | None]:
    """Of the root element, by its width and height, or its view box where they are missing or relative."""
    if name != f"{_SVG}svg":
        raise UnreadableImage
    found = [_LENGTH.fullmatch(attributes.get(side, "")) for side in ("width", "height")]
    box = re.split(r"[\s,]+", attributes.get("viewBox", "").strip())
    try:
        numbers = [float(match[1]) for match in found if match]
        wide, high = numbers if len(numbers) == 2 else map(float, box[2:4])
    except ValueError:
        raise UnreadableImage from None
    inches = [_INCHES.get(match[2]) for match in found if match]
    scales = [inch * _CSS_DPI if inch else 1 for inch in inches] if len(numbers) == 2 else [1, 1]
    size = wide * scales[0], high * scales[1]
    if not all(0 < side < float("inf") for side in size):
        raise UnreadableImage
    on_paper = len(inches) == 2 and all(inches)
    return size, (size[0] / _CSS_DPI, size[1] / _CSS_DPI) if on_paper else None


@contextmanager
def _shut() -> Iterator[None]:
    """Nothing can be opened: resvg would read a file that a picture names.

    The limit is the lowest free descriptor and not 0, with which poll() of other threads would be an invalid argument.
    """
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    lowest_free = os.dup(2)
    os.close(lowest_free)
    resource.setrlimit(resource.RLIMIT_NOFILE, (lowest_free, hard))
    try:
        yield
    finally:
        resource.setrlimit(resource.RLIMIT_NOFILE, (soft, hard))
