"""Address labels of 100 x 150 mm, as label printers take them."""

from io import BytesIO

from reportlab.graphics.barcode.code128 import Code128
from reportlab.lib.styles import ParagraphStyle
from reportlab.lib.units import mm
from reportlab.pdfgen.canvas import Canvas
from reportlab.platypus import Flowable, KeepInFrame

from services.api.documents import fonts, layout
from services.api.documents.layout import lines, text
from shared.models import address
from shared.models.invoice import Seller
from shared.models.order import Order

_WIDTH, _HEIGHT, _MARGIN = 100 * mm, 150 * mm, 7 * mm
_BAR = 0.45 * mm  # of the narrowest bar: wide enough for any scanner, and 83 mm in all with the free space beside it
_TO = ParagraphStyle("to", layout.BOLD, fontSize=16, leading=21)
_FROM = ParagraphStyle("from", layout.BODY, fontSize=8, leading=10)


def render(order: Order, seller: Seller) -> bytes:
    buffer = BytesIO()
    canvas = Canvas(buffer, (_WIDTH, _HEIGHT), invariant=1)
    canvas.setFont(fonts.REGULAR, 8)
    canvas.setTitle(f"Label {order.order_number}")
    _place(
        canvas, [text("From", layout.SMALL), lines([seller.name, *seller.address], _FROM)], top=140 * mm, height=26 * mm
    )
    canvas.line(_MARGIN, 112 * mm, _WIDTH - _MARGIN, 112 * mm)
    to: list[Flowable] = [text("To", layout.SMALL), lines(address.lines(order.ship_to), _TO)]
    to += layout.missing(order.ship_to.values())
    if phone := order.ship_to.get("phone"):
        to.append(text(phone, _FROM))
    _place(canvas, to, top=109 * mm, height=62 * mm)
    canvas.line(_MARGIN, 45 * mm, _WIDTH - _MARGIN, 45 * mm)
    code = Code128(order.order_number, barWidth=_BAR, barHeight=20 * mm, quiet=True)
    code.drawOn(canvas, (_WIDTH - code.width) / 2, 20 * mm)
    canvas.setFont(fonts.BOLD, 14)
    canvas.drawCentredString(_WIDTH / 2, 12 * mm, order.order_number)
    canvas.setFont(fonts.REGULAR, 8)
    canvas.drawCentredString(_WIDTH / 2, 7 * mm, fonts.clean(f"{order.zone} · {order.weight_g / 1000:.2f} kg"))
    if order.test:
        layout.mark_test(canvas, _WIDTH, _HEIGHT)
    canvas.save()
    return buffer.getvalue()


def _place(canvas: Canvas, content: list[Flowable], *, top: float, height: float) -> None:
    """Draw below `top`, smaller if it would be higher than `height`."""
    frame = KeepInFrame(_WIDTH - 2 * _MARGIN, height, content, mode="shrink")
    _, used = frame.wrapOn(canvas, _WIDTH - 2 * _MARGIN, height)
    frame.drawOn(canvas, _MARGIN, top - used)
