"""The shop's part of the API's surface: by tag, the routes that `routes.py` adds to its own."""

from collections.abc import Mapping

from services.api.accounts import postal, registration, sign_in
from services.api.accounts import views as accounts
from services.api.accounts.schemas import (
    AddressList,
    AddressOut,
    CustomerOut,
    DataExport,
    MailRequested,
    RoleOut,
    SessionList,
)
from services.api.catalogue import admin, files, pictures
from services.api.catalogue import views as catalogue
from services.api.catalogue.admin_schemas import AdminProduct, AdminProductPage, StockMoved, StockMovePage
from services.api.catalogue.file_schemas import ImportOut
from services.api.catalogue.picture_schemas import Published
from services.api.catalogue.schemas import FacetsOut, ProductOut, ProductPage, StockOut
from services.api.designs import views as designs
from services.api.designs.schemas import DesignOut, DesignPage
from services.api.mail import views as mail
from services.api.mail.schemas import MailOut, MailPage
from services.api.mockups import views as mockups
from services.api.openapi import CSV, MOCKUP, SERVED
from services.api.order_routes import ORDERED
from services.api.pricing import admin as pricing_admin
from services.api.pricing import views as pricing
from services.api.pricing.admin_schemas import DiscountOut, DiscountPage
from services.api.pricing.schemas import PriceOut, PricesOut
from services.api.route import (
    ADMIN,
    API,
    CACHED,
    CATALOGUE,
    CUSTOMER,
    DELETE,
    GET,
    GUEST_READ,
    GUEST_WRITE,
    NO_STORE,
    PATCH,
    POST,
    PRICE,
    PUBLIC,
    PUBLISHED,
    PUT,
    SIGN_IN,
    UNLIMITED,
    Csv,
    Route,
)
from shared import errors, shop_errors

_OR_UNCHANGED = (200, 304)
LISTED = (errors.InvalidCursor,)
CREATED = (shop_errors.SlugTaken, shop_errors.SkuTaken, shop_errors.VariantTaken)
SHOWN = (errors.RangeNotSatisfiable, errors.UnreadableImage, errors.TooComplex)
PUBLICATION = (errors.NotFound, errors.StorageQuota, errors.UnreadableImage, errors.TooComplex, errors.ImageTooSmall)
MOVED = (shop_errors.OutOfStock,)
PLACED = (
    *(errors.NotFound, errors.NoInk, errors.TooComplex, errors.UnreadableImage),
    *(shop_errors.NotOffered, shop_errors.OutsidePrintArea),
)
IMPORTED = (shop_errors.FaultyFile, shop_errors.OutOfStock, shop_errors.VariantTaken)
PRICED = (
    *(
        errors.NotFound,
        errors.DoesNotFit,
        shop_errors.UnknownSku,
        shop_errors.NotPrintable,
        shop_errors.NotShippedThere,
    ),
    *(shop_errors.DiscountRefused, shop_errors.TotalOutOfRange),
)

