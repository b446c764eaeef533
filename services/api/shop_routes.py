"""The shop's part of the API's surface: by tag, the routes that `routes.py` adds to its own."""

from collections.abc import Mapping

from services.api.catalogue import views as catalogue
from services.api.catalogue.schemas import FacetsOut, ProductOut, ProductPage, StockOut
from services.api.mockups import views as mockups
from services.api.openapi import MOCKUP
from services.api.route import CACHED, GET, NO_STORE, PUBLIC, PUBLISHED, UNLIMITED, Route
from shared import errors

_OR_UNCHANGED = (200, 304)
_PRODUCTS = (
    GET(
        *("/api/products", catalogue.page, PUBLIC, UNLIMITED, CACHED, ProductPage, _OR_UNCHANGED),
        raises=(errors.InvalidCursor,),
    ),
    GET("/api/products/<slug>", catalogue.show, PUBLIC, UNLIMITED, CACHED, ProductOut, _OR_UNCHANGED),
    GET("/api/products/<slug>/stock", catalogue.stock, PUBLIC, UNLIMITED, NO_STORE, StockOut),
    GET("/api/facets", catalogue.show_facets, PUBLIC, UNLIMITED, CACHED, FacetsOut, _OR_UNCHANGED),
)
_PICTURES = (GET("/garments/<garment>/<color>.webp", mockups.blank, PUBLIC, UNLIMITED, PUBLISHED, MOCKUP, (200, 304)),)
SHOP: Mapping[str, tuple[Route, ...]] = {"catalogue": (*_PRODUCTS, *_PICTURES)}
