"""The results of a batch as one ZIP file."""

import io
import json
import subprocess
import sys
import tracemalloc
import zipfile
from datetime import UTC, datetime
from pathlib import Path

import pytest
from flask.testing import FlaskClient

from services.api.batches import results
from shared import storage
from shared.models.batch import Outcome
from shared.models.job import JobError
from tests.services import pictures
from tests.services.api.batches.sending import PATH, fail, finish, send, some, taken_in
from tests.services.api.client import body, refused
from tests.services.api.conftest import Api


def _downloaded(client: FlaskClient, batch: dict[str, str]) -> zipfile.ZipFile:
    response = client.get(batch["zipUrl"], buffered=True)
    assert response.status_code == 200, response.text
    assert response.headers["Content-Disposition"] == f"attachment; filename=cut-outs-{batch['id']}.zip"
    return zipfile.ZipFile(io.BytesIO(response.data))


def test_the_file_holds_all_cut_outs_under_their_paths_and_the_failures(api: Api) -> None:
    guest = api.guest()
    files = {
        "a/x.jpg": pictures.jpeg(),
        "a/x.png": pictures.png(),
        "b/lost.png": pictures.png(shade=3),
        "no.png": b"no",
    }
    batch = taken_in(guest, body(send(guest, files)))
    refused(guest.get(batch["zipUrl"]), 409, "batch_unfinished")
    names, made = {item["jobId"]: item["name"] for item in batch["items"]}, {}
    for _ in range(3):
        job = api.claim()
        name = names[str(job.id)]
        if name == "b/lost.png":
            fail(api, job)
        else:
            made[name] = finish(api, job)
    archive = _downloaded(guest, batch)
    assert archive.testzip() is None
    assert archive.namelist() == ["a/x.png", "a/x (2).png", "failures.json"]
    assert [archive.read(name) for name in archive.namelist()[:2]] == [made["a/x.jpg"], made["a/x.png"]]
    assert [(one["name"], one["code"]) for one in json.loads(archive.read("failures.json"))] == [
        ("b/lost.png", "unknown_foreground"),
        ("no.png", "unsupported_image"),
    ]


def test_a_cut_out_that_was_deleted_stands_among_the_failures(api: Api) -> None:
    guest = api.guest()
    batch = taken_in(guest, body(send(guest, some(1))))
    finish(api, api.claim())
    (cutout,) = (one for one in body(guest.get("/api/assets"))["items"] if one["id"] != batch["items"][0]["assetId"])
    guest.delete(f"/api/assets/{cutout['id']}")
    archive = _downloaded(guest, batch)
    assert archive.namelist() == ["failures.json"]
    assert json.loads(archive.read("failures.json"))[0]["code"] == "source_missing"


def test_so_many_are_sent_at_once_and_the_next_is_told_to_wait(api: Api) -> None:
    guest = api.guest()
    batch = taken_in(guest, body(send(guest, some(1))))
    finish(api, api.claim())
    open_ones = [guest.get(batch["zipUrl"]) for _ in range(results.STREAMS)]
    refused(guest.get(batch["zipUrl"]), 503, "busy")
    for response in open_ones:
        response.close()
    assert _downloaded(guest, batch).namelist() == ["0.png"]


def _outcomes(objects: storage.Storage, count: int, size: int) -> list[Outcome]:
    made = []
    for number in range(count):
        key = f"{number:064x}.png"
        objects.put(key, bytes([number]) * size, "image/png", {})
        made.append(Outcome(f"{number}.png", key, None, size, None))
    return made


def test_memory_holds_a_piece_of_one_picture(tmp_path: Path) -> None:
    objects = storage.Folder(tmp_path)
    outcomes = _outcomes(objects, 8, 8 << 20)
    tracemalloc.start()
    sent = sum(map(len, results.archive(objects, outcomes, datetime.now(UTC))))
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert sent > 64 << 20
    assert peak < 4 << 20


def test_other_programs_read_it(tmp_path: Path) -> None:
    """As it is written without seeking, each checksum stands behind its file."""
    objects = storage.Folder(tmp_path / "objects")
    outcomes = [*_outcomes(objects, 2, 1000), Outcome("ü/x.png", None, None, 0, JobError("poison", "No."))]
    file = tmp_path / "all.zip"
    file.write_bytes(b"".join(results.archive(objects, outcomes, datetime.now(UTC))))
    subprocess.run([sys.executable, "-m", "zipfile", "-e", file, tmp_path / "out"], check=True)
    assert (tmp_path / "out" / "1.png").read_bytes() == b"\1" * 1000
    assert json.loads((tmp_path / "out" / "failures.json").read_text())[0]["name"] == "ü/x.png"


def test_a_lost_object_stands_among_the_failures_and_a_damaged_one_breaks_the_file_off(tmp_path: Path) -> None:
    objects = storage.Folder(tmp_path)
    kept, lost = _outcomes(objects, 2, 1000)
    objects.delete(lost.key or "")
    data = b"".join(results.archive(objects, [kept, lost], datetime.now(UTC)))
    assert zipfile.ZipFile(io.BytesIO(data)).namelist() == ["0.png", "failures.json"]
    damaged = Outcome(kept.name, kept.key, "0" * 64, kept.bytes, None)
    with pytest.raises(storage.Missing):
        list(results.archive(objects, [damaged], datetime.now(UTC)))


def test_the_path_is_that_of_the_batch(guest: FlaskClient) -> None:
    refused(guest.get(f"{PATH}/00000000-0000-7000-8000-000000000000/zip"), 404, "not_found")
