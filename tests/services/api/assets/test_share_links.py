"""Private links: to one picture, for 15 minutes."""

import re
import time
from datetime import UTC, datetime

import pytest
from flask.testing import FlaskClient

from services.api.assets import url_signing
from tests.services import pictures
from tests.services.api.client import body, key_of, refused, upload
from tests.services.api.conftest import Api, Start


def _link(guest: FlaskClient, asset_id: str) -> str:
    response = guest.post(f"/api/assets/{asset_id}/link")
    assert response.status_code == 201
    return str(body(response)["url"])


def test_a_link_shows_its_picture_to_everyone_and_reveals_no_key(api: Api) -> None:
    guest, other = api.guest(), api.guest()
    asset = upload(guest)
    url = _link(guest, asset["id"])
    response = other.get(url, buffered=True)
    assert (response.status_code, response.data) == (200, guest.get(asset["url"], buffered=True).data)
    assert response.headers["Cache-Control"] == "no-store"
    assert "CDN-Cache-Control" not in response.headers
    assert key_of(asset["url"])[:64] not in f"{url} {response.headers}"
    assert other.get(url, headers={"Range": "bytes=0-9"}, buffered=True).status_code == 206
    saved = other.get(f"{url}&download=1", buffered=True)
    assert saved.headers["Content-Disposition"].startswith("attachment")


def test_a_link_expires_after_15_minutes(guest: FlaskClient, monkeypatch: pytest.MonkeyPatch) -> None:
    said = body(guest.post(f"/api/assets/{upload(guest)['id']}/link"))
    left_s = (datetime.fromisoformat(said["expiresAt"]) - datetime.now(UTC)).total_seconds()
    assert 800 < left_s <= 900
    now = time.time()
    for later_s, status in ((0, 200), (left_s - 5, 200), (left_s + 5, 403)):
        monkeypatch.setattr("services.api.assets.url_signing.time.time", lambda later_s=later_s: now + later_s)
        assert guest.get(said["url"], buffered=True).status_code == status


def test_a_changed_link_is_refused(guest: FlaskClient) -> None:
    mine, other = upload(guest), upload(guest, pictures.png())
    url = _link(guest, mine["id"])
    expires = int(re.findall(r"expires=(\d+)", url)[0])
    changed = (
        url.replace(mine["id"], other["id"]),
        *(url.replace(str(expires), word) for word in (str(expires + 1), f"0{expires}", "", "x", "9" * 20, "\u0663")),
        url.replace("signature=", "signature=0"),
        re.sub(r"signature=\w+", "signature=", url),
        re.sub(r"signature=\w+", "signature=%C3%A9", url),
        re.sub(r"\?.*", "", url),
    )
    for link in changed:
        refused(guest.get(link), 403, "forbidden")


def test_a_link_signed_with_another_secret_is_refused(
    guest: FlaskClient, start: Start, environment: pytest.MonkeyPatch
) -> None:
    asset = upload(guest)
    url = _link(guest, asset["id"])
    environment.setenv("SECRET_KEY", "another secret, and long enough too")
    refused(start().guest().get(url), 403, "forbidden")


def test_a_signed_link_with_too_late_an_expiry_is_refused(api: Api, guest: FlaskClient) -> None:
    asset = upload(guest)
    later = str(int(time.time()) + 3600)
    signature = url_signing._link(api.deps.secret, asset["id"], later)
    refused(guest.get(f"/private/{asset['id']}?expires={later}&signature={signature}"), 403, "forbidden")


def test_only_the_owner_gets_a_link_and_only_to_an_existing_picture(api: Api) -> None:
    guest, other = api.guest(), api.guest()
    asset = upload(guest)
    upload(other)
    refused(other.post(f"/api/assets/{asset['id']}/link"), 404, "not_found")
    url = _link(guest, asset["id"])
    guest.delete(f"/api/assets/{asset['id']}")
    refused(guest.get(url), 404, "not_found")
    refused(guest.post(f"/api/assets/{asset['id']}/link"), 404, "not_found")
