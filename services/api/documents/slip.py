"""Packing slips: what goes into a parcel, for the people who print and pack it. It names no price."""

from collections.abc import Mapping, Sequence
from io import BytesIO
from uuid import UUID

from reportlab.graphics.barcode.qr import QrCodeWidget
from reportlab.graphics.shapes import Drawing
from reportlab.lib.colors import HexColor
from reportlab.lib.styles import ParagraphStyle
from reportlab.lib.units import mm
from reportlab.lib.utils import ImageReader
from reportlab.platypus import Flowable, Spacer, Table

from services.api.documents import fonts, layout
from services.api.documents.layout import MARGIN, SMALL, date, lines, table, text
from shared.models import address
from shared.models.order import Order, OrderItem, OrderPrint

_QR = 26 * mm
_SWATCH = 18 * mm
_BIG = ParagraphStyle("big", layout.BOLD, fontSize=14, leading=18)


def render(order: Order, items: Sequence[OrderItem], seller: str, pictures: Mapping[UUID, bytes]) -> bytes:
    """`pictures` are small ones of the assets that are printed, as far as there are any."""
    readers = {asset_id: ImageReader(BytesIO(data)) for asset_id, data in pictures.items()}
    size = layout.paper(order.currency)
    width = size[0] - 2 * MARGIN
    pieces = sum(item.quantity for item in items)
    story = [_head(order, pieces, seller, width), Spacer(0, 6 * mm), _table(items, readers, width)]
    foot = f"{seller} · Packing slip {order.order_number}"
    return layout.build(story, size, title=f"Packing slip {order.order_number}", foot=foot, test=order.test)


def _head(order: Order, pieces: int, seller: str, width: float) -> Table:
    title: list[Flowable] = [
        text(seller, layout.BOLD),
        text("Packing slip", layout.TITLE),
        text(order.order_number, _BIG),
    ]
    title += [Spacer(0, 2 * mm), text(f"Ordered on {date(order.created_at)}", SMALL)]
    title.append(text(f"{pieces} piece{'s' if pieces > 1 else ''} in all", layout.BOLD))
    to = [text("Ship to", SMALL), lines(address.lines(order.ship_to)), *layout.missing(order.ship_to.values())]
    widths = [width * 0.42, width * 0.58 - _QR, _QR]
    return table([[title, to, _qr(order.order_number)]], widths, ("ALIGN", (-1, 0), (-1, -1), "RIGHT"), padding=0)


def _qr(words: str) -> Drawing:
    code = QrCodeWidget(words, barLevel="M")
    left, bottom, right, top = code.getBounds()
    return Drawing(_QR, _QR, code, transform=[_QR / (right - left), 0, 0, _QR / (top - bottom), 0, 0])


def _table(items: Sequence[OrderItem], pictures: Mapping[UUID, ImageReader], width: float) -> Table:
    fixed = (12 * mm, _SWATCH + 4 * mm, 14 * mm)
    rest = width - sum(fixed)
    return table(
        [["Qty", "", "Item", "Prints", "Packed"], *(_row(item, pictures) for item in items)],
        [fixed[0], fixed[1], rest * 0.52, rest * 0.48, fixed[2]],
        ("FONT", (0, 0), (-1, 0), fonts.BOLD, 8),
        ("FONT", (0, 1), (0, -1), fonts.BOLD, 14),
        ("ALIGN", (-1, 0), (-1, -1), "RIGHT"),
        ("LINEBELOW", (0, 0), (-1, -1), 0.4, layout.LINE),
    )


def _row(item: OrderItem, pictures: Mapping[UUID, ImageReader]) -> list[object]:
    found = [pictures[one.asset_id] for one in item.prints if one.asset_id in pictures]
    swatch = _Swatch(item.colour_hex, found[0] if found else None)
    named = [text(item.title), text(f"{item.colour} / {item.size}", _BIG), text(item.sku, SMALL)]
    prints: list[Flowable] = [text(_said(one)) for one in item.prints] or [text("no print", SMALL)]
    return [str(item.quantity), swatch, named, prints, _Box()]


def _said(one: OrderPrint) -> str:
    return f"{one.placement.replace('_', ' ')}: {one.method}, {one.width_um // 1000} x {one.height_um // 1000} mm"


class _Swatch(Flowable):
    """The garment's colour, with what is printed on it."""

    def __init__(self, colour: str, picture: ImageReader | None) -> None:
        super().__init__()
        self.width = self.height = _SWATCH
        self._colour, self._picture = HexColor(f"#{colour}"), picture

    def draw(self) -> None:
        self.canv.setFillColor(self._colour)
        self.canv.setStrokeColor(layout.LINE)
        self.canv.rect(0, 0, self.width, self.height, fill=1)
        if self._picture:
            inset = 1 * mm
            self.canv.drawImage(
                self._picture,
                *(inset, inset, self.width - 2 * inset, self.height - 2 * inset),
                mask="auto",
                preserveAspectRatio=True,
                anchor="c",
            )


class _Box(Flowable):
    """To be ticked."""

    def __init__(self) -> None:
        super().__init__()
        self.width = self.height = 5 * mm

    def draw(self) -> None:
        self.canv.setStrokeColor(layout.GREY)
        self.canv.rect(0, 0, self.width, self.height)
