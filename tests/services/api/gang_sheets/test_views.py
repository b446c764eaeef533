"""Gang sheets over HTTP: ordered once, shown to their owner, another format made of the same placements."""

from typing import Any
from uuid import UUID, uuid4

import pytest
from flask.testing import FlaskClient

from shared.db import assets, job_queue
from shared.models.gang_sheet import GangSheetInput, GangSheetResult, Placement, Sheet, SheetFormat
from shared.models.job import Job, JobFailure, JobType, Outcome, Timings
from tests.services import pictures
from tests.services.api.client import body, key_of, refused, upload
from tests.services.api.conftest import Api, Start
from tests.services.api.made_files import file_of

PATH = "/api/gang-sheets"
SHEET = {"widthMm": 558.8, "maxLengthMm": 1000, "marginMm": 5, "gapMm": 5}


def _order(client: FlaskClient, *asset_ids: str, **others: Any) -> dict[str, Any]:
    items = [{"assetId": asset_id, "widthMm": 90, "copies": 2} for asset_id in asset_ids]
    return {"sheet": SHEET, "items": items, **others}


def _finish(api: Api, kind: SheetFormat = SheetFormat.PNG, sheets: int = 2, first: int = 0) -> Job:
    """End the next job as its handler would; each sheet has a copy."""
    job = api.claim()
    stored, files = [], []
    for at in range(sheets):
        digits = "0123456789abcdef"[first + 2 * at], "0123456789abcdef"[first + 2 * at + 1]
        file, preview = file_of(job, digits[0], f"image/{kind}"), file_of(job, digits[1], "image/webp")
        files += [file, preview]
        stored.append(Sheet(100.5, preview.key, {kind: file.key}))
    placements = tuple(Placement(0, at, 5.08, 5.08, at) for at in range(sheets))
    result = GangSheetResult(files[0].id, tuple(stored), placements, 201.0, 0.25, 252)
    with api.deps.database.transaction() as connection:
        assert job_queue.finish(connection, job, Outcome(result.json(), tuple(files)), Timings())
    return job


def test_an_order_becomes_a_job_with_all_that_was_asked_for(environment: pytest.MonkeyPatch, start: Start) -> None:
    environment.setenv("GANG_SHEET_PRICE_CENTS_PER_M", "1250")
    environment.setenv("SPOT_WHITE", "RDG_WHITE")
    api = start()
    guest = api.guest()
    one, two = upload(guest)["id"], upload(guest, pictures.png())["id"]
    asked = _order(guest, one, two, effort="instant", formats=["pdf", "png", "pdf"], labels=True, underbase=True)
    accepted = guest.post(PATH, json=asked)
    assert accepted.status_code == 202
    assert accepted.headers["Location"] == body(accepted)["statusUrl"]
    job = api.claim()
    stored = GangSheetInput.read(job.input)
    assert (job.type, job.asset_id) == (JobType.GANG_SHEET, UUID(one))
    assert [(str(item.asset_id), item.width_mm, item.copies, item.rotate) for item in stored.items] == [
        (one, 90, 2, True),
        (two, 90, 2, True),
    ]
    assert stored.formats == (SheetFormat.PNG, SheetFormat.PDF)
    assert (stored.cents_per_m, stored.spot, stored.labels, stored.underbase) == (1250, "RDG_WHITE", True, True)
    assert (stored.film.width_mm, stored.film.max_length_mm) == (558.8, 1000)
    shown = body(guest.get(f"/api/jobs/{job.id}"))
    assert shown["options"]["film"]["maxLengthMm"] == 1000
    assert shown["options"]["items"][0]["assetId"] == one


def test_a_finished_sheet_shows_what_lies_where(api: Api, guest: FlaskClient) -> None:
    accepted = body(guest.post(PATH, json=_order(guest, upload(guest)["id"])))
    address = f"{PATH}/{accepted['id']}"
    waiting = body(guest.get(address))
    assert (waiting["status"], waiting["result"], waiting["placements"]) == ("queued", None, None)
    _finish(api)
    shown = body(guest.get(address))
    assert shown["placements"][1] == {"item": 0, "sheet": 2, "xMm": 5.08, "yMm": 5.08, "quarters": 1}
    assert (shown["result"]["lengthMm"], shown["result"]["savedPercent"], shown["result"]["priceCents"]) == (
        201,
        25,
        252,
    )
    first = shown["result"]["sheets"][0]
    assert (key_of(first["png"]), first["pdf"], first["plateUrl"]) == ("0" * 64 + ".png", None, None)
    assert body(guest.get(accepted["statusUrl"]))["result"]["sheets"][1]["lengthMm"] == 100.5


