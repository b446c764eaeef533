"""What admins set: price lists by version, refused with the name of what is wrong, and discount codes."""

from copy import deepcopy
from typing import Any

import pytest
from flask.testing import FlaskClient
from werkzeug.test import TestResponse

from services.api.pricing.default_list import DEFAULT
from shared.db import discounts, price_lists
from shared.models.customer import Role
from shared.models.owner import Scope
from tests.services.api.client import body, refused
from tests.services.api.conftest import Api
from tests.services.api.customers import signed_in, with_key
from tests.shared.db.rows import run

LIST: dict[str, Any] = {
    "methods": {method: {"pieceCents": 100} for method in ("dtg", "dtf", "screen", "sticker")},
    "breaks": [{"quantity": 10, "offBp": 500}, {"quantity": 20, "offBp": 900}],
    "zones": [
        {
            "name": "Near",
            "places": ["US", "US:967"],
            "postage": [{"upToG": 500, "cents": 0}, {"upToG": 1000, "cents": 5}],
        },
        {"name": "Far", "places": ["CA"], "postage": [{"upToG": 9, "cents": 1_000_000}]},
    ],
    "taxes": [
        {"place": "FI", "since": "2024-09-01", "rateBp": 2550},
        {"place": "FI", "since": "2013-01-01", "rateBp": 2400},
    ],
}


@pytest.fixture
def admin(api: Api) -> FlaskClient:
    return with_key(api, Scope.ADMIN)


def _put(admin: FlaskClient, version: object = 0, **changes: Any) -> TestResponse:
    return admin.put("/api/admin/prices", json=LIST | changes, headers={"If-Match": str(version)})


def test_a_list_that_was_read_can_be_sent_back(admin: FlaskClient, api: Api) -> None:
    shown = body(admin.get("/api/admin/prices"))
    parts = {name: part for name, part in shown.items() if name in LIST}
    assert shown == parts | {"version": 0, "currency": "usd"}
    assert body(_put(admin, **parts)) == shown | {"version": 1}
    assert run(api.deps.database, price_lists.current) == (1, DEFAULT)


def test_a_change_is_seen_at_once_by_all(admin: FlaskClient) -> None:
    assert body(admin.get("/api/prices"))["version"] == 0
    first = body(_put(admin))
    assert first["methods"]["dtf"] == {"pieceCents": 100, "dm2Cents": 0, "film": None}
    film = {"widthMm": 560, "gapMm": 5, "centsPerM": 900}
    methods = LIST["methods"] | {"dtf": {"pieceCents": 1, "dm2Cents": 2, "film": film}}
    second = body(_put(admin, '"1"', methods=methods))
    assert second == first | {"version": 2, "methods": second["methods"]}
    assert second["methods"]["dtf"]["film"] == film
    for path in ("/api/admin/prices", "/api/prices"):
        assert body(admin.get(path)) == second


def test_the_same_list_keeps_its_version(admin: FlaskClient) -> None:
    first = body(_put(admin, 0))
    assert (first["version"], body(_put(admin, 1))) == (1, first)
    assert body(_put(admin, 1, breaks=[]))["version"] == 2


def test_a_list_says_who_set_it(admin: FlaskClient, api: Api) -> None:
    _put(admin)
    assert _put(signed_in(api, "ann@shop.example", Role.ADMIN), 1, breaks=[]).status_code == 200
    with api.deps.database.transaction() as connection:
        rows = connection.execute("select set_by from price_lists order by version").fetchall()
    assert [row["set_by"] for row in rows] == ["admin", "ann@shop.example"]


def test_a_change_of_an_older_version_changes_nothing(admin: FlaskClient) -> None:
    _put(admin)
    for version in (0, 2, 999_999_999):
        refused(_put(admin, version, breaks=[]), 412, "changed")
    assert body(admin.get("/api/prices"))["breaks"] == LIST["breaks"]


@pytest.mark.parametrize("version", ["", "x", "-1", "*", 'W/"1"', '"1', "1, 2"])
def test_a_change_without_a_version_is_refused(admin: FlaskClient, version: str) -> None:
    refused(_put(admin, version), 400, "invalid_request")
    refused(admin.put("/api/admin/prices", json=LIST), 400, "invalid_request")


