"""The shop's part of the API's surface: by tag, the routes that `routes.py` adds to its own."""

from collections.abc import Mapping

from services.api.designs import views as designs
from services.api.designs.schemas import DesignOut, DesignPage
from services.api.mockups import views as mockups
from services.api.openapi import MOCKUP
from services.api.route import (
    API,
    DELETE,
    GET,
    GUEST_READ,
    GUEST_WRITE,
    NO_STORE,
    PATCH,
    POST,
    PUBLIC,
    PUBLISHED,
    UNLIMITED,
    Route,
)
from shared import errors, shop_errors

_PLACED = (
    *(errors.NotFound, errors.NoInk, errors.TooComplex, errors.UnreadableImage),
    *(shop_errors.NotOffered, shop_errors.OutsidePrintArea),
)

_PICTURES = (GET("/garments/<garment>/<color>.webp", mockups.blank, PUBLIC, UNLIMITED, PUBLISHED, MOCKUP, (200, 304)),)
_DESIGNS = (
    POST("/api/designs", designs.create, GUEST_WRITE, API, NO_STORE, DesignOut, (201,), _PLACED),
    GET("/api/designs", designs.page, GUEST_READ, UNLIMITED, NO_STORE, DesignPage, (200,), (errors.InvalidCursor,)),
    GET("/api/designs/<uuid:design_id>", designs.show, GUEST_READ, UNLIMITED, NO_STORE, DesignOut),
    PATCH("/api/designs/<uuid:design_id>", designs.change, GUEST_WRITE, API, NO_STORE, DesignOut, (200,), _PLACED),
    POST("/api/designs/<uuid:design_id>/copy", designs.copy, GUEST_WRITE, API, NO_STORE, DesignOut, (201,)),
    DELETE("/api/designs/<uuid:design_id>", designs.delete, GUEST_WRITE, API, NO_STORE, None, (204,)),
)
SHOP: Mapping[str, tuple[Route, ...]] = {"catalogue": _PICTURES, "designs": _DESIGNS}
