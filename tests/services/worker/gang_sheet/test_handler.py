"""Gang sheets as jobs: every copy is in the files, the placements are kept, and failures are named."""

import io
import tempfile
from pathlib import Path
from typing import Any
from uuid import UUID, uuid4

import numpy as np
import pytest
from numpy.typing import NDArray
from PIL import Image

from services.worker.gang_sheet import composing, handler
from shared.db import assets, ids, jobs
from shared.models.asset import Asset
from shared.models.gang_sheet import Effort, Film, GangSheetInput, GangSheetResult, Item, SheetFormat, pixels
from shared.models.job import Job, JobState, JobType
from tests.services import pictures
from tests.services.worker.conftest import OWNER, Bench
from tests.services.worker.gang_sheet.shapes import drawn

FILM = Film(200, 400, 5, 4)


def _picture(bench: Bench, kind: str, seed: int = 0) -> Asset:
    return bench.source(pictures.encoded(Image.fromarray(drawn(kind, 20, 300, seed)), "PNG"))


def _input(*items: Item, **options: Any) -> GangSheetInput:
    return GangSheetInput(**{"film": FILM, "items": items, "effort": Effort.INSTANT, **options})


def _queued(bench: Bench, asked: GangSheetInput) -> Job:
    with bench.database.transaction() as connection:
        first = asked.items[0].asset_id
        return jobs.create(connection, ids.new(), OWNER, first, type=JobType.GANG_SHEET, input=asked.json())


def _made(bench: Bench, asked: GangSheetInput) -> GangSheetResult:
    job = bench.run(_queued(bench, asked).id)
    assert job.status is JobState.DONE, job.error
    assert job.result
    return GangSheetResult.read(job.result)


def _failure(bench: Bench, asked: GangSheetInput) -> tuple[str, str]:
    job = bench.run(_queued(bench, asked).id)
    assert job.error
    return job.error.code, job.error.message


def _read(bench: Bench, key: str) -> NDArray[np.uint8]:
    return np.asarray(Image.open(io.BytesIO(bench.storage.get(key))))


def test_every_copy_is_on_the_sheet_at_its_width(bench: Bench) -> None:
    disc, star = _picture(bench, "disc"), _picture(bench, "star", 1)
    asked = _input(Item(disc.id, 40, 3), Item(star.id, 60, 2), formats=tuple(SheetFormat))
    made = _made(bench, asked)
    (sheet,) = made.sheets
    png = _read(bench, sheet.files[SheetFormat.PNG])
    assert png.shape[:2] == (pixels(sheet.length_mm), pixels(200))
    assert np.array_equal(_read(bench, sheet.files[SheetFormat.TIFF]), png)
    assert bench.storage.get(sheet.files[SheetFormat.PDF]).startswith(b"%PDF-")
    assert [placement.item for placement in made.placements].count(0) == 3
    for placement in made.placements:
        x, y, width = (pixels(mm) for mm in (placement.x_mm, placement.y_mm, 40 if placement.item == 0 else 60))
        part = png[y : y + width // 2, x : x + width, 3]
        assert part[:, 0].any() or placement.item  # the disc reaches its left edge in its upper half
        assert part.any()
    assert made.length_mm == sheet.length_mm


def test_files_are_assets_of_the_owner_and_temporary_files_are_gone(
    bench: Bench, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "temporary").mkdir()
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path / "temporary"))
    made = _made(bench, _input(Item(_picture(bench, "disc").id, 40), underbase=True))
    (sheet,) = made.sheets
    assert sheet.plate_key
    for key in (*sheet.files.values(), sheet.plate_key, sheet.preview_key):
        with bench.database.transaction() as connection:
            asset = assets.by_key(connection, key)
        assert asset
        assert (asset.owner, asset.kind, asset.bytes) == (OWNER, "file", len(bench.storage.get(key)))
    assert list((tmp_path / "temporary").iterdir()) == []


