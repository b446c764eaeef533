"""Cut lines and vectors: the bounds of their parameters, and what is answered once they are drawn."""

from dataclasses import replace
from typing import Any

import pytest
from flask.testing import FlaskClient
from psycopg.types.json import Jsonb

from shared.db import ids, job_queue
from shared.models.cutline import CutlineResult
from shared.models.job import Outcome, Timings
from shared.models.vector import Ink, VectorResult
from tests.services.api.client import body, refused, upload
from tests.services.api.conftest import Api
from tests.services.api.made_files import file_of

LINE = CutlineResult(ids.new(), "line.svg", 900, ids.new(), "line.pdf", 800, 58, 58, 4, 4, 50, 50, 1, 219.0)
INKS = (Ink("#1d3557", 0.7, "Ink 1 1D3557"), Ink("#e63946", 0.3, "Ink 2 E63946"))
DRAWING = VectorResult(ids.new(), "logo.svg", 700, ids.new(), "logo.pdf", 600, 80, 60, INKS, 1.0)


@pytest.mark.parametrize(
    ("address", "field"),
    [
        ("cutline?widthMm=0", "widthMm"),
        ("cutline?widthMm=nan", "widthMm"),
        ("cutline?offsetMm=-1", "offsetMm"),
        ("cutline?offsetMm=51", "offsetMm"),
        ("cutline?offsetMm=inf", "offsetMm"),
        ("cutline?smoothMm=0", "smoothMm"),
        ("cutline?smoothMm=1e9", "smoothMm"),
        ("cutline?holes=perhaps", "holes"),
        ("cutline?format=dxf", "format"),
        ("cutline?artwork=1", "format=pdf"),
        ("cutline?spot=White", "spot"),
        ("vector?widthMm=5001", "widthMm"),
        ("vector?maxInks=0", "maxInks"),
        ("vector?maxInks=13", "maxInks"),
        ("vector?maxInks=2.5", "maxInks"),
        ("vector?format=zip", "format"),
        ("vector?marks=1", "format=pdf"),
    ],
)
def test_parameters_out_of_their_bounds_are_named(guest: FlaskClient, address: str, field: str) -> None:
    asset = upload(guest)
    assert field in str(refused(guest.get(f"/api/assets/{asset['id']}/{address}"), 400, "invalid_request"))


@pytest.mark.parametrize(
    ("address", "given"),
    [
        ("cutline", {}),
        ("cutline?format=pdf&offsetMm=2", {}),
        (
            "cutline?widthMm=80.5&offsetMm=0&smoothMm=3&holes=1",
            {"widthMm": 80.5, "offsetMm": 0, "smoothMm": 3, "holes": True},
        ),
        ("cutline?format=pdf&artwork=true", {"artwork": True}),
        ("vector?maxInks=8", {}),
        ("vector?format=pdf&marks=0", {}),
        ("vector?format=pdf&marks=1", {"marks": True}),
        ("vector?widthMm=90&maxInks=3", {"widthMm": 90, "maxInks": 3}),
    ],
)
def test_a_job_is_given_what_differs_from_the_defaults(guest: FlaskClient, address: str, given: dict[str, Any]) -> None:
    asset = upload(guest)
    accepted = body(guest.get(f"/api/assets/{asset['id']}/{address}"))
    assert body(guest.get(accepted["statusUrl"]))["options"] == given


def _done(api: Api, result: dict[str, Any]) -> None:
    with api.deps.database.transaction() as connection:
        done = "update jobs set status = 'done', finished_at = now(), result = %s"
        connection.execute(done, [Jsonb(result)])


@pytest.mark.parametrize("gone", ["svg", "pdf"])
@pytest.mark.parametrize("how", ["update assets set deleted_at = now()", "delete from assets"])
def test_both_files_are_made_again_once_either_is_gone(api: Api, guest: FlaskClient, gone: str, how: str) -> None:
    address = f"/api/assets/{upload(guest)['id']}/cutline"
    guest.get(address)
    job = api.claim()
    files = {name: file_of(job, digit, f"image/{name}") for name, digit in (("svg", "a"), ("pdf", "b"))}
    result = replace(LINE, asset_id=files["svg"].id, pdf_id=files["pdf"].id)
    with api.deps.database.transaction() as connection:
        job_queue.finish(connection, job, Outcome(result.json(), tuple(files.values())), Timings())
    assert guest.get(address).status_code == 200
    with api.deps.database.transaction() as connection:
        connection.execute(f"{how} where id = %s".encode(), [files[gone].id])
    assert body(guest.get(address))["id"] != str(job.id)


def test_both_formats_are_files_of_one_job(api: Api) -> None:
    guest = api.guest()
    asset = upload(guest)
    address = f"/api/assets/{asset['id']}/cutline"
    guest.get(address)
    _done(api, {**LINE.json(), "asset_id": asset["id"]})
    svg, pdf = (body(guest.get(f"{address}?format={form}")) for form in ("svg", "pdf"))
    assert (svg["assetId"], svg["url"], svg["bytes"]) == (asset["id"], svg["svgUrl"], 900)
    assert (pdf["assetId"], pdf["url"], pdf["bytes"]) == (str(LINE.pdf_id), pdf["pdfUrl"], 800)
    assert (svg["lines"], svg["lengthMm"], svg["inkLeftMm"]) == (1, 219, 4)


def test_a_drawing_is_answered_with_its_inks(api: Api) -> None:
    guest = api.guest()
    asset = upload(guest)
    address = f"/api/assets/{asset['id']}/vector"
    accepted = body(guest.get(address))
    _done(api, {**DRAWING.json(), "asset_id": asset["id"]})
    shown = body(guest.get(address))
    assert shown["inks"] == [
        {"colour": "#1d3557", "share": 0.7, "spot": "Ink 1 1D3557"},
        {"colour": "#e63946", "share": 0.3, "spot": "Ink 2 E63946"},
    ]
    pdf = body(guest.get(f"{address}?format=pdf"))
    assert (shown["assetId"], shown["url"], shown["bytes"]) == (asset["id"], shown["svgUrl"], 700)
    assert (pdf["assetId"], pdf["url"], pdf["bytes"]) == (str(DRAWING.pdf_id), pdf["pdfUrl"], 600)
    assert body(guest.get(accepted["statusUrl"]))["result"]["type"] == "vector"