_PRODUCTS = (
    GET("/api/products", catalogue.page, PUBLIC, UNLIMITED, CACHED, ProductPage, _OR_UNCHANGED, LISTED),
    GET("/api/products/<slug>", catalogue.show, PUBLIC, UNLIMITED, CACHED, ProductOut, _OR_UNCHANGED),
    GET("/api/products/<slug>/stock", catalogue.stock, PUBLIC, UNLIMITED, NO_STORE, StockOut),
    GET("/api/facets", catalogue.show_facets, PUBLIC, UNLIMITED, CACHED, FacetsOut, _OR_UNCHANGED),
)
_PICTURES = (
    GET("/garments/<garment>/<color>.webp", mockups.blank, PUBLIC, UNLIMITED, PUBLISHED, MOCKUP, _OR_UNCHANGED),
    GET(
        *("/pictures/<picture_key>", pictures.product_picture, PUBLIC, UNLIMITED, PUBLISHED),
        *(SERVED, (200, 206, 304), SHOWN),
    ),
)
_WEAK = (shop_errors.WeakPassword,)
_SPENT = (shop_errors.TokenSpent,)
_OPENED = (GUEST_WRITE, SIGN_IN, NO_STORE, CustomerOut, (200,))
_OWN = (CUSTOMER, API, NO_STORE)
_ACCOUNTS = (
    POST("/api/account", registration.register, GUEST_WRITE, SIGN_IN, NO_STORE, MailRequested, (202,), _WEAK),
    POST("/api/account/verify", registration.verify, *_OPENED, _SPENT),
    POST("/api/account/reset", registration.request_reset, PUBLIC, SIGN_IN, NO_STORE, MailRequested, (202,)),
    POST("/api/account/reset/confirm", registration.confirm_reset, *_OPENED, (*_SPENT, *_WEAK)),
    POST("/api/session", sign_in.sign_in, *_OPENED, (shop_errors.WrongCredentials,)),
    POST("/api/session/link", registration.request_link, PUBLIC, SIGN_IN, NO_STORE, MailRequested, (202,)),
    POST("/api/session/refresh", sign_in.refresh, *_OWN, CustomerOut),
    DELETE("/api/session", sign_in.sign_out, *_OWN, None, (204,)),
    GET("/api/sessions", sign_in.list_sessions, CUSTOMER, UNLIMITED, NO_STORE, SessionList),
    DELETE("/api/sessions", sign_in.end_sessions, *_OWN, None, (204,)),
    DELETE("/api/sessions/<uuid:session_id>", sign_in.end_session, *_OWN, None, (204,)),
    GET("/api/account", accounts.show, CUSTOMER, UNLIMITED, NO_STORE, CustomerOut),
    PATCH("/api/account", accounts.change, *_OWN, CustomerOut, (200,), (shop_errors.WrongCredentials, *_WEAK)),
    DELETE("/api/account", accounts.erase, *_OWN, None, (204,), (shop_errors.OpenOrders,)),
    GET("/api/account/export", accounts.export, *_OWN, DataExport),
    GET("/api/addresses", postal.list_addresses, CUSTOMER, UNLIMITED, NO_STORE, AddressList),
    POST("/api/addresses", postal.add_address, *_OWN, AddressOut, (201,), (shop_errors.BadAddress,)),
    DELETE("/api/addresses/<uuid:address_id>", postal.remove_address, *_OWN, None, (204,)),
    PUT("/api/admin/roles", accounts.set_role, ADMIN, API, NO_STORE, RoleOut, (200,), (errors.NotFound,)),
)
_EDITED = (CATALOGUE, API, NO_STORE)
_DESIGNS = (
    POST("/api/designs", designs.create, GUEST_WRITE, API, NO_STORE, DesignOut, (201,), PLACED),
    GET("/api/designs", designs.page, GUEST_READ, UNLIMITED, NO_STORE, DesignPage, (200,), LISTED),
    GET("/api/designs/<uuid:design_id>", designs.show, GUEST_READ, UNLIMITED, NO_STORE, DesignOut),
    PATCH("/api/designs/<uuid:design_id>", designs.change, GUEST_WRITE, API, NO_STORE, DesignOut, (200,), PLACED),
    POST("/api/designs/<uuid:design_id>/copy", designs.copy, GUEST_WRITE, API, NO_STORE, DesignOut, (201,)),
    DELETE("/api/designs/<uuid:design_id>", designs.delete, GUEST_WRITE, API, NO_STORE, None, (204,)),
)
_ADMIN = (
    GET("/api/admin/products", admin.admin_page, *_EDITED, AdminProductPage, (200,), LISTED),
    POST("/api/admin/products", admin.create, *_EDITED, AdminProduct, (201,), CREATED),
    GET("/api/admin/products/<uuid:product_id>", admin.admin_show, *_EDITED, AdminProduct),
    PATCH("/api/admin/products/<uuid:product_id>", admin.change, *_EDITED, AdminProduct, (200,), CREATED),
    POST("/api/admin/variants/<uuid:variant_id>/stock", admin.move_stock, *_EDITED, StockMoved, (201,), MOVED),
    GET(
        *("/api/admin/variants/<uuid:variant_id>/stock", admin.list_stock_moves, *_EDITED),
        *(StockMovePage, (200,), LISTED),
    ),
    POST("/api/admin/pictures", pictures.publish_picture, *_EDITED, Published, (201,), PUBLICATION),
    GET("/api/admin/products.csv", files.export, *_EDITED, CSV),
    POST("/api/admin/products/import", files.import_products, *_EDITED, ImportOut, (200,), IMPORTED, Csv),
)
_PRICES = (
    GET("/api/prices", pricing.show_list, PUBLIC, UNLIMITED, PRICE, PricesOut, _OR_UNCHANGED),
    POST("/api/price", pricing.quote, GUEST_WRITE, API, NO_STORE, PriceOut, (200,), PRICED),
    GET("/api/admin/prices", pricing_admin.admin_show_list, ADMIN, API, NO_STORE, PricesOut),
    PUT("/api/admin/prices", pricing_admin.set_list, ADMIN, API, NO_STORE, PricesOut),
    GET("/api/admin/discounts", pricing_admin.list_discounts, ADMIN, API, NO_STORE, DiscountPage, (200,), LISTED),
    PUT("/api/admin/discounts/<code>", pricing_admin.set_discount, ADMIN, API, NO_STORE, DiscountOut),
)
_MAILS = (
    GET("/api/admin/mails", mail.page, ADMIN, API, NO_STORE, MailPage, (200,), LISTED),
    POST(
        *("/api/admin/mails/<uuid:mail_id>/retry", mail.retry, ADMIN, API, NO_STORE),
        *(MailOut, (200,), (shop_errors.MailNotFailed,)),
    ),
)
SHOP: Mapping[str, tuple[Route, ...]] = {
    "catalogue": (*_PRODUCTS, *_PICTURES),
    "designs": _DESIGNS,
    "catalogue administration": _ADMIN,
    "accounts": _ACCOUNTS,
    "mails": _MAILS,
    "prices": _PRICES,
    **ORDERED,
}
