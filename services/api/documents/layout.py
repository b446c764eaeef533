"""What all documents share: paper, text, amounts, and every page's foot and mark of a test."""

from collections.abc import Callable, Iterable, Sequence
from datetime import UTC, datetime
from functools import partial
from html import escape
from io import BytesIO
from typing import Any

from reportlab.lib.colors import HexColor
from reportlab.lib.pagesizes import A4, LETTER
from reportlab.lib.styles import ParagraphStyle
from reportlab.lib.units import mm
from reportlab.pdfgen.canvas import Canvas
from reportlab.platypus import Flowable, Paragraph, SimpleDocTemplate, Table, TableStyle

from services.api.documents import fonts

MARGIN = 15 * mm
_PADDING = 6  # of a frame, points
GREY, LINE = HexColor(0x5B6470), HexColor(0xC9CED6)
_RED = HexColor(0xB42318)
_NORTH_AMERICA = ("usd", "cad")
_MISSING = "A box stands for a character that this document's font lacks."
_TEST = "TEST ORDER: no real money, nothing is owed or sent"
BODY = ParagraphStyle("body", fontName=fonts.REGULAR, fontSize=9, leading=12)
SMALL = ParagraphStyle("small", BODY, fontSize=7.5, leading=10, textColor=GREY)
BOLD = ParagraphStyle("bold", BODY, fontName=fonts.BOLD)
TITLE = ParagraphStyle("title", BOLD, fontSize=20, leading=26)


def paper(currency: str) -> tuple[float, float]:
    """The paper of the shop's part of the world: width and height in points."""
    return LETTER if currency in _NORTH_AMERICA else A4


def text(words: str, style: ParagraphStyle = BODY) -> Paragraph:
    return Paragraph(escape(fonts.clean(words)), style)


def lines(words: Sequence[str], style: ParagraphStyle = BODY) -> Paragraph:
    """A text with these lines; empty ones are left out."""
    return Paragraph("<br/>".join(escape(fonts.clean(line)) for line in words if line), style)


def missing(words: Iterable[str]) -> list[Flowable]:
    """A line that says so if some character of these is drawn as a box."""
    return [text(_MISSING, SMALL)] if fonts.lacking(words) else []


def money(cents: int) -> str:
    """Such as -1,234.56."""
    whole, rest = divmod(abs(cents), 100)
    return f"{'-' if cents < 0 else ''}{whole:,}.{rest:02}"


def percent(basis_points: int) -> str:
    """Such as 19% or 25.5%."""
    whole, rest = divmod(basis_points, 100)
    return f"{whole}.{rest:02}".rstrip("0").rstrip(".") + "%"


def date(at: datetime) -> str:
    """The day in UTC, which no reader can take for another."""
    return f"{at.astimezone(UTC):%d %B %Y}".lstrip("0")


def table(rows: Sequence[Sequence[object]], widths: Sequence[float], *styles: Any, padding: float = 3) -> Table:
    """A table as wide as its columns; its first row is repeated on each page. `styles` as TableStyle takes them."""
    made = Table([list(row) for row in rows], list(widths), repeatRows=1)
    all_cells, last_column = ((0, 0), (-1, -1)), ((-1, 0), (-1, -1))
    tight = [(side, *all_cells, padding) for side in ("TOPPADDING", "BOTTOMPADDING")]
    flush = [("LEFTPADDING", (0, 0), (0, -1), 0), ("RIGHTPADDING", *last_column, 0)]
    made.setStyle(TableStyle([("VALIGN", *all_cells, "TOP"), *tight, *flush, *styles]))
    return made


def build(story: Sequence[Flowable], size: tuple[float, float], *, title: str, foot: str, test: bool) -> bytes:
    """A PDF whose bytes depend on nothing else; each page says its number, and whether the order is a test."""
    buffer = BytesIO()
    document = SimpleDocTemplate(
        buffer,
        pagesize=size,
        leftMargin=MARGIN - _PADDING,
        rightMargin=MARGIN - _PADDING,
        topMargin=MARGIN,
        bottomMargin=MARGIN + 3 * mm,
        title=title,
        invariant=1,
        initialFontName=fonts.REGULAR,
    )
    document.build(list(story), canvasmaker=partial(_Numbered, foot=foot, test=test))
    return buffer.getvalue()


def mark_test(canvas: Canvas, width: float, height: float) -> None:
    """TEST across a page, over what is on it."""
    canvas.saveState()
    canvas.setFillColor(_RED)
    canvas.setFont(fonts.BOLD, 8)
    canvas.drawCentredString(width / 2, height - 6 * mm, _TEST)
    canvas.setFillAlpha(0.12)
    canvas.translate(width / 2, height / 2)
    canvas.rotate(45)
    size = min(width, height) / 3
    canvas.setFont(fonts.BOLD, size)
    canvas.drawCentredString(0, -size / 3, "TEST")
    canvas.restoreState()


class _Numbered(Canvas):
    """Keeps its pages until their number is known."""

    _pagesize: tuple[float, float]
    _startPage: Callable[[], None]  # noqa: N815 - the library's name

    def __init__(self, *arguments: Any, foot: str, test: bool, **options: Any) -> None:
        super().__init__(*arguments, **options)
        self._foot, self._test = foot, test
        self._kept: list[dict[str, Any]] = []

    def showPage(self) -> None:  # noqa: N802 - the library's name
        self._kept.append(dict(self.__dict__))
        self._startPage()

    def save(self) -> None:
        kept = self._kept
        for number, page in enumerate(kept, 1):
            self.__dict__.update(page)
            self._finish(f"Page {number} of {len(kept)}")
            super().showPage()
        super().save()

    def _finish(self, number: str) -> None:
        width, height = self._pagesize
        self.setFont(fonts.REGULAR, 7.5)
        self.setFillColor(GREY)
        self.drawRightString(width - MARGIN, 10 * mm, number)
        self.drawString(MARGIN, 10 * mm, fonts.clean(self._foot))
        if self._test:
            mark_test(self, width, height)