def test_a_full_sheet_is_followed_by_another_and_the_price_is_that_of_all_film(bench: Bench) -> None:
    made = _made(bench, _input(Item(_picture(bench, "disc").id, 100, 6), cents_per_m=1250))
    assert len(made.sheets) == 2
    assert made.length_mm == pytest.approx(sum(sheet.length_mm for sheet in made.sheets))
    assert made.price_cents == -(-round(made.length_mm * 1000) * 1250 // 1_000_000)


def test_another_format_is_made_of_the_placements(bench: Bench) -> None:
    items = (Item(_picture(bench, "crescent").id, 70, 5), Item(_picture(bench, "boomerang").id, 50, 3))
    asked = _input(*items, effort=Effort.TIGHT, labels=True)
    first = _made(bench, asked)
    again = _made(bench, _input(*items, labels=True, placements=first.placements, formats=(SheetFormat.TIFF,)))
    assert again.placements == first.placements
    assert again.length_mm == first.length_mm
    png, tiff = first.sheets[0].files[SheetFormat.PNG], again.sheets[0].files[SheetFormat.TIFF]
    assert np.array_equal(_read(bench, png), _read(bench, tiff))


def test_failures_name_the_item(bench: Bench) -> None:
    disc = _picture(bench, "disc")
    clear = bench.source(pictures.encoded(Image.new("RGBA", (50, 50)), "PNG"))
    assert _failure(bench, _input(Item(disc.id, 40), Item(clear.id, 40))) == (
        "no_ink",
        "Item 2 has nothing to print.",
    )
    assert _failure(bench, _input(Item(disc.id, 191)))[0] == "does_not_fit"
    assert _failure(bench, _input(Item(disc.id, 5000)))[0] == "too_large"


def test_a_deleted_picture_of_any_item_fails_the_job(bench: Bench) -> None:
    disc, star = _picture(bench, "disc"), _picture(bench, "star")
    job = _queued(bench, _input(Item(disc.id, 40), Item(star.id, 40)))
    with bench.database.transaction() as connection:
        assets.delete(connection, OWNER, star.id)
    done = bench.run(job.id)
    assert done.error
    assert done.error.code == "source_missing"
    assert bench.made(job.id) == {}


@pytest.mark.parametrize("deleted", [0, 1])
def test_all_files_of_a_sheet_go_with_the_picture_of_any_item(bench: Bench, deleted: int) -> None:
    items = [Item(_picture(bench, kind).id, 40) for kind in ("disc", "star")]
    job = _queued(bench, _input(*items, underbase=True))
    assert bench.run(job.id).status is JobState.DONE
    rows = bench.say("select count(*) from assets where job_id = %s", job.id)
    assert rows == [{"count": 3}]
    with bench.database.transaction() as connection:
        assets.delete(connection, OWNER, items[deleted].asset_id)
    assert bench.made(job.id) == {}


def test_more_film_than_can_be_written_is_refused(bench: Bench, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(handler, "_MOST_FILM_PIXELS", 1_000_000)
    assert _failure(bench, _input(Item(_picture(bench, "disc").id, 40, 4)))[0] == "too_large"


def test_more_pixels_of_designs_than_the_disk_takes_are_refused(bench: Bench, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(handler, "_MOST_DESIGN_PIXELS", 300_000)
    disc = _picture(bench, "disc")
    assert _failure(bench, _input(Item(disc.id, 40), Item(disc.id, 30)))[0] == "too_large"


def test_a_sheet_that_loses_ink_is_not_delivered(bench: Bench, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(composing, "_lay", lambda *_: None)
    job = bench.run(_queued(bench, _input(Item(_picture(bench, "disc").id, 40))).id)
    assert job.status is JobState.QUEUED  # for another attempt
    assert bench.made(job.id) == {}


@pytest.mark.parametrize(
    ("name", "rgba"),
    [
        ("full", np.full((40, 50, 4), 255, np.uint8)),
        ("noise", np.random.default_rng(1).integers(0, 256, (300, 200, 4), np.uint8)),
        ("a pixel", np.pad(np.full((1, 1, 4), 255, np.uint8), ((20, 20), (30, 3), (0, 0)))),
        ("a line", np.pad(np.full((400, 1, 4), 255, np.uint8), ((0, 0), (30, 30), (0, 0)))),
        ("dust", (np.random.default_rng(2).random((800, 800, 1)) > 0.999) * np.full(4, 255, np.uint8)),
    ],
    ids=lambda value: value if isinstance(value, str) else "",
)
def test_odd_pictures_are_printed_or_refused(bench: Bench, name: str, rgba: NDArray[np.uint8]) -> None:
    odd = bench.source(pictures.encoded(Image.fromarray(rgba.astype(np.uint8)), "PNG"))
    asked = _input(Item(odd.id, 12, 3), effort=Effort.TIGHT, formats=tuple(SheetFormat), labels=True, underbase=True)
    job = bench.run(_queued(bench, asked).id)
    assert job.status is JobState.DONE or (job.error and job.error.code in ("does_not_fit", "too_large")), name


def test_input_and_result_are_read_as_they_were_written() -> None:
    asked = _input(Item(uuid4(), 40.5, 3, rotate=False), labels=True, formats=(SheetFormat.PDF,))
    assert GangSheetInput.read(asked.json()) == asked
    assert "labels" not in _input(Item(UUID(int=1), 2)).json()
    with pytest.raises(ValueError, match="unknown input: more"):
        GangSheetInput.read({**asked.json(), "more": 1})
