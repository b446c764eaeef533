"""Routes of orders, payments and what follows from them: by tag, the part that `shop_routes.py` adds to the shop's."""

from collections.abc import Mapping

from services.api.books import files as book_files
from services.api.books import views as books
from services.api.books.schemas import BookCheckOut, BooksOut
from services.api.documents import views as documents
from services.api.jobs.schemas import Accepted
from services.api.openapi import CSV, PDF
from services.api.orders import admin
from services.api.orders import views as orders
from services.api.orders.admin_schemas import AdminOrderOut, AdminOrderPage, OrderCountsOut
from services.api.orders.schemas import OrderOut, OrderPage
from services.api.payments import admin as received
from services.api.payments import views as payments
from services.api.payments import webhook
from services.api.payments.admin_schemas import WebhookList, WebhookOut
from services.api.payments.schemas import PaymentOut, Received
from services.api.production import gang_sheets, moving, rejecting, reprinting, shipping
from services.api.production import views as production
from services.api.production.gang_schemas import OrderSheetOut, ProposalList
from services.api.production.schemas import ProductionOut, ProductionPage
from services.api.refunds import views as refunds
from services.api.refunds.schemas import DisputePage, RefundOut, ReviewedOut
from services.api.route import (
    ADMIN,
    API,
    CUSTOMER,
    GET,
    NO_STORE,
    ORDERS,
    POST,
    PUBLIC,
    UNLIMITED,
    Route,
    Signed,
)
from shared import errors, shop_errors

LISTED = (errors.InvalidCursor,)
PLACED = (
    *(errors.NotFound, shop_errors.BadAddress, shop_errors.NotPrintable, shop_errors.DiscountRefused),
    *(shop_errors.QuoteExpired, shop_errors.QuoteUsed, shop_errors.OutOfStock),
)
CANCELLED = (shop_errors.InProduction, shop_errors.NotAllowedNow, shop_errors.PaymentUnavailable)
PAYABLE = (shop_errors.NotPayable, shop_errors.PaymentUnavailable)
SIGNED = (shop_errors.BadSignature, shop_errors.WrongMode, shop_errors.PaymentUnavailable)
REVIEWED = (shop_errors.NotAllowedNow, shop_errors.PaymentUnavailable)
REFUNDED = (shop_errors.MoreThanPaid, shop_errors.NotAllowedNow, shop_errors.PaymentUnavailable)

