"""Pictures that an admin publishes: the shop's own from then on, and public."""

import io
from typing import Any
from uuid import uuid4

import pytest
from PIL import Image

from services.worker.maintenance import Maintenance
from shared.settings import Retention
from tests.services import pictures
from tests.services.api.catalogue.conftest import Admin
from tests.services.api.client import body, form, refused, upload
from tests.services.api.conftest import Api

PUBLISH = "/api/admin/pictures"


def uploaded(admin: Admin, data: bytes) -> dict[str, Any]:
    kind = "multipart/form-data; boundary=x"
    return body(admin.send("POST", "/api/uploads", data=form(data), content_type=kind))


@pytest.fixture
def asset(admin: Admin) -> dict[str, Any]:
    return uploaded(admin, pictures.jpeg(2400, 1200))


@pytest.fixture
def published(admin: Admin, asset: dict[str, Any]) -> dict[str, Any]:
    response = admin.send("POST", PUBLISH, json={"assetId": asset["id"]})
    assert response.status_code == 201, response.text
    return body(response)


def test_everybody_and_every_cache_may_have_it(api: Api, published: dict[str, Any]) -> None:
    response = api.guest().get(published["url"], buffered=True)
    assert response.status_code == 200, response.text
    assert response.headers["Cache-Control"] == "public, max-age=604800, immutable"
    assert response.headers["CDN-Cache-Control"] == "public, max-age=604800, immutable"
    assert "Set-Cookie" not in response.headers
    with Image.open(io.BytesIO(response.data)) as picture:
        assert picture.size == (published["width"], published["height"]) == (1600, 800)
    again = api.guest().get(published["url"], headers={"If-None-Match": response.headers["ETag"]}, buffered=True)
    assert again.status_code == 304
    small = api.guest().get(f"{published['url']}?w=400", buffered=True)
    with Image.open(io.BytesIO(small.data)) as picture:
        assert picture.size == (400, 200)


def test_the_same_picture_is_published_once(admin: Admin, asset: dict[str, Any], published: dict[str, Any]) -> None:
    assert body(admin.send("POST", PUBLISH, json={"assetId": asset["id"]})) == published


def test_it_is_shown_on_the_product(api: Api, admin: Admin, published: dict[str, Any]) -> None:
    admin.create(pictures=[{"url": published["url"], "alt": "A shirt on a line"}])
    shown = body(api.guest().get("/api/products/heavy-tee"))
    assert api.guest().get(shown["pictures"][0]["url"], buffered=True).status_code == 200


def test_it_outlives_the_upload_that_it_was_made_of(
    api: Api,
    admin: Admin,
    asset: dict[str, Any],
    published: dict[str, Any],
    environment: pytest.MonkeyPatch,
) -> None:
    assert admin.send("DELETE", f"/api/assets/{asset['id']}").status_code == 204
    with api.deps.database.transaction() as connection:
        connection.execute("update assets set created_at = now() - interval '2 years', used_at = created_at")
    environment.setenv("CUSTOMER_RETENTION_DAYS", "30")
    maintenance = Maintenance(api.deps.database, api.deps.storage, Retention.read())
    maintenance.run()
    maintenance.prune(0)
    assert api.guest().get(published["url"], buffered=True).status_code == 200


def test_an_admin_takes_it_back(api: Api, admin: Admin, published: dict[str, Any]) -> None:
    assert admin.send("DELETE", f"/api/assets/{published['id']}").status_code == 204
    refused(api.guest().get(published["url"], buffered=True), 404, "not_found")


def test_only_an_admin_s_own_upload_is_published(api: Api, admin: Admin) -> None:
    of_a_guest = upload(api.guest())
    refused(admin.send("POST", PUBLISH, json={"assetId": of_a_guest["id"]}), 404, "not_found")
    refused(admin.send("POST", PUBLISH, json={"assetId": str(uuid4())}), 404, "not_found")


def test_a_private_picture_has_no_public_address(api: Api, asset: dict[str, Any]) -> None:
    key = asset["url"].split("/")[-2]
    refused(api.guest().get(f"/pictures/{key}"), 404, "not_found")
    refused(api.guest().get("/pictures/nothing"), 404, "not_found")