@pytest.mark.parametrize(
    ("path", "value", "field", "words"),
    [
        (("methods", "dtg"), None, "methods.dtg", "valid dictionary"),
        (("methods", "dtg", "pieceCents"), -1, "methods.dtg.pieceCents", "greater than or equal to 0"),
        (("methods", "dtg", "pieceCents"), "1", "methods.dtg.pieceCents", "valid integer"),
        (("methods", "laser"), {"pieceCents": 1}, "methods.laser.[key]", "'dtg'"),
        (("methods",), {"dtg": {"pieceCents": 1}}, "methods", "no price for dtf"),
        (("breaks", 1, "quantity"), 10, "breaks", "the quantities must rise, and 10 follows 10"),
        (("breaks", 1, "offBp"), 9001, "breaks.1.offBp", "less than or equal to 9000"),
        (("zones",), [], "zones", "at least 1"),
        (("zones", 0, "postage", 1, "upToG"), 500, "zones.0.postage", "the weights must rise, and 500 follows 500"),
        (("zones", 0, "postage"), [], "zones.0.postage", "at least 1"),
        (("zones", 1, "places", 0), "US:967", "zones", "US:967 is in two zones"),
        (("zones", 0, "places", 0), "USA", "zones.0.places.0", "pattern"),
        (("zones", 0, "name"), "", "zones.0.name", "at least 1"),
        (("taxes", 1, "since"), "2024-09-01", "taxes", "FI since 2024-09-01 is in two taxes"),
        (("taxes", 1, "since"), "yesterday", "taxes.1.since", "must look like 2026-12-31"),
        (("taxes", 1, "since"), 20_000, "taxes.1.since", "must look like 2026-12-31"),
        (("taxes", 1, "since"), "2026-02-30", "taxes.1.since", "valid date"),
        (("taxes", 1, "rateBp"), 10_001, "taxes.1.rateBp", "less than or equal to 10000"),
        (("currency",), "eur", "currency", "no such field"),
    ],
)
def test_a_wrong_list_is_refused_with_the_name_of_the_fault(
    admin: FlaskClient, path: tuple[Any, ...], value: object, field: str, words: str
) -> None:
    wrong = deepcopy(LIST)
    part: Any = wrong
    for name in path[:-1]:
        part = part[name]
    part[path[-1]] = value
    details = refused(_put(admin, **wrong), 400, "invalid_request")
    assert words in details["fields"][field]
    assert body(admin.get("/api/prices"))["version"] == 0


# Discounts


def _set(admin: FlaskClient, code: str = "AUTUMN", **terms: Any) -> TestResponse:
    return admin.put(f"/api/admin/discounts/{code}", json=terms)


def test_codes_are_listed_newest_first_with_their_uses(admin: FlaskClient, api: Api) -> None:
    assert body(_set(admin, offBp=1000, maxUses=2))["uses"] == 0
    run(api.deps.database, discounts.take, "AUTUMN")
    ends_at = "2027-01-01T00:00:00.000Z"
    winter = body(_set(admin, "WINTER-27", offCents=500, minimumCents=2000, endsAt=ends_at))
    assert winter.pop("createdAt").endswith("Z")
    assert winter == {
        "code": "WINTER-27",
        "offBp": None,
        "offCents": 500,
        "minimumCents": 2000,
        "startsAt": None,
        "endsAt": ends_at,
        "maxUses": None,
        "uses": 0,
    }
    first = body(admin.get("/api/admin/discounts?limit=1"))
    second = body(admin.get(f"/api/admin/discounts?limit=1&cursor={first['nextCursor']}"))
    assert [page["items"][0]["code"] for page in (first, second)] == ["WINTER-27", "AUTUMN"]
    assert (second["items"][0]["uses"], second["nextCursor"]) == (1, None)


def test_changed_terms_leave_the_uses(admin: FlaskClient, api: Api) -> None:
    before = body(_set(admin, offBp=1000))
    run(api.deps.database, discounts.take, "AUTUMN")
    after = body(_set(admin, offBp=2000, startsAt="2026-01-01T00:00:00+01:00"))
    assert after == before | {"offBp": 2000, "startsAt": "2025-12-31T23:00:00.000Z", "uses": 1}


@pytest.mark.parametrize(
    ("terms", "words"),
    [
        ({}, "either offBp or offCents"),
        ({"offBp": 1, "offCents": 1}, "either offBp or offCents"),
        ({"offBp": 10_001}, "offBp"),
        ({"offCents": 0}, "offCents"),
        ({"offBp": 1, "maxUses": 0}, "maxUses"),
        ({"offBp": 1, "minimumCents": -1}, "minimumCents"),
        *(
            ({"offBp": 1, "startsAt": moment}, "must look like 2026-12-31T23:59:59Z")
            for moment in ("2026-01-01T00:00:00", "2026-01-01", 0, "0001-01-01T00:00:00+14:00", "9999-12-31T23:59:59Z")
        ),
        ({"offBp": 1, "endsAt": "2026-13-01T00:00:00Z"}, "month"),
        ({"offBp": 1, "startsAt": "2026-01-01T00:00:00Z", "endsAt": "2026-01-01T00:00:00Z"}, "endsAt must be after"),
        ({"offBp": 1, "uses": 0}, "uses"),
    ],
)
def test_terms_that_make_no_sense_are_refused(admin: FlaskClient, terms: dict[str, Any], words: str) -> None:
    response = _set(admin, **terms)
    refused(response, 400, "invalid_request")
    assert words in body(response)["error"]["message"]


@pytest.mark.parametrize("code", ["AB", "autumn", "A%20B", "A" * 33, "A%00B"])
def test_a_code_that_customers_could_not_type_is_refused(admin: FlaskClient, code: str) -> None:
    refused(_set(admin, code, offBp=1), 400, "invalid_request")
