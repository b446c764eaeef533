"""Documents made as PDF, one at a time: their libraries are loaded with the first, and use one core at most."""

from collections.abc import Mapping, Sequence
from uuid import UUID

from shared.bulkhead import Bulkhead
from shared.models.invoice import Invoice, Seller
from shared.models.order import Order, OrderItem

_WAITING = (
    15  # with the one being made half of gunicorn's 32 threads; most documents take 10 ms, the longest half a second
)
_WAIT_S = 5.0


class Documents:
    """Thread-safe. Raises Busy when too many are asked for at once."""

    def __init__(self) -> None:
        self._bulkhead = Bulkhead(1, _WAITING, _WAIT_S)

    def invoice(self, invoice: Invoice) -> bytes:
        """An invoice, a credit note or a reversal."""
        with self._bulkhead.slot():
            from services.api.documents import invoice_pdf

            return invoice_pdf.render(invoice)

    def slip(self, order: Order, items: Sequence[OrderItem], seller: Seller, pictures: Mapping[UUID, bytes]) -> bytes:
        """`pictures` are small ones of the assets that are printed, as far as there are any."""
        with self._bulkhead.slot():
            from services.api.documents import slip

            return slip.render(order, items, seller.name, pictures)

    def label(self, order: Order, seller: Seller) -> bytes:
        with self._bulkhead.slot():
            from services.api.documents import label

            return label.render(order, seller)