_OF_SHOP = (ORDERS, API, NO_STORE)
_ORDERS = (
    POST("/api/orders", orders.create, CUSTOMER, API, NO_STORE, OrderOut, (201,), PLACED),
    GET("/api/orders", orders.page, CUSTOMER, UNLIMITED, NO_STORE, OrderPage, (200,), LISTED),
    GET("/api/orders/<order>", orders.show, CUSTOMER, UNLIMITED, NO_STORE, OrderOut),
    POST("/api/orders/<uuid:order_id>/cancel", orders.cancel, CUSTOMER, API, NO_STORE, OrderOut, (200,), CANCELLED),
    GET("/api/admin/orders", admin.admin_page, *_OF_SHOP, AdminOrderPage, (200,), LISTED),
    GET("/api/admin/orders/counts", admin.admin_counts, *_OF_SHOP, OrderCountsOut),
    GET("/api/admin/orders/<order>", admin.admin_show, *_OF_SHOP, AdminOrderOut),
    POST("/api/admin/orders/<uuid:order_id>/cancel", admin.admin_cancel, *_OF_SHOP, AdminOrderOut, (200,), CANCELLED),
)
_PAYMENTS = (
    POST("/api/orders/<uuid:order_id>/payment", payments.start, CUSTOMER, API, NO_STORE, PaymentOut, (200,), PAYABLE),
    POST("/api/webhooks/stripe", webhook.receive, PUBLIC, UNLIMITED, NO_STORE, Received, (200,), SIGNED, Signed),
)
_UNANSWERED = (shop_errors.PaymentUnavailable,)
_WEBHOOK = "/api/admin/webhooks/<event_id>"
_WEBHOOKS = (
    GET("/api/admin/webhooks", received.list_webhooks, ADMIN, API, NO_STORE, WebhookList),
    POST(f"{_WEBHOOK}/retry", received.retry_webhook, ADMIN, API, NO_STORE, WebhookOut, (200,), _UNANSWERED),
    POST(f"{_WEBHOOK}/dismiss", received.dismiss_webhook, ADMIN, API, NO_STORE, WebhookOut),
)
_MADE = (ORDERS, API, NO_STORE, ProductionOut)
_MOVED = (shop_errors.NotAllowedNow,)
_REPLACED = (errors.NoInk, errors.TooComplex, errors.UnreadableImage, *_MOVED)
_ARTWORK = "/api/orders/<uuid:order_id>/prints/<uuid:print_id>/artwork"
_SHEETS = "/api/admin/gang-sheets"
_OF_ORDER = "/api/admin/orders/<uuid:order_id>"
_PRODUCTION = (
    GET("/api/admin/production", production.page, ORDERS, API, NO_STORE, ProductionPage, (200,), LISTED),
    GET(f"{_OF_ORDER}/production", production.show, *_MADE),
    POST(f"{_OF_ORDER}/production", moving.move, *_MADE, (200,), _MOVED),
    POST(f"{_OF_ORDER}/hold", moving.hold, *_MADE, (200,), _MOVED),
    POST(f"{_OF_ORDER}/resume", moving.resume, *_MADE, (200,), _MOVED),
    POST(f"{_OF_ORDER}/files", production.make_files, *_MADE, (200,), _MOVED),
    POST(f"{_OF_ORDER}/prints/<uuid:print_id>/reject", rejecting.reject, *_MADE, (200,), _MOVED),
    POST(f"{_OF_ORDER}/reprints", reprinting.reprint, *_MADE, (201,), (*_MOVED, shop_errors.OutOfStock)),
    POST(f"{_OF_ORDER}/shipments", shipping.ship, *_MADE, (201,), _MOVED),
    POST(f"{_OF_ORDER}/shipments/<uuid:shipment_id>/delivered", shipping.deliver, *_MADE),
    POST(_ARTWORK, rejecting.replace_artwork, CUSTOMER, API, NO_STORE, OrderOut, (200,), _REPLACED),
    GET(f"{_SHEETS}/proposals", gang_sheets.propose, ORDERS, API, NO_STORE, ProposalList),
    POST(_SHEETS, gang_sheets.order_sheet, ORDERS, API, NO_STORE, Accepted, (202,), _MOVED),
    GET(f"{_SHEETS}/<uuid:job_id>", gang_sheets.show_sheet, ORDERS, API, NO_STORE, OrderSheetOut),
)
_REFUNDS = (
    POST("/api/admin/orders/<uuid:order_id>/refunds", refunds.create, *_OF_SHOP, RefundOut, (201, 200), REFUNDED),
    POST("/api/admin/orders/<uuid:order_id>/review", refunds.resolve_review, *_OF_SHOP, ReviewedOut, (200,), REVIEWED),
    GET("/api/admin/disputes", refunds.list_disputes, *_OF_SHOP, DisputePage, (200,), LISTED),
)
_PDF, _SLIP = (CUSTOMER, UNLIMITED, NO_STORE, PDF), (ORDERS, API, NO_STORE, PDF)
_UNPAID = (shop_errors.NotPaid,)
_DOCUMENTS = (
    GET("/api/orders/<uuid:order_id>/invoice.pdf", documents.invoice, *_PDF, (200,), _UNPAID),
    GET("/api/orders/<uuid:order_id>/credit-notes/<invoice_number>.pdf", documents.credit_note, *_PDF),
    GET("/api/admin/invoices/<invoice_number>.pdf", documents.admin_invoice, *_SLIP),
    GET("/api/admin/orders/<uuid:order_id>/slip.pdf", documents.slip, *_SLIP, (200,), _UNPAID),
    GET("/api/admin/orders/<uuid:order_id>/label.pdf", documents.label, *_SLIP, (200,), _UNPAID),
)
_BOOKS = (
    GET("/api/admin/books", books.show, ADMIN, API, NO_STORE, BooksOut),
    GET("/api/admin/books.csv", book_files.export, ADMIN, API, NO_STORE, CSV),
    POST(
        *("/api/admin/books/check", books.check, ADMIN, API, NO_STORE),
        *(BookCheckOut, (200,), (shop_errors.PaymentUnavailable,)),
    ),
)
ORDERED: Mapping[str, tuple[Route, ...]] = {
    "orders": _ORDERS,
    "payments": (*_PAYMENTS, *_WEBHOOKS),
    "refunds": _REFUNDS,
    "production": _PRODUCTION,
    "documents": _DOCUMENTS,
    "books": _BOOKS,
}
