"""Assets: listed, shown, deleted; and their bytes under their keys."""

import io
from datetime import UTC, datetime
from hashlib import sha256
from uuid import UUID

import pytest
from flask.testing import FlaskClient
from PIL import Image

from shared import storage
from shared.db import assets, ids
from shared.metrics import JOBS
from shared.models.asset import Asset, AssetKind
from shared.models.owner import Owner
from tests.services import pictures
from tests.services.api.client import body, cut_out, key_of, refused, send, upload
from tests.services.api.conftest import Api


def _derive(api: Api, owner: Owner, job_id: UUID) -> dict[AssetKind, Asset]:
    """The rows and objects that a worker adds for a job."""
    made = {}
    for kind in (AssetKind.CUTOUT, AssetKind.PREVIEW, AssetKind.MASK):
        key = storage.key_for("s", owner, f"{kind}{job_id}", "png")
        now = datetime.now(UTC)
        digest = sha256(b"png bytes").hexdigest()
        made[kind] = Asset(ids.new(), owner, kind, key, digest, "image/png", 40, 30, 9, now, 1, "shirt.jpg", job_id)
        api.deps.storage.put(key, b"png bytes", "image/png", {})
        with api.deps.database.transaction() as connection:
            assets.add(connection, made[kind])
    return made


def test_an_asset_is_shown_and_listed_as_its_upload_returned_it(guest: FlaskClient) -> None:
    asset = upload(guest)
    shown = guest.get(f"/api/assets/{asset['id']}")
    assert shown.status_code == 200
    assert shown.headers["Cache-Control"] == "no-store"
    assert body(shown) == asset
    assert body(guest.get("/api/assets")) == {"items": [asset], "nextCursor": None}


def test_assets_are_listed_newest_first_page_by_page(guest: FlaskClient) -> None:
    made = [upload(guest, pictures.png(shade=shade)) for shade in range(3)]
    first = body(guest.get("/api/assets?limit=2"))
    second = body(guest.get(f"/api/assets?limit=2&cursor={first['nextCursor']}"))
    assert first["items"] + second["items"] == made[::-1]
    assert second["nextCursor"] is None


def test_cut_outs_are_listed_without_their_preview_and_mask(api: Api) -> None:
    guest = api.guest()
    cut_out(guest)
    job = api.claim()
    made = _derive(api, job.owner, job.id)
    listed = [asset["id"] for asset in body(guest.get("/api/assets"))["items"]]
    assert listed == [str(made[AssetKind.CUTOUT].id), str(job.asset_id)]


def test_a_download_has_its_content_type_and_cache_headers(guest: FlaskClient) -> None:
    asset = upload(guest, pictures.png())
    response = guest.get(asset["url"], buffered=True)
    assert response.status_code == 200
    assert response.content_type == "image/png"
    assert response.content_length == len(response.data)
    with Image.open(io.BytesIO(response.data)) as picture:
        assert picture.tobytes() == pictures.drawn().tobytes()
    rules = response.headers
    assert (rules["Cache-Control"], rules["CDN-Cache-Control"]) == ("private, max-age=3600", "no-store")
    assert rules["Content-Security-Policy"] == "default-src 'none'; style-src 'unsafe-inline'; sandbox"
    assert rules["X-Content-Type-Options"] == "nosniff"
    assert rules["Cross-Origin-Resource-Policy"] == "cross-origin"
    assert "Set-Cookie" not in rules


def test_the_address_alone_gives_access_to_the_picture(api: Api) -> None:
    asset = upload(api.guest())
    assert api.guest().get(asset["url"], buffered=True).status_code == 200


def test_the_key_alone_opens_nothing(guest: FlaskClient) -> None:
    asset = upload(guest)
    refused(guest.get(f"/assets/{key_of(asset['url'])}", buffered=True), 404, "not_found")


def test_a_picture_the_browser_has_is_not_sent_again(guest: FlaskClient) -> None:
    asset = upload(guest)
    first = guest.get(asset["url"], buffered=True)
    again = guest.get(asset["url"], headers={"If-None-Match": first.headers["ETag"]})
    assert (again.status_code, again.data) == (304, b"")
    assert again.headers["ETag"] == first.headers["ETag"]
    assert again.headers["Cache-Control"] == first.headers["Cache-Control"]
    other = guest.get(asset["url"], headers={"If-None-Match": '"other"'}, buffered=True)
    assert other.status_code == 200


def test_head_returns_all_headers_and_no_bytes(guest: FlaskClient) -> None:
    asset = upload(guest)
    whole, head = guest.get(asset["url"], buffered=True), guest.head(asset["url"], buffered=True)
    assert (head.status_code, head.data) == (200, b"")
    for name in ("Content-Type", "Content-Length", "ETag", "Cache-Control", "Content-Security-Policy"):
        assert head.headers[name] == whole.headers[name]


