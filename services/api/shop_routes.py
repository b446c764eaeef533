"""The shop's part of the API's surface: by tag, the routes that `routes.py` adds to its own."""

from collections.abc import Mapping

from services.api.mockups import views as mockups
from services.api.openapi import MOCKUP
from services.api.route import GET, PUBLIC, PUBLISHED, UNLIMITED, Route

_PICTURES = (GET("/garments/<garment>/<color>.webp", mockups.blank, PUBLIC, UNLIMITED, PUBLISHED, MOCKUP, (200, 304)),)
SHOP: Mapping[str, tuple[Route, ...]] = {"catalogue": _PICTURES}
