"""Enlargements: the bounds of their parameters, and what is answered once one is made."""

import pytest
from flask.testing import FlaskClient
from psycopg.types.json import Jsonb

from shared.db import ids
from shared.models.enlargement import EnlargementResult, Way
from tests.services.api.client import body, refused, upload
from tests.services.api.conftest import Api

MADE = EnlargementResult(
    *(ids.new(), "large.png", 2362, 1181, 90_000, 200.0, 300, 95.2, 3.15, Way.LANCZOS, 0.0, "before.png", "after.png")
)


@pytest.mark.parametrize(
    ("query", "field"),
    [
        ("widthMm=0", "widthMm"),
        ("widthMm=nan", "widthMm"),
        ("widthMm=1e9", "widthMm"),
        ("dpi=71", "dpi"),
        ("dpi=1201", "dpi"),
        ("dpi=150.5", "dpi"),
        ("method=magic", "method"),
        ("scale=4", "scale"),
    ],
)
def test_parameters_out_of_their_bounds_are_named(guest: FlaskClient, query: str, field: str) -> None:
    address = f"/api/assets/{upload(guest)['id']}/enlargement?{query}"
    assert field in str(refused(guest.get(address), 400, "invalid_request"))


@pytest.mark.parametrize(
    ("query", "given"),
    [
        ("", {}),
        ("?dpi=300&method=auto", {}),
        ("?widthMm=200.5&dpi=200&method=flat", {"widthMm": 200.5, "dpi": 200, "method": "flat"}),
    ],
)
def test_a_job_is_given_what_differs_from_the_defaults(
    guest: FlaskClient, query: str, given: dict[str, object]
) -> None:
    accepted = body(guest.get(f"/api/assets/{upload(guest)['id']}/enlargement{query}"))
    assert body(guest.get(accepted["statusUrl"]))["options"] == given


def test_it_is_answered_with_its_limits_and_a_detail_before_and_after(api: Api) -> None:
    guest = api.guest()
    asset = upload(guest)
    address = f"/api/assets/{asset['id']}/enlargement?widthMm=200"
    accepted = body(guest.get(address))
    with api.deps.database.transaction() as connection:
        done = "update jobs set status = 'done', finished_at = now(), result = %s"
        connection.execute(done, [Jsonb({**MADE.json(), "asset_id": asset["id"]})])
    shown = body(guest.get(address))
    assert (shown["method"], shown["dpi"], shown["dpiBefore"], shown["scale"]) == ("lanczos", 300, 95.2, 3.15)
    assert "no more detail" in shown["limits"]
    assert len({shown["url"], shown["beforeUrl"], shown["afterUrl"]}) == 3
    assert body(guest.get(accepted["statusUrl"]))["result"]["type"] == "enlargement"


def test_a_picture_with_enough_pixels_is_refused(api: Api) -> None:
    guest = api.guest()
    address = f"/api/assets/{upload(guest)['id']}/enlargement?widthMm=5"
    guest.get(address)
    with api.deps.database.transaction() as connection:
        connection.execute(
            """update jobs set status = 'failed', finished_at = now(),
            error_code = 'large_enough', error_message = 'Enough.'"""
        )
    refused(guest.get(address), 422, "large_enough")
