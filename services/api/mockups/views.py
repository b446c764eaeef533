"""Mock-ups of pictures: garments, addresses for pages, and the pictures themselves.

They are as private as the picture they show: an owner's token or a signed address opens them, and no shared cache keeps
them. Garments without a print are the shop's own pictures, public and immutable.
"""

import hashlib
import time
from collections.abc import Callable, Mapping
from datetime import UTC, datetime
from typing import Any
from urllib.parse import urlencode

from flask import Response, request

from services.api import lookup
from services.api.assets import copies, url_signing, variants
from services.api.assets.schemas import AssetPath
from services.api.dependencies import Dependencies
from services.api.middleware import auth
from services.api.mockups.client import MockupService
from services.api.mockups.schemas import (
    BlankPath,
    BlankQuery,
    GarmentList,
    GarmentOut,
    MockupList,
    MockupOut,
    MockupPath,
    MockupQuery,
    MockupsQuery,
    SignedMockupPath,
)
from services.api.schemas import ConditionalHeaders
from shared import errors, timeouts, web
from shared.db import assets
from shared.models.asset import Asset, AssetKind
from shared.models.garment import GARMENTS, Garment
from shared.version import VERSION

_BLANK = "blank"  # in place of a key
_COPY = "1600"  # the variant that is printed: more pixels than the largest print area shows


def garments(_: Dependencies) -> GarmentList:
    """List garments.

    Lists views of garments, print areas in millimetres, and usual colours. Print areas are those that common print
    shops offer.
    """
    return GarmentList(items=[GarmentOut.of(garment) for garment in GARMENTS.values()])


def addresses(deps: Dependencies, path: AssetPath, query: MockupsQuery) -> MockupList:
    """List mock-ups.

    Lists signed addresses of a picture's mock-ups, to be put into a page, and a template for all others. They last for
    one to two hours; every response signs them afresh.
    """
    asset = _shown(lookup.require(deps, assets.find, auth.visible_owner(), path.asset_id))
    chosen = [_garment(query.garment)] if query.garment else list(GARMENTS.values())
    if deps.mockups is None:
        return MockupList(items=[], template="", expires_at=datetime.now(UTC))
    grant, expires = url_signing.mockups(deps.secret, asset.id)
    template = deps.urls.mockup("{garment}", "{color}", asset.id, grant)
    asked = {name: value for name, value in query.chosen().items() if name not in ("garment", "color")}
    items = [_item(template, garment, query.color or garment.colours[0][1], asked) for garment in chosen]
    return MockupList(items=items, template=template, expires_at=datetime.fromtimestamp(expires, UTC))


def show(deps: Dependencies, header: ConditionalHeaders, path: MockupPath, query: MockupQuery) -> Response:  # noqa: ARG001 - documents
    """Show mock-up.

    Draws a picture of yours on a garment: a square WebP in the scale of the garment. A design wider than the print area
    is cut at its border, as a printer would.
    """
    return _answer(deps, auth.visible_owner(), path, query)


def show_signed(deps: Dependencies, header: ConditionalHeaders, path: SignedMockupPath, query: MockupQuery) -> Response:  # noqa: ARG001 - documents
    """Show signed mock-up.

    Draws the same by an address that needs no token; `GET /api/assets/<id>/mockups` gives it. It expires after one to
    two hours and then answers 403.
    """
    url_signing.check_mockups(deps.secret, path.asset_id, path.mockup_grant)
    return _answer(deps, None, path, query)


def blank(deps: Dependencies, header: ConditionalHeaders, path: BlankPath, query: BlankQuery) -> Response:  # noqa: ARG001 - documents
    """Show blank garment.

    Draws a garment without a print, in one of its usual colors: a square WebP for pages, which any cache may keep.
    """
    garment = _garment(path.garment)
    if path.color not in {color for _, color in garment.colours}:  # a bounded number of pictures
        raise errors.NotFound("This garment does not usually come in this color; /api/garments lists its colors.")
    return _sent((garment.name, path.color, query.w), lambda: _drawn_blank(deps, garment, path.color, query.w))


def _drawn_blank(deps: Dependencies, garment: Garment, color: str, width: str) -> bytes:
    data = _service(deps).draw(garment.name, color, _BLANK, {"w": width}, web.request_id())
    if data is None:
        raise errors.Unavailable  # a service of an earlier release, which knows no blank ones
    return data


def _item(template: str, garment: Garment, color: str, asked: Mapping[str, Any]) -> MockupOut:
    url = template.replace("{garment}", garment.name).replace("{color}", color)
    query = f"?{urlencode(asked)}" if asked else ""
    return MockupOut(garment=garment.name, title=garment.title, color=color, url=url + query)


def _answer(deps: Dependencies, owner: Any, path: MockupPath, query: MockupQuery) -> Response:
    asset = _shown(lookup.require(deps, assets.find, owner, path.asset_id))
    garment, asked = _garment(path.garment), query.chosen()
    facts = (asset.key, garment.name, path.color, sorted(asked.items()))
    return _sent(facts, lambda: _drawn(deps, asset, garment, path.color, asked))


def _sent(facts: tuple[object, ...], draw: Callable[[], bytes]) -> Response:
    """The picture that these facts make, drawn unless the caller has it."""
    tag = hashlib.sha256(repr((VERSION, *facts)).encode()).hexdigest()
    response = Response(status=304)
    if not request.if_none_match.contains_weak(tag):
        response = Response(draw(), content_type="image/webp")
    response.set_etag(tag)
    response.headers["Cross-Origin-Resource-Policy"] = "cross-origin"  # shops embed pictures in their own pages
    return response


def _drawn(deps: Dependencies, asset: Asset, garment: Garment, color: str, asked: Mapping[str, Any]) -> bytes:
    """Drawn from the copy for pages, which is made for the first mock-up of a picture."""
    service, began = _service(deps), time.monotonic()
    for copy in variants.candidates(asset, _COPY):
        if data := service.draw(garment.name, color, copy.key, asked, web.request_id()):
            return data
    made = copies.kept(deps, asset, _COPY)
    if time.monotonic() - began > timeouts.REQUEST_S - timeouts.MOCKUP_READ_S:
        raise errors.Busy  # the next request finds the copy
    data = service.draw(garment.name, color, made.key, asked, web.request_id())
    if data is None:
        raise errors.NotFound
    return data


def _service(deps: Dependencies) -> MockupService:
    if deps.mockups is None:
        raise errors.Unavailable("Mock-ups are not offered here.", retry_after_s=60)
    return deps.mockups


def _garment(name: str) -> Garment:
    if name not in GARMENTS:
        raise errors.NotFound(f"There is no such garment; there are {', '.join(GARMENTS)}.")
    return GARMENTS[name]


def _shown(asset: Asset) -> Asset:
    if asset.kind is AssetKind.FILE:
        raise errors.InvalidRequest("assetId: a mock-up needs a picture, and this is a file made from one.")
    return asset
