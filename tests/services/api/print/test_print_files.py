"""Print files over HTTP: their parameters, and the files that are made."""

import hashlib
from dataclasses import replace
from typing import Any

import pytest
from flask.testing import FlaskClient

from shared import storage
from shared.db import ids, job_queue
from shared.models.asset import Asset, AssetKind
from shared.models.job import Job, Outcome, Timings
from shared.models.print_file import PrintFileResult
from tests.services.api.client import body, key_of, refused, upload
from tests.services.api.conftest import Api


def path(asset: dict[str, Any], query: str) -> str:
    return f"/api/assets/{asset['id']}/print-file?{query}"


def stored(api: Api, job: Job, extension: str, content_type: str, data: bytes) -> Asset:
    """A file as a job leaves it."""
    sha256 = hashlib.sha256(data).hexdigest()
    key = storage.key_for(api.deps.secret, job.owner, sha256, extension)
    api.deps.storage.put(key, data, content_type, {})
    asset = Asset(ids.new(), job.owner, AssetKind.FILE, key, sha256, content_type, 591, 591, len(data), job.created_at)
    return replace(asset, name="shirt.jpg", job_id=job.id)


def finish(api: Api) -> None:
    job = api.claim()
    file, plate = (
        stored(api, job, *facts) for facts in (("pdf", "application/pdf", b"%PDF"), ("png", "image/png", b"P"))
    )
    result = PrintFileResult(file.id, file.key, 591, 591, 50.038, 50.038, 4, plate.id, plate.key, 1)
    with api.deps.database.transaction() as connection:
        assert job_queue.finish(connection, job, Outcome(result.json(), (file, plate)), Timings())


@pytest.mark.parametrize(
    ("query", "named"),
    [
        ("", "widthMm"),
        *((f"widthMm={value}", "widthMm") for value in ("0", "-3", "nan", "inf", "1e400", "wide", "", "5001")),
        *((f"widthMm=50&dpi={value}", "dpi") for value in ("71", "1201", "300.5", "nan")),
        *((f"widthMm=50&chokeMm={value}", "chokeMm") for value in ("-1", "2.1", "nan")),
        *((f"widthMm=50&halftone={value}", "halftone") for value in ("9", "86", "inf")),
        *((f"widthMm=50&halftoneAngle={value}", "halftoneAngle") for value in ("-1", "91", "nan")),
        ("widthMm=50&format=gif", "format"),
        ("widthMm=50&space=lab", "space"),
        ("widthMm=50&underbase=yes", "underbase"),
        ("widthMm=50&mirror=perhaps", "mirror"),
        ("widthMm=50&colour=red", "colour"),
        ("widthMm=50&space=cmyk", "a PNG holds no CMYK"),
        ("widthMm=50&underbase=spot", "a PNG holds no spot colour"),
        ("widthMm=50&underbase=spot&format=tiff", "a TIFF with a spot colour is CMYK"),
        ("widthMm=50&format=pdf&profile=dtf", "a profile is for space=cmyk"),
        ("widthMm=50&format=pdf&space=cmyk&profile=dtf", "one of: none"),
        ("widthMm=50&format=pdf&space=cmyk&profile=..%2F..%2Fetc%2Fpasswd", "one of: none"),
    ],
)
def test_parameters_out_of_their_bounds_are_named(guest: FlaskClient, query: str, named: str) -> None:
    details = refused(guest.get(path(upload(guest), query)), 400, "invalid_request")
    assert named in str(details)


@pytest.mark.parametrize(
    ("query", "given"),
    [
        ("widthMm=50&chokeMm=1&halftoneAngle=3&dpi=300&mirror=false", {"widthMm": 50}),
        ("widthMm=80.5&mirror=true&halftone=45", {"widthMm": 80.5, "mirror": True, "halftoneLpi": 45}),
        ("widthMm=50&format=pdf&space=cmyk&underbase=spot", {"format": "pdf", "space": "cmyk", "underbase": "spot"}),
    ],
)
def test_a_job_is_given_what_has_an_effect(guest: FlaskClient, query: str, given: dict[str, Any]) -> None:
    accepted = body(guest.get(path(upload(guest), query)))
    assert body(guest.get(accepted["statusUrl"]))["options"] == {"widthMm": 50, **given}


def test_a_profile_is_named_by_the_shop_and_given_by_digest(api: Api) -> None:
    guest = api.guest()
    asset = upload(guest)
    names = api.deps.profiles.digests
    assert isinstance(names, dict)
    names["Our DTF"] = "ab" * 32
    accepted = body(guest.get(path(asset, "widthMm=50&format=pdf&space=cmyk&profile=Our+DTF")))
    assert body(guest.get(accepted["statusUrl"]))["options"]["profile"] == "ab" * 32


def test_a_finished_file_and_its_plate_are_downloaded_as_attachments(api: Api) -> None:
    guest = api.guest()
    asset = upload(guest)
    query = "widthMm=50&format=pdf&underbase=plate"
    accepted = body(guest.get(path(asset, query)))
    finish(api)
    done = body(guest.get(path(asset, query)))
    assert (done["widthMm"], done["bytes"], done["plateBytes"]) == (50.038, 4, 1)
    assert body(guest.get(accepted["statusUrl"]))["result"] == done
    file, plate = (guest.get(done[name], buffered=True) for name in ("url", "plateUrl"))
    assert (file.data, file.content_type) == (b"%PDF", "application/pdf")
    assert file.headers["Content-Disposition"] == "attachment; filename=shirt-file.pdf"
    assert (plate.data, plate.headers["Content-Disposition"]) == (b"P", "inline; filename=shirt-file.png")
    assert key_of(done["plateUrl"]).endswith(".png")


def test_a_file_for_printers_has_no_smaller_copies(api: Api) -> None:
    guest = api.guest()
    asset = upload(guest)
    guest.get(path(asset, "widthMm=50&underbase=plate"))
    finish(api)
    done = body(guest.get(path(asset, "widthMm=50&underbase=plate")))
    for url in (done["url"], done["plateUrl"]):
        refused(guest.get(f"{url}?w=400"), 404, "not_found")
