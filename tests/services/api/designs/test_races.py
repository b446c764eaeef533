"""Requests about one design at once: each is answered, and what is stored is what one of them asked for."""

import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import Any
from uuid import UUID

import pytest
from flask.testing import FlaskClient
from werkzeug.test import TestResponse

from tests.services import pictures
from tests.services.api.client import bearer, body, upload
from tests.services.api.conftest import Api
from tests.shared.db import catalogue

PATH = "/api/designs"
Call = Callable[[FlaskClient, dict[str, str]], TestResponse]


@pytest.fixture
def product(api: Api) -> UUID:
    return catalogue.tee(api.deps.database)


def _placement(asset_id: str, **changes: Any) -> dict[str, Any]:
    front = {"placement": "front", "method": "dtg", "leftMm": 40, "topMm": 30, "widthMm": 200}
    return {**front, "assetId": asset_id, **changes}


def _at_once(api: Api, headers: dict[str, str], calls: list[Call]) -> list[TestResponse]:
    with ThreadPoolExecutor(8) as threads:
        return list(threads.map(lambda call: call(api.app.test_client(), headers), calls))


def _change(address: str, asked: dict[str, Any]) -> Call:
    return lambda client, headers: client.patch(address, json=asked, headers=headers)


def _await_waiting(api: Api, count: int) -> None:
    """Until so many statements wait for a lock."""
    waiting = "select count(*) as count from pg_stat_activity where wait_event_type = 'Lock' and datname = %s"
    until = time.monotonic() + 20
    while time.monotonic() < until:
        with api.deps.database.transaction() as connection:
            row = connection.execute(waiting.encode(), [connection.info.dbname]).fetchone()
        if row and row["count"] >= count:
            return
        time.sleep(0.01)
    raise AssertionError("nothing waits")


def test_changes_of_name_and_place_do_not_undo_each_other(api: Api, guest: FlaskClient, product: UUID) -> None:
    asset = upload(guest)["id"]
    made = body(guest.post(PATH, json={"productId": str(product), "placements": [_placement(asset)]}))
    address = f"{PATH}/{made['id']}"
    calls = [_change(address, {"name": "New"}), _change(address, {"placements": [_placement(asset, leftMm=50)]})]
    with ThreadPoolExecutor(2) as threads:
        with api.deps.database.transaction() as connection:
            connection.execute("select from designs where id = %s for update", [made["id"]])
            answers = [threads.submit(call, api.app.test_client(), bearer(guest)) for call in calls]
            _await_waiting(api, 2)
        assert [answer.result().status_code for answer in answers] == [200, 200]
    design = body(guest.get(address))
    assert (design["name"], design["placements"][0]["leftMm"]) == ("New", 50)


def test_a_picture_deleted_meanwhile_is_never_missed(api: Api, guest: FlaskClient, product: UUID) -> None:
    """Either the design is refused, or it says that its picture is missing."""
    for shade in range(6):
        asset = upload(guest, pictures.png(shade=shade))["id"]
        asked = {"productId": str(product), "placements": [_placement(asset)]}
        calls: list[Call] = [
            lambda client, headers, asked=asked: client.post(PATH, json=asked, headers=headers),  # type: ignore[misc]
            lambda client, headers, asset=asset: client.delete(f"/api/assets/{asset}", headers=headers),  # type: ignore[misc]
        ]
        made, deleted = _at_once(api, bearer(guest), calls)
        assert (made.status_code in (201, 404), deleted.status_code) == (True, 204)
        if made.status_code == 201:
            (front,) = body(guest.get(f"{PATH}/{body(made)['id']}"))["placements"]
            assert front["problem"] == "picture_missing"


def test_a_deleted_design_is_changed_and_copied_no_more(api: Api, guest: FlaskClient, product: UUID) -> None:
    asked = {"productId": str(product), "placements": [_placement(upload(guest)["id"])]}
    address = f"{PATH}/{body(guest.post(PATH, json=asked))['id']}"
    calls: list[Call] = [
        _change(address, {"name": "Late"}),
        lambda client, headers: client.delete(address, headers=headers),
        lambda client, headers: client.post(f"{address}/copy", json={}, headers=headers),
        lambda client, headers: client.delete(address, headers=headers),
    ]
    changed, first, copied, second = _at_once(api, bearer(guest), calls)
    assert sorted((first.status_code, second.status_code)) == [204, 404]
    assert changed.status_code in (200, 404)
    assert copied.status_code in (201, 404)
    assert guest.get(address).status_code == 404
