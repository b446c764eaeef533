"""The shop's part of the API's surface: by tag, the routes that `routes.py` adds to its own."""

from collections.abc import Mapping

from services.api.route import Route

SHOP: Mapping[str, tuple[Route, ...]] = {}
