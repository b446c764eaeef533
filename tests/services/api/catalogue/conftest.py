"""An admin of the catalogue."""

from typing import Any

import pytest
from flask.testing import FlaskClient
from werkzeug.test import TestResponse

from services.api.keys import digest, make
from services.api.middleware.auth import API_KEY
from shared.db import api_keys
from shared.models.owner import Scope
from tests.services.api.client import body
from tests.services.api.conftest import Api

PRODUCTS = "/api/admin/products"
TEE: dict[str, Any] = {
    "slug": "heavy-tee",
    "title": "Heavyweight T-shirt",
    "description": "220 g cotton.\nCut straight.",
    "category": "t-shirts",
    "tags": "organic unisex",
    "status": "active",
    "pictures": [{"url": "/garments/tshirt-front/1c1c1f.webp", "alt": "A black T-shirt"}],
    "sizeChart": [{"size": "M", "mm": {"Chest width": 530, "Length": 740.5}}],
    "printAreas": [
        {"placement": "front", "widthMm": 305, "heightMm": 406, "methods": ["dtg", "dtf"], "garment": "tshirt-front"}
    ],
    "variants": [
        dict(
            sku=f"HT-BLK-{size}",
            color="Black",
            colorHex="1c1c1f",
            size=size,
            priceCents=2490,
            weightG=220,
            stock=40,
            archived=False,
        )
        for size in ("M", "L")
    ],
}


class Admin:
    """A client with an admin's key."""

    def __init__(self, api: Api) -> None:
        key = make()
        with api.deps.database.transaction() as connection:
            api_keys.add(connection, "anne", Scope.ADMIN, digest(key))
        self._client: FlaskClient = api.app.test_client(use_cookies=False)
        self._headers = {API_KEY: key}

    def send(self, method: str, path: str, headers: dict[str, str] | None = None, **options: Any) -> TestResponse:
        return self._client.open(path, method=method, headers=self._headers | (headers or {}), **options)

    def get(self, path: str) -> dict[str, Any]:
        return _fine(self.send("GET", path))

    def create(self, **changes: Any) -> dict[str, Any]:
        return _fine(self.send("POST", PRODUCTS, json=TEE | changes), 201)

    def change(self, product: dict[str, Any], **changes: Any) -> TestResponse:
        """Change a product from the version that was read."""
        version = {"If-Match": str(product["version"])}
        return self.send("PATCH", f"{PRODUCTS}/{product['id']}", version, json=changes)

    def move(self, variant_id: str, delta: int, **options: Any) -> TestResponse:
        return self.send(
            "POST", f"/api/admin/variants/{variant_id}/stock", json={"delta": delta, "reason": "received"}, **options
        )

    def import_csv(self, text: str | bytes, *, dry_run: bool = False) -> TestResponse:
        data = text.encode() if isinstance(text, str) else text
        path = f"{PRODUCTS}/import{'?dryRun=true' if dry_run else ''}"
        return self.send("POST", path, data=data, content_type="text/csv")

    def export(self, query: str = "") -> str:
        response = self.send("GET", f"{PRODUCTS}.csv{query}")
        assert response.status_code == 200, response.text
        return response.text.removeprefix("\ufeff")


def _fine(response: TestResponse, status: int = 200) -> dict[str, Any]:
    assert response.status_code == status, response.text
    assert response.headers["Cache-Control"] == "no-store"
    return body(response)


@pytest.fixture
def admin(api: Api) -> Admin:
    return Admin(api)
