"""The storage quota bounds what is stored, whatever way it came there and however it is called."""

import os
from typing import Any

import pytest
from flask.testing import FlaskClient
from PIL import Image

from services.worker.maintenance import DAY_S, Maintenance
from shared.db import quotas
from shared.models.owner import Owner, OwnerType
from shared.settings import Retention
from tests.services import pictures
from tests.services.api.client import body, cut_out, refused, send, upload
from tests.services.api.conftest import Api, Start

_MB = 1_000_000
_DRAWING = b'<svg xmlns="http://www.w3.org/2000/svg" width="400" height="400"><rect width="99" height="99"/></svg>'


@pytest.fixture
def api(start: Start, environment: pytest.MonkeyPatch) -> Api:
    environment.setenv("QUOTA_STORED_MB", "1")
    return start()


def _noise() -> bytes:
    """A picture of 270 kB that no other call returns."""
    return pictures.encoded(Image.frombytes("RGB", (300, 300), os.urandom(270_000)), "PNG")


def _say(api: Api, statement: str, *values: object) -> list[dict[str, Any]]:
    with api.deps.database.transaction() as connection:
        cursor = connection.execute(statement.encode(), values)
        return cursor.fetchall() if cursor.description else []


def _fill(api: Api, used: int = _MB) -> None:
    _say(api, "update assets set stored_bytes = %s", used)


def _used(api: Api) -> int:
    """What the only owner occupies by the quota's count."""
    ((owner_type, owner_id),) = {
        (row["owner_type"], row["owner_id"])
        for row in _say(api, "select owner_type, owner_id from assets union select owner_type, owner_id from incoming")
    }
    with api.deps.database.transaction() as connection:
        return quotas.usage(connection, Owner(OwnerType(owner_type), owner_id)).stored_bytes


def _stored(api: Api) -> int:
    root = api.deps.settings.storage.data_dir / "objects"
    return sum(path.stat().st_size for path in root.rglob("*") if path.is_file())


def _presign(guest: FlaskClient, size: int) -> Any:
    return guest.post("/api/uploads/presign", json={"contentType": "image/png", "bytes": size})


def _put(guest: FlaskClient, place: dict[str, Any], data: bytes) -> int:
    return guest.put(place["uploadUrl"], data=data, content_type="image/png").status_code


def test_deleting_and_sending_never_stores_more_than_the_quota(api: Api, guest: FlaskClient) -> None:
    statuses = []
    for _ in range(6):
        response = send(guest, "/api/uploads", _noise())
        statuses.append(response.status_code)
        if response.status_code == 201:
            assert guest.delete(f"/api/assets/{body(response)['id']}").status_code == 204
    assert statuses == [201, 201, 201, 413, 413, 413]
    assert _stored(api) == _used(api) <= _MB


def test_what_is_kept_is_answered_at_a_full_quota(api: Api, guest: FlaskClient) -> None:
    kept = upload(guest)
    for used in (_MB, 2 * _MB):
        _fill(api, used)
        again = send(guest, "/api/uploads", pictures.jpeg())
        assert (again.status_code, body(again)["id"]) == (200, kept["id"])
    upload(api.guest(), _noise())  # nobody else's is in the way
    refused(send(guest, "/api/cutouts", pictures.jpeg()), 413, "storage_quota")  # its results would be new


def test_a_deleted_picture_that_is_still_stored_can_be_sent_again_at_a_full_quota(api: Api, guest: FlaskClient) -> None:
    asset = upload(guest)
    _fill(api)
    assert guest.delete(f"/api/assets/{asset['id']}").status_code == 204
    assert send(guest, "/api/uploads", pictures.jpeg()).status_code == 201
    refused(send(guest, "/api/uploads", pictures.png()), 413, "storage_quota")


def test_a_caller_at_its_storage_quota_gets_no_new_jobs(api: Api, guest: FlaskClient) -> None:
    asset, cancelled = upload(guest), cut_out(guest)
    assert guest.delete(cancelled["statusUrl"]).status_code == 200
    _fill(api)
    refused(guest.post("/api/jobs", json={"assetId": asset["id"], "type": "cutout"}), 413, "storage_quota")
    refused(guest.post(f"{cancelled['statusUrl']}/retry"), 413, "storage_quota")
    _fill(api, _MB - 1)
    assert guest.post(f"{cancelled['statusUrl']}/retry").status_code == 202


def test_the_bytes_of_the_stored_object_count_not_those_received(api: Api, guest: FlaskClient) -> None:
    asset = upload(guest, _DRAWING)
    assert asset["bytes"] == len(_DRAWING)
    assert _used(api) == _stored(api) > len(_DRAWING)


def test_a_picture_that_grows_beyond_the_quota_when_converted_is_refused(api: Api, guest: FlaskClient) -> None:
    upload(guest)
    _fill(api, _MB - 2 * len(_DRAWING))
    before = _stored(api)
    refused(send(guest, "/api/uploads", _DRAWING), 413, "storage_quota")
    assert _stored(api) == before


def test_copies_for_pages_count_once(api: Api, guest: FlaskClient) -> None:
    asset = upload(guest)
    before = _used(api)
    for _ in range(2):
        assert guest.get(f"{asset['url']}?w=400", buffered=True).status_code == 200
    assert _used(api) == _stored(api) > before


def test_announced_uploads_count_until_they_are_removed(api: Api, guest: FlaskClient) -> None:
    place = body(_presign(guest, 600_000))
    assert _presign(guest, 400_000).status_code == 201
    details = refused(_presign(guest, 1), 413, "storage_quota")
    assert details == {"quotaBytes": _MB, "usedBytes": _MB}
    refused(send(guest, "/api/uploads", pictures.png()), 413, "storage_quota")
    assert _put(guest, place, bytes(600_000)) == 204
    refused(guest.post(f"/api/uploads/{place['id']}/complete"), 415, "unsupported_image")
    assert _put(guest, place, bytes(600_000)) == 204  # its URL is still valid
    _say(api, "update incoming set created_at = created_at - interval '25 hours'")
    assert Maintenance(api.deps.database, api.deps.storage, Retention()).forget(DAY_S) == 2
    assert (_stored(api), _say(api, "select from incoming")) == (0, [])
    upload(guest)


def test_a_completed_upload_counts_once(api: Api, guest: FlaskClient) -> None:
    data = _noise()
    place = body(_presign(guest, len(data)))
    _presign(guest, _MB - len(data))
    assert _put(guest, place, data) == 204
    assert guest.post(f"/api/uploads/{place['id']}/complete").status_code == 201  # at a full quota: it is counted
    assert _used(api) == _stored(api) + _MB - len(data)
    assert _put(guest, place, data) == 403  # it would lie there unseen
    assert guest.post(f"/api/uploads/{place['id']}/complete").status_code == 200


def test_an_upload_s_row_stays_until_its_object_is_removed(
    api: Api, guest: FlaskClient, monkeypatch: pytest.MonkeyPatch
) -> None:
    _presign(guest, 100)
    _say(api, "update incoming set created_at = created_at - interval '25 hours'")
    maintenance = Maintenance(api.deps.database, api.deps.storage, Retention())
    monkeypatch.setattr(type(api.deps.storage), "delete", _unable)
    with pytest.raises(OSError, match="gone"):
        maintenance.forget()
    assert _used(api) == 100


def _unable(*_: object) -> None:
    raise OSError("gone")
