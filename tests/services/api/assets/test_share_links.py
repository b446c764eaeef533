"""Private links: one picture, a quarter of an hour, and nothing else."""

import re
import time
from datetime import UTC, datetime

import pytest
from flask.testing import FlaskClient

from services.api import url_signing
from tests.services import pictures
from tests.services.api.client import body, refused, upload
from tests.services.api.conftest import Api, Start


def _link(guest: FlaskClient, asset_id: str) -> str:
    answer = guest.post(f"/api/assets/{asset_id}/link")
    assert answer.status_code == 201
    return str(body(answer)["url"])


def test_a_link_shows_its_picture_to_anybody_and_tells_no_key(api: Api) -> None:
    guest, other = api.guest(), api.guest()
    asset = upload(guest)
    url = _link(guest, asset["id"])
    answer = other.get(url, buffered=True)
    assert (answer.status_code, answer.data) == (200, guest.get(asset["url"], buffered=True).data)
    assert answer.headers["Cache-Control"] == "no-store"
    assert "CDN-Cache-Control" not in answer.headers
    assert asset["url"].removeprefix("/assets/")[:64] not in f"{url} {answer.headers}"
    assert other.get(url, headers={"Range": "bytes=0-9"}, buffered=True).status_code == 206
    saved = other.get(f"{url}&download=1", buffered=True)
    assert saved.headers["Content-Disposition"].startswith("attachment")


def test_a_link_ends_after_a_quarter_of_an_hour(guest: FlaskClient, monkeypatch: pytest.MonkeyPatch) -> None:
    said = body(guest.post(f"/api/assets/{upload(guest)['id']}/link"))
    left_s = (datetime.fromisoformat(said["expiresAt"]) - datetime.now(UTC)).total_seconds()
    assert 800 < left_s <= 900
    now = time.time()
    for later_s, status in ((0, 200), (left_s - 5, 200), (left_s + 5, 403)):
        monkeypatch.setattr("services.api.url_signing.time.time", lambda later_s=later_s: now + later_s)
        assert guest.get(said["url"], buffered=True).status_code == status


def test_whatever_is_changed_in_a_link_closes_it(guest: FlaskClient) -> None:
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


def test_a_link_made_with_another_secret_is_none(
    guest: FlaskClient, start: Start, environment: pytest.MonkeyPatch
) -> None:
    asset = upload(guest)
    url = _link(guest, asset["id"])
    environment.setenv("SECRET_KEY", "another secret, and long enough too")
    refused(start().guest().get(url), 403, "forbidden")


def test_a_signature_for_longer_than_allowed_is_none(api: Api, guest: FlaskClient) -> None:
    asset = upload(guest)
    later = str(int(time.time()) + 3600)
    signature = url_signing._signature(api.deps.secret, asset["id"], later)
    refused(guest.get(f"/private/{asset['id']}?expires={later}&signature={signature}"), 403, "forbidden")


def test_only_its_owner_gets_a_link_and_a_deleted_picture_has_none(api: Api) -> None:
    guest, other = api.guest(), api.guest()
    asset = upload(guest)
    upload(other)
    refused(other.post(f"/api/assets/{asset['id']}/link"), 404, "not_found")
    url = _link(guest, asset["id"])
    guest.delete(f"/api/assets/{asset['id']}")
    refused(guest.get(url), 404, "not_found")
    refused(guest.post(f"/api/assets/{asset['id']}/link"), 404, "not_found")