def test_a_stored_file_is_answered_and_another_format_is_a_job_of_that_sheet(api: Api, guest: FlaskClient) -> None:
    accepted = body(guest.post(PATH, json=_order(guest, upload(guest)["id"])))
    address = f"{PATH}/{accepted['id']}/sheets"
    assert guest.get(f"{address}/1").headers["Location"] == accepted["statusUrl"]
    _finish(api)
    png = guest.get(f"{address}/2")
    assert png.status_code == 200
    assert key_of(body(png)["url"]) == "2" * 64 + ".png"
    first, second = guest.get(f"{address}/2?format=tiff"), guest.get(f"{address}/2?format=tiff")
    assert (first.status_code, second.status_code) == (202, 202)
    assert body(first)["id"] == body(second)["id"] != accepted["id"]
    job = _finish(api, SheetFormat.TIFF, 1, first=8)
    asked = GangSheetInput.read(job.input)
    assert (asked.placements, asked.formats) == ((Placement(0, 0, 5.08, 5.08, 1),), (SheetFormat.TIFF,))
    assert key_of(body(guest.get(f"{address}/2?format=tiff"))["url"]) == "8" * 64 + ".tiff"
    refused(guest.get(f"{address}/3"), 404, "not_found")


def test_a_file_that_was_deleted_is_made_again(api: Api, guest: FlaskClient) -> None:
    accepted = body(guest.post(PATH, json=_order(guest, upload(guest)["id"])))
    job = _finish(api, sheets=1)
    with api.deps.database.transaction() as connection:
        file = assets.by_key(connection, "0" * 64 + ".png")
        assert file
        assets.delete(connection, job.owner, file.id)
    again = guest.get(f"{PATH}/{accepted['id']}/sheets/1")
    assert again.status_code == 202
    assert body(again)["id"] != accepted["id"]


def test_a_sheet_of_a_failed_order_is_answered_with_its_failure(api: Api, guest: FlaskClient) -> None:
    accepted = body(guest.post(PATH, json=_order(guest, upload(guest)["id"])))
    with api.deps.database.transaction() as connection:
        job_queue.fail(connection, api.claim(), JobFailure.DOES_NOT_FIT, "Item 1 is larger than a sheet.", Timings())
    refused(guest.get(f"{PATH}/{accepted['id']}/sheets/1"), 422, "does_not_fit")


def test_a_picture_with_which_two_sheets_crashed_every_worker_is_refused_for_a_day(
    api: Api, guest: FlaskClient
) -> None:
    first, second, sound = (upload(guest, pictures.png(shade=shade))["id"] for shade in range(3))
    for others in (first, sound):
        accepted = body(guest.post(PATH, json=_order(guest, others, second)))
        with api.deps.database.transaction() as connection:
            job_queue.fail(connection, api.claim(), JobFailure.POISON, "It crashed.", Timings())
        refused(guest.get(f"{PATH}/{accepted['id']}/sheets/1"), 422, "poison")
    refused(guest.post(PATH, json=_order(guest, second)), 422, "poison")
    assert guest.post(PATH, json=_order(guest, first, sound)).status_code == 202


def test_a_sheet_of_a_cancelled_order_is_not_there(guest: FlaskClient) -> None:
    accepted = body(guest.post(PATH, json=_order(guest, upload(guest)["id"])))
    guest.delete(accepted["statusUrl"])
    refused(guest.get(f"{PATH}/{accepted['id']}/sheets/1"), 404, "not_found")


def test_a_repeated_order_has_one_effect(guest: FlaskClient) -> None:
    asked = _order(guest, upload(guest)["id"])
    headers = {"Idempotency-Key": "order-1"}
    first = guest.post(PATH, json=asked, headers=headers)
    second = guest.post(PATH, json=asked, headers=headers)
    assert body(first)["id"] == body(second)["id"]
    assert second.headers["Idempotent-Replayed"] == "true"
    refused(guest.post(PATH, json={**asked, "labels": True}, headers=headers), 422, "key_reused")


def test_only_the_owners_pictures_are_printed_and_only_the_owner_sees_the_sheet(api: Api, guest: FlaskClient) -> None:
    other = api.guest()
    theirs, mine = upload(other, pictures.png())["id"], upload(guest)["id"]
    details = refused(guest.post(PATH, json=_order(guest, mine, theirs)), 404, "not_found")
    assert list(details["fields"]) == ["items.1.assetId"]
    refused(guest.post(PATH, json=_order(guest, str(uuid4()))), 404, "not_found")
    accepted = body(guest.post(PATH, json=_order(guest, mine)))
    refused(other.get(f"{PATH}/{accepted['id']}"), 404, "not_found")
    refused(other.get(f"{PATH}/{accepted['id']}/sheets/1"), 404, "not_found")


