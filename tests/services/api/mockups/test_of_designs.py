"""A design's mock-ups show its pictures where they are placed."""

import io
import time
from typing import Any
from uuid import UUID

import numpy as np
import pytest
from flask.testing import FlaskClient
from PIL import Image

from services.api.assets import url_signing
from shared.models.garment import GARMENTS
from tests.services import pictures
from tests.services.api.client import body, upload
from tests.services.api.conftest import Api
from tests.shared.db import catalogue

TEE = GARMENTS["tshirt-front"]


@pytest.fixture
def product(api: Api) -> UUID:
    made = catalogue.tee(api.deps.database)
    with api.deps.database.transaction() as connection:
        catalogue.variant(connection, made, "white", colour="White", colour_hex="ffffff")
    return made


def _asked(asset: dict[str, Any], product: UUID, **changes: Any) -> dict[str, Any]:
    front = {"placement": "front", "assetId": asset["id"], "method": "dtg", "leftMm": 20, "topMm": 250, "widthMm": 100}
    return {"productId": str(product), "color": "ffffff", "placements": [{**front, **changes}]}


def _shown(client: FlaskClient, address: str) -> np.ndarray[Any, np.dtype[np.int16]]:
    with Image.open(io.BytesIO(client.get(address).data)) as picture:
        return np.asarray(picture.convert("RGB"), np.int16)


def _printed_mm(api: Api, address: str) -> tuple[float, float, float, float]:
    """Left, top, right and bottom of what differs from the blank garment, in mm of the print area."""
    blank = address.partition("?")[0] + "?widthMm=1&dx=-900"
    client = api.app.test_client()
    differs = np.abs(_shown(client, address) - _shown(client, blank)).max(2) > 40
    rows, columns = np.flatnonzero(differs.any(1)), np.flatnonzero(differs.any(0))
    (x, y), (width, height) = TEE.centre, TEE.area_mm
    across = [(pixel - x) / TEE.px_mm + width / 2 for pixel in (columns[0], columns[-1] + 1)]
    down = [(pixel - y) / TEE.px_mm + height / 2 for pixel in (rows[0], rows[-1] + 1)]
    return across[0], down[0], across[1], down[1]


def test_the_ink_lies_where_the_design_says(api: Api, guest: FlaskClient, product: UUID) -> None:
    asset = upload(guest, pictures.cutout(400, 320))  # ink of 100 x 80
    made = body(guest.post("/api/designs", json=_asked(asset, product)))
    (front,) = made["placements"]
    assert front["heightMm"] == 80
    # The cloth bends, so a print is a few millimetres off the flat one.
    assert _printed_mm(api, front["mockupUrl"]) == pytest.approx((20, 250, 120, 330), abs=6)


def test_a_turned_placement_is_shown_turned(api: Api, guest: FlaskClient, product: UUID) -> None:
    asset = upload(guest, pictures.cutout(400, 320))
    turned = body(guest.post("/api/designs", json=_asked(asset, product, rotationDeg=90)))
    (front,) = turned["placements"]
    assert _printed_mm(api, front["mockupUrl"]) == pytest.approx((30, 240, 110, 340), abs=6)


def test_a_placement_without_a_drawn_garment_has_no_mock_up(api: Api, guest: FlaskClient, product: UUID) -> None:
    design = body(guest.post("/api/designs", json=_asked(upload(guest), product)))
    for garment in (None, "of a newer release"):
        with api.deps.database.transaction() as connection:
            connection.execute("update print_areas set garment = %s", [garment])
        assert body(guest.get(f"/api/designs/{design['id']}"))["placements"][0]["mockupUrl"] is None


def test_a_repeated_request_gets_an_address_signed_afresh(
    guest: FlaskClient, product: UUID, monkeypatch: pytest.MonkeyPatch
) -> None:
    asked, headers = _asked(upload(guest), product), {"Idempotency-Key": "once"}
    first = body(guest.post("/api/designs", json=asked, headers=headers))["placements"][0]["mockupUrl"]
    later = time.time() + 2 * url_signing.ASSET_S
    monkeypatch.setattr("services.api.assets.url_signing.time.time", lambda: later)
    repeated = guest.post("/api/designs", json=asked, headers=headers)
    assert repeated.headers["Idempotent-Replayed"] == "true"
    again = body(repeated)["placements"][0]["mockupUrl"]
    assert again != first
    assert again.partition("?")[2] == first.partition("?")[2]
    assert guest.get(again).status_code == 200
