"""Addresses of pictures: signed for one to two hours, the same for an hour, and for one picture only."""

import re
import time

import pytest
from flask.testing import FlaskClient

from services.api.assets import url_signing
from services.api.assets.url_signing import ASSET_S
from services.api.middleware.policy import Cache
from tests.services import pictures
from tests.services.api.client import body, key_of, refused, upload
from tests.services.api.conftest import Api, Start

_HOUR = 1_900_000_800  # divisible by 3600


@pytest.fixture
def at(monkeypatch: pytest.MonkeyPatch) -> "type[_Clock]":
    """Sets the time by which addresses are signed and checked."""
    monkeypatch.setattr("services.api.assets.url_signing.time", _Clock)
    _Clock.now = _HOUR
    return _Clock


class _Clock:
    now: float

    @classmethod
    def time(cls) -> float:
        return cls.now


def test_an_address_lasts_for_one_to_two_hours(api: Api, at: type[_Clock]) -> None:
    for signed_s in (0, 1, ASSET_S - 1):
        at.now = _HOUR + signed_s
        url = api.deps.urls.asset(key_of(upload(api.guest())["url"]))
        for age_s, status in ((0, 200), (ASSET_S, 200), (2 * ASSET_S, 403)):
            at.now = _HOUR + signed_s + age_s
            assert api.guest().get(url, buffered=True).status_code == status


def test_within_an_hour_a_picture_has_one_address_and_then_a_new_one(guest: FlaskClient, at: type[_Clock]) -> None:
    asset = upload(guest)
    at.now = _HOUR + ASSET_S - 1
    assert body(guest.get(f"/api/assets/{asset['id']}"))["url"] == asset["url"]
    assert body(guest.get("/api/assets"))["items"][0]["url"] == asset["url"]
    at.now = _HOUR + ASSET_S
    renewed = body(guest.get(f"/api/assets/{asset['id']}"))["url"]
    assert renewed != asset["url"]
    assert key_of(renewed) == key_of(asset["url"])
    at.now = _HOUR + 3 * ASSET_S - 1
    refused(guest.get(asset["url"]), 403, "forbidden")
    assert guest.get(renewed, buffered=True).status_code == 200


def test_browsers_may_keep_a_picture_no_longer_than_its_address_lasts() -> None:
    assert f"max-age={ASSET_S}" in Cache.PICTURE


def test_an_expired_address_shows_no_size_and_no_range_and_is_not_confirmed(
    guest: FlaskClient, at: type[_Clock]
) -> None:
    url = upload(guest)["url"]
    tag = guest.get(url, buffered=True).headers["ETag"]
    at.now += 2 * ASSET_S
    refused(guest.get(f"{url}?w=400"), 403, "forbidden")
    refused(guest.get(url, headers={"Range": "bytes=0-9"}), 403, "forbidden")
    refused(guest.get(url, headers={"If-None-Match": tag}), 403, "forbidden")


def test_a_changed_address_is_refused(guest: FlaskClient) -> None:
    mine, other = upload(guest)["url"], upload(guest, pictures.png())["url"]
    expires = re.findall(r"/(\d+)-", mine)[0]
    changed = (
        mine.replace(key_of(mine), key_of(other)),
        mine.replace(key_of(mine), key_of(mine).replace(".", "-w400.")),
        *(mine.replace(expires, word) for word in (str(int(expires) + 3600), f"0{expires}", "", "x", "%D9%A3")),
        mine[:-1],
        mine + "0",
        mine.rpartition("-")[0] + "-",
        mine.rpartition("/")[0] + "/x",
        mine.rpartition("/")[0] + "/%00",
    )
    for url in changed:
        refused(guest.get(url), 403, "forbidden")


def test_an_address_signed_with_another_secret_or_for_another_purpose_is_refused(
    api: Api, guest: FlaskClient, start: Start, environment: pytest.MonkeyPatch
) -> None:
    asset = upload(guest)
    place, _, expires = asset["url"].partition("-")[0].rpartition("/")
    other = url_signing._link(api.deps.secret, key_of(asset["url"]), expires)  # type: ignore[arg-type]
    refused(guest.get(f"{place}/{expires}-{other[:32]}"), 403, "forbidden")
    environment.setenv("SECRET_KEY", "another secret, and long enough too")
    refused(start().guest().get(asset["url"]), 403, "forbidden")


def test_nothing_is_looked_up_for_an_address_that_is_not_genuine(api: Api) -> None:
    api.deps.database.close()
    refused(api.guest().get(f"/assets/{'0' * 64}.png/{int(time.time()) + 60}-{'0' * 32}"), 403, "forbidden")


def test_the_secret_is_not_shown_with_the_url_builder(api: Api) -> None:
    assert api.deps.secret not in repr(api.deps.urls)