def test_a_job_of_another_type_is_no_gang_sheet(guest: FlaskClient) -> None:
    job = body(guest.post("/api/jobs", json={"assetId": upload(guest)["id"], "type": "cutout"}))
    refused(guest.get(f"{PATH}/{job['id']}"), 404, "not_found")
    refused(guest.get(f"{PATH}/{job['id']}/sheets/1"), 404, "not_found")


def test_orders_count_in_the_quota(environment: pytest.MonkeyPatch, start: Start) -> None:
    environment.setenv("QUOTA_UNFINISHED_JOBS", "1")
    guest = start().guest()
    asked = _order(guest, upload(guest)["id"])
    assert guest.post(PATH, json=asked).status_code == 202
    refused(guest.post(PATH, json=asked), 429, "job_quota")


@pytest.mark.parametrize(
    ("change", "field"),
    [
        ({"sheet": {**SHEET, "widthMm": 99}}, "sheet.widthMm"),
        ({"sheet": {**SHEET, "widthMm": 1601}}, "sheet.widthMm"),
        ({"sheet": {**SHEET, "widthMm": "558"}}, "sheet.widthMm"),
        ({"sheet": {**SHEET, "widthMm": 10**400}}, "sheet.widthMm"),
        ({"sheet": {**SHEET, "maxLengthMm": 5081}}, "sheet.maxLengthMm"),
        ({"sheet": {**SHEET, "marginMm": -1}}, "sheet.marginMm"),
        ({"sheet": {**SHEET, "gapMm": 51}}, "sheet.gapMm"),
        ({"sheet": {**SHEET, "gapMm": None}}, "sheet.gapMm"),
        ({"sheet": {**SHEET, "more": 1}}, "sheet.more"),
        ({"sheet": {}}, "sheet.widthMm"),
        ({"items": []}, "items"),
        ({"items": [{"widthMm": 5}]}, "items.0.assetId"),
        ({"items": [{"assetId": "7", "widthMm": 5}]}, "items.0.assetId"),
        ({"items": [{"assetId": str(uuid4()), "widthMm": 0.5}]}, "items.0.widthMm"),
        ({"items": [{"assetId": str(uuid4()), "widthMm": 5, "copies": 0}]}, "items.0.copies"),
        ({"items": [{"assetId": str(uuid4()), "widthMm": 5, "copies": 1001}]}, "items.0.copies"),
        ({"items": [{"assetId": str(uuid4()), "widthMm": 5, "copies": 1.5}]}, "items.0.copies"),
        ({"items": [{"assetId": str(uuid4()), "widthMm": 5, "rotate": 1}]}, "items.0.rotate"),
        ({"items": [{"assetId": str(uuid4()), "widthMm": 5}] * 51}, "items"),
        ({"effort": "forever"}, "effort"),
        ({"formats": []}, "formats"),
        ({"formats": ["svg"]}, "formats.0"),
        ({"labels": "yes"}, "labels"),
        ({"underbase": 1}, "underbase"),
        ({"more": 1}, "more"),
    ],
)
def test_what_is_out_of_bounds_is_refused_by_name(guest: FlaskClient, change: dict[str, Any], field: str) -> None:
    asked = {**_order(guest, str(uuid4())), **change}
    details = refused(guest.post(PATH, json=asked), 400, "invalid_request")
    assert field in details["fields"]


def test_more_than_a_thousand_copies_in_all_are_refused(guest: FlaskClient) -> None:
    items = [{"assetId": str(uuid4()), "widthMm": 5, "copies": 501}] * 2
    refused(guest.post(PATH, json={"sheet": SHEET, "items": items}), 400, "invalid_request")


@pytest.mark.parametrize("literal", ["NaN", "Infinity", "-Infinity", "1e999", "true", '"7"', "[]", "{}"])
def test_a_width_that_is_no_finite_number_is_refused(guest: FlaskClient, literal: str) -> None:
    text = f'{{"sheet": {{"widthMm": {literal}}}, "items": [{{"assetId": "{uuid4()}", "widthMm": 5}}]}}'
    refused(guest.post(PATH, data=text, content_type="application/json"), 400, "invalid_request")


@pytest.mark.parametrize("path", ["sheets/0", "sheets/1001", "sheets/99999999999999999999", "sheets/1?format=svg"])
def test_a_sheet_that_cannot_be_is_refused(guest: FlaskClient, path: str) -> None:
    accepted = body(guest.post(PATH, json=_order(guest, upload(guest)["id"])))
    refused(guest.get(f"{PATH}/{accepted['id']}/{path}"), 400, "invalid_request")


def test_a_file_of_another_job_is_no_design(api: Api, guest: FlaskClient) -> None:
    asset = upload(guest)
    with api.deps.database.transaction() as connection:
        connection.execute("update assets set kind = 'file' where id = %s", [asset["id"]])
    refused(guest.post(PATH, json=_order(guest, asset["id"])), 400, "invalid_request")
