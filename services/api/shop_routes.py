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
from services.api.mockups import views as mockups
from services.api.openapi import MOCKUP
from services.api.route import (
    ADMIN,
    API,
    CUSTOMER,
    DELETE,
    GET,
    GUEST_WRITE,
    NO_STORE,
    PATCH,
    POST,
    PUBLIC,
    PUBLISHED,
    PUT,
    SIGN_IN,
    UNLIMITED,
    Route,
)
from shared import errors, shop_errors

_PICTURES = (GET("/garments/<garment>/<color>.webp", mockups.blank, PUBLIC, UNLIMITED, PUBLISHED, MOCKUP, (200, 304)),)
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
    POST("/api/session/refresh", sign_in.refresh, *_OWN, CustomerOut),
    DELETE("/api/session", sign_in.sign_out, *_OWN, None, (204,)),
    GET("/api/sessions", sign_in.list_sessions, CUSTOMER, UNLIMITED, NO_STORE, SessionList),
    DELETE("/api/sessions", sign_in.end_sessions, *_OWN, None, (204,)),
    DELETE("/api/sessions/<uuid:session_id>", sign_in.end_session, *_OWN, None, (204,)),
    GET("/api/account", accounts.show, CUSTOMER, UNLIMITED, NO_STORE, CustomerOut),
    PATCH("/api/account", accounts.change, *_OWN, CustomerOut, (200,), (shop_errors.WrongCredentials, *_WEAK)),
    DELETE("/api/account", accounts.erase, *_OWN, None, (204,)),
    GET("/api/account/export", accounts.export, *_OWN, DataExport),
    GET("/api/addresses", postal.list_addresses, CUSTOMER, UNLIMITED, NO_STORE, AddressList),
    POST("/api/addresses", postal.add_address, *_OWN, AddressOut, (201,), (shop_errors.BadAddress,)),
    DELETE("/api/addresses/<uuid:address_id>", postal.remove_address, *_OWN, None, (204,)),
    PUT("/api/admin/roles", accounts.set_role, ADMIN, API, NO_STORE, RoleOut, (200,), (errors.NotFound,)),
)
SHOP: Mapping[str, tuple[Route, ...]] = {"catalogue": _PICTURES, "accounts": _ACCOUNTS}