def test_a_download_has_the_picture_s_own_name(api: Api) -> None:
    guest = api.guest()
    asset = body(send(guest, "/api/uploads", pictures.jpeg(), name="my shirt.JPG"))
    plain = guest.get(asset["url"], buffered=True)
    saved = guest.get(asset["url"] + "?download=1", buffered=True)
    assert plain.headers["Content-Disposition"].startswith("inline")
    assert saved.headers["Content-Disposition"] == 'attachment; filename="my shirt.jpeg"'
    guest.post("/api/jobs", json={"assetId": asset["id"], "type": "cutout"})
    job = api.claim()
    for kind, made in _derive(api, job.owner, job.id).items():
        saved = guest.get(f"{api.deps.urls.asset(made.key)}?download=1", buffered=True)
        assert saved.headers["Content-Disposition"] == f"attachment; filename=shirt-{kind}.png"


@pytest.mark.parametrize(
    ("name", "plain", "encoded"),
    [
        ("фото; x.jpg", "x.jpeg", "%D1%84%D0%BE%D1%82%D0%BE%3B%20x.jpeg"),
        ("футболка.jpg", "picture.jpeg", "%D1%84%D1%83%D1%82%D0%B1%D0%BE%D0%BB%D0%BA%D0%B0.jpeg"),
        ("写真.jpg", "picture.jpeg", "%E5%86%99%E7%9C%9F.jpeg"),
        ("café.jpg", "cafe.jpeg", "caf%C3%A9.jpeg"),
    ],
)
def test_a_name_in_any_script_gets_a_visible_fallback(guest: FlaskClient, name: str, plain: str, encoded: str) -> None:
    asset = body(send(guest, "/api/uploads", pictures.jpeg(), name=name))
    saved = guest.get(asset["url"] + "?download=1", buffered=True)
    assert saved.headers["Content-Disposition"] == f"attachment; filename={plain}; filename*=UTF-8''{encoded}"


@pytest.mark.parametrize(
    ("name", "visible"), [(".png", "png"), ("   .png", "picture"), ("...", "picture"), (" ", "picture")]
)
def test_a_name_that_would_be_hidden_is_made_visible(guest: FlaskClient, name: str, visible: str) -> None:
    asset = body(send(guest, "/api/uploads", pictures.jpeg(), name=name))
    saved = guest.get(asset["url"] + "?download=1", buffered=True)
    assert saved.headers["Content-Disposition"] == f"attachment; filename={visible}.jpeg"


def test_an_unknown_key_is_not_found(api: Api) -> None:
    refused(api.guest().get(api.deps.urls.asset("0" * 64 + ".png"), buffered=True), 404, "not_found")


def test_a_lost_object_is_not_found(api: Api) -> None:
    guest = api.guest()
    asset = upload(guest)
    api.deps.storage.delete(key_of(asset["url"]))
    refused(guest.get(asset["url"], buffered=True), 404, "not_found")


def test_a_deleted_asset_is_hidden_at_once(guest: FlaskClient) -> None:
    asset = upload(guest)
    response = guest.delete(f"/api/assets/{asset['id']}")
    assert (response.status_code, response.data) == (204, b"")
    refused(guest.get(f"/api/assets/{asset['id']}"), 404, "not_found")
    refused(guest.get(asset["url"], buffered=True), 404, "not_found")
    refused(guest.delete(f"/api/assets/{asset['id']}"), 404, "not_found")
    assert body(guest.get("/api/assets"))["items"] == []


def test_deleting_a_picture_cancels_its_jobs(api: Api) -> None:
    guest = api.guest()
    running = cut_out(guest)
    api.claim()
    waiting = body(guest.post("/api/jobs", json={"assetId": running["assetId"], "type": "cutout"}))
    before = JOBS.labels("cancelled", "")._value.get()
    assert guest.delete(f"/api/assets/{running['assetId']}").status_code == 204
    assert JOBS.labels("cancelled", "")._value.get() == before + 2
    for job in (running, waiting):
        assert body(guest.get(job["statusUrl"]))["status"] == "cancelled"


def test_deleting_a_cut_out_deletes_its_preview_and_mask(api: Api) -> None:
    guest = api.guest()
    cut_out(guest)
    job = api.claim()
    made = _derive(api, job.owner, job.id)
    assert guest.delete(f"/api/assets/{made[AssetKind.CUTOUT].id}").status_code == 204
    for asset in made.values():
        refused(guest.get(api.deps.urls.asset(asset.key), buffered=True), 404, "not_found")
    assert guest.get(f"/api/assets/{job.asset_id}").status_code == 200


def test_uploading_deleted_bytes_again_makes_a_new_asset(guest: FlaskClient) -> None:
    old = upload(guest)
    guest.delete(f"/api/assets/{old['id']}")
    response = send(guest, "/api/uploads", pictures.jpeg())
    assert response.status_code == 201
    assert body(response)["id"] != old["id"]
    assert body(response)["url"] == old["url"]
    assert guest.get(old["url"], buffered=True).status_code == 200
