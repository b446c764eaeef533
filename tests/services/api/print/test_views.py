"""The parameters of prints: their bounds, and what hostile ones are answered."""

from typing import Any

import pytest
from flask.testing import FlaskClient

from tests.services.api.client import body, refused, upload
from tests.services.api.conftest import Api


@pytest.mark.parametrize(
    ("query", "field"),
    [
        ("widthMm=0", "widthMm"),
        ("widthMm=-3", "widthMm"),
        ("widthMm=nan", "widthMm"),
        ("widthMm=inf", "widthMm"),
        ("widthMm=1e400", "widthMm"),
        ("widthMm=wide", "widthMm"),
        ("widthMm=", "widthMm"),
        ("areaWidthMm=99999", "areaWidthMm"),
        ("areaHeightMm=0", "areaHeightMm"),
        ("garment=nocolour", "garment"),
        ("garment=%00", "garment"),
        ("garment=%23ff000080", "garment"),
        ("method=offset", "method"),
        ("dx=nan&dy=1", "dx"),
        ("colour=red", "colour"),
    ],
)
def test_parameters_out_of_their_bounds_are_named(guest: FlaskClient, query: str, field: str) -> None:
    asset = upload(guest)
    details = refused(guest.get(f"/api/assets/{asset['id']}/print-check?{query}"), 400, "invalid_request")
    assert field in str(details)


@pytest.mark.parametrize(
    ("query", "given"),
    [
        ("", {}),
        ("garment=white&method=dtg&areaWidthMm=305", {}),
        ("widthMm=80.5&method=sticker", {"widthMm": 80.5, "method": "sticker"}),
        ("garment=navy", {"garment": [0, 0, 128]}),
        ("dx=7", {"offsetMm": [7, 0]}),
        ("areaWidthMm=229&areaHeightMm=89&dx=-3&dy=0", {"areaMm": [229, 89], "offsetMm": [-3, 0]}),
    ],
)
def test_a_job_is_given_what_differs_from_the_defaults(guest: FlaskClient, query: str, given: dict[str, Any]) -> None:
    asset = upload(guest)
    accepted = body(guest.get(f"/api/assets/{asset['id']}/print-check?{query}"))
    assert body(guest.get(accepted["statusUrl"]))["options"] == given


def test_a_job_of_a_newer_release_is_shown_without_its_result(api: Api) -> None:
    guest = api.guest()
    accepted = body(guest.get(f"/api/assets/{upload(guest)['id']}/print-check"))
    with api.deps.database.transaction() as connection:
        connection.execute(
            "update jobs set type = 'poster', status = 'done', finished_at = now(), result = '{\"a\": 1}'"
        )
    job = body(guest.get(accepted["statusUrl"]))
    assert (job["type"], job["status"], job["result"]) == ("poster", "done", None)
