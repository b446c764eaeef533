"""Another file of a cut-out than the transparent PNG: what becomes of each option, and that no removal is repeated."""

import io
from dataclasses import replace
from typing import Any
from uuid import UUID, uuid4

import numpy as np
import pytest
from PIL import Image

from services.worker.providers.router import Rules
from shared import fast_png
from shared.db import assets, jobs
from shared.models.asset import Asset, AssetKind
from shared.models.cutout import CutoutResult, Provider
from shared.models.job import Job, JobError, JobState
from shared.models.owner import Owner, OwnerType
from shared.models.rendering import Format, Rendering
from tests.doubles.removebg import RemoveBg
from tests.services import pictures
from tests.services.worker.conftest import OWNER, PRICE, Bench
from tests.services.worker.rembg_double import cut_out

RED = (255, 0, 0, 255)


def _order(bench: Bench, data: bytes | None = None, **asked: Any) -> UUID:
    return bench.order(data, rendering=Rendering(**asked))


def _shown(bench: Bench, job: Job) -> Image.Image:
    """The file of the job's result, which its row describes."""
    assert job.status is JobState.DONE, job.error
    result = bench.result(job)
    with bench.database.transaction() as connection:
        asset = assets.find(connection, OWNER, result.asset_id)
    data = bench.storage.get(result.cutout_key)
    assert asset is not None
    image = Image.open(io.BytesIO(data))
    image.load()
    facts = (result.cutout_key, result.width, result.height, result.bytes)
    assert facts == (asset.key, asset.width, asset.height, asset.bytes) == (asset.key, *image.size, len(data))
    assert (asset.kind, asset.content_type) == (AssetKind.CUTOUT, Image.MIME[image.format or ""])
    return image


@pytest.mark.parametrize(
    ("asked", "kind", "mode", "corner"),
    [
        ({"format": Format.JPG}, "JPEG", "RGB", (255, 255, 255)),
        ({"format": Format.WEBP}, "WEBP", "RGBA", None),
        ({"format": Format.AUTO}, "PNG", "RGBA", None),
        ({"format": Format.AUTO, "bg_color": (255, 255, 255, 255)}, "JPEG", "RGB", (255, 255, 255)),
        ({"bg_color": RED}, "PNG", "RGB", (255, 0, 0)),
        ({"bg_color": (255, 0, 0, 128)}, "PNG", "RGBA", (255, 0, 0, 128)),
    ],
)
def test_the_file_is_what_was_asked_for(
    bench: Bench, asked: dict[str, Any], kind: str, mode: str, corner: tuple[int, ...] | None
) -> None:
    image = _shown(bench, bench.run(_order(bench, **asked)))
    assert (image.format, image.mode, image.size) == (kind, mode, (40, 30))
    assert corner is None or image.getpixel((0, 0)) == corner


def test_a_crop_follows_the_subject_found(bench: Bench) -> None:
    job = bench.run(_order(bench, crop=True, crop_margin=((1, "px"),) * 4))
    image = _shown(bench, job)
    box = bench.result(job).foreground
    assert image.size == (box.width + 2, box.height + 2)
    whole = Image.open(io.BytesIO(pictures.cutout()))
    assert image.tobytes() == whole.crop((9, 6, 21, 16)).tobytes()


@pytest.mark.parametrize("kind", [Format.PNG, Format.JPG, Format.WEBP])
def test_the_density_is_the_one_asked_for_or_else_the_source_s(bench: Bench, kind: Format) -> None:
    source = pictures.encoded(pictures.drawn(), "JPEG", dpi=(150, 150))
    for asked, density in ((None, 150), (300, 300)):
        image = _shown(bench, bench.run(_order(bench, source, format=kind, crop=True, dpi=asked)))
        stated = image.getexif()[0x011A] if kind is Format.WEBP else image.info["dpi"][0]
        assert stated == pytest.approx(density, abs=0.1)


def test_a_picture_of_the_owner_fills_the_file_upright(bench: Bench) -> None:
    exif = Image.Exif()
    exif[0x0112] = 3  # upside down
    wall = Image.new("RGB", (40, 30), (0, 0, 200))
    wall.paste((200, 0, 0), (0, 15, 40, 30))
    background = bench.source(pictures.encoded(wall, "JPEG", quality=95, exif=exif))
    image = _shown(bench, bench.run(_order(bench, bg_asset=background.id)))
    assert image.mode == "RGB"
    (red, *_), (*_, blue) = image.getpixel((2, 2)), image.getpixel((2, 27))  # type: ignore[misc]
    assert (red > 180, blue > 180) == (True, True)


@pytest.mark.parametrize("gone", ["unknown", "another's", "deleted", "object"])
def test_a_job_whose_background_is_gone_fails_before_it_costs_anything(bench: Bench, gone: str) -> None:
    background = bench.source(pictures.png(), Owner(OwnerType.GUEST, "1" * 64) if gone == "another's" else OWNER)
    job_id = _order(bench, bg_asset=uuid4() if gone == "unknown" else background.id)
    if gone == "deleted":
        with bench.database.transaction() as connection:
            assets.delete(connection, OWNER, background.id)
    if gone == "object":
        bench.storage.delete(background.key)
    job = bench.run(job_id)
    assert job.error == JobError("source_missing", "The picture for the background no longer exists.")
    assert (job.attempts, bench.rembg.asked, bench.calls()) == (1, [], [])


def test_a_background_deleted_while_its_job_runs_is_not_published(bench: Bench) -> None:
    background = bench.source(pictures.png())
    job_id = _order(bench, bg_asset=background.id)

    def delete() -> None:
        with bench.database.transaction() as connection:
            assets.delete(connection, OWNER, background.id)

    bench.rembg.meanwhile = delete
    job = bench.run(job_id)
    assert job.error == JobError("source_missing", "The picture no longer exists.")
    assert bench.made(job_id) == {}


def test_another_file_of_the_same_picture_needs_no_removal(bench: Bench) -> None:
    made = [bench.run(_order(bench, **asked)) for asked in ({"format": Format.JPG}, {"bg_color": RED}, {})]
    made.append(bench.run(_order(bench, format=Format.WEBP)))
    assert len(bench.rembg.asked) == 1
    assert [_shown(bench, job).format for job in made] == ["JPEG", "PNG", "PNG", "WEBP"]
    assert bench.storage.get(bench.result(made[2]).cutout_key) == pictures.cutout()
    assert len({bench.result(job).preview_key for job in made}) == 1
    assert [bench.result(job).model for job in made] == ["compact"] * 4


def test_a_paid_cut_out_is_made_into_a_file_alike_and_paid_once(bench: Bench, removebg: RemoveBg) -> None:
    runner = bench.runner_with(removebg, Rules(1_000 * PRICE), 0)
    first, second = _order(bench, format=Format.JPG), _order(bench, format=Format.WEBP, bg_color=RED)
    assert runner.run_next()
    assert runner.run_next()
    paid, free = bench.job(first), bench.job(second)
    assert paid.provider is free.provider is Provider.REMOVEBG
    assert [_shown(bench, job).format for job in (paid, free)] == ["JPEG", "WEBP"]
    assert (bench.result(paid).cost_microusd, bench.result(free).cost_microusd) == (PRICE, 0)
    assert len(removebg.entries()) == 1


def test_matting_is_another_cut_out(bench: Bench) -> None:
    for matting in (False, True, True):
        bench.run(bench.order(matting=matting))
    assert [one.path for one in bench.rembg.asked] == ["/remove", "/remove?matting=true"]


def test_a_job_without_options_leaves_what_it_always_did(bench: Bench) -> None:
    job = bench.run(bench.order())
    assert bench.storage.get(bench.result(job).cutout_key) == pictures.cutout()
    assert bench.say("select count(*) as n from assets where job_id = %s", job.id) == [{"n": 3}]
    assert job.input == {}


def _cutouts(bench: Bench) -> list[Asset]:
    with bench.database.transaction() as connection:
        found = assets.page(connection, OWNER, 20, None).items
    return [asset for asset in found if asset.kind is AssetKind.CUTOUT]


def test_deleting_the_file_hides_all_that_its_job_made(bench: Bench) -> None:
    job, other = bench.run(_order(bench, format=Format.JPG)), bench.run(_order(bench, format=Format.WEBP))
    assert sorted(asset.content_type for asset in _cutouts(bench)) == [
        "image/jpeg",
        "image/png",
        "image/png",
        "image/webp",
    ]
    with bench.database.transaction() as connection:
        assets.delete(connection, OWNER, bench.result(job).asset_id)
    assert {asset.job_id for asset in _cutouts(bench)} == {other.id}
    assert bench.say("select from assets where job_id = %s and deleted_at is null", job.id) == []


def test_a_file_whose_png_is_gone_is_not_taken_for_it(bench: Bench) -> None:
    job = bench.run(_order(bench, bg_color=(255, 0, 0, 128)))  # a PNG with alpha of the same size
    bench.say(
        "update assets set deleted_at = now() where job_id = %s and kind = 'cutout' and id <> %s",
        job.id,
        bench.result(job).asset_id,
    )
    again = bench.run(bench.order())
    assert len(bench.rembg.asked) == 2
    assert bench.storage.get(bench.result(again).cutout_key) == pictures.cutout()


def test_a_retry_keeps_the_options(bench: Bench) -> None:
    background = bench.source(pictures.png(shade=3))
    job_id = _order(bench, format=Format.JPG, bg_asset=background.id)
    bench.storage.delete(background.key)
    assert bench.run(job_id).status is JobState.FAILED
    bench.storage.put(background.key, pictures.png(shade=3), "image/png", {})
    with bench.database.transaction() as connection:
        assert jobs.retry(connection, OWNER, job_id)
    assert _shown(bench, bench.run(job_id)).format == "JPEG"


def test_a_large_picture_s_file_is_whole(bench: Bench) -> None:
    size = (4200, 3000)  # above what several jobs of a worker may hold at once
    picture = pictures.drawn(*size).convert("RGBA")
    picture.putalpha(Image.linear_gradient("L").resize(size))
    bench.rembg.answer = replace(cut_out(), body=fast_png.encode(np.asarray(picture)))
    image = _shown(bench, bench.run(_order(bench, pictures.jpeg(*size), bg_color=RED)))
    over = Image.alpha_composite(Image.new("RGBA", size, RED), picture).convert("RGB")
    assert image.tobytes() == over.tobytes()


def test_the_result_reads_as_in_the_release_before(bench: Bench) -> None:
    stored = bench.run(_order(bench, format=Format.JPG)).result
    plain = bench.run(bench.order(pictures.png())).result
    assert stored is not None
    assert plain is not None
    assert stored.keys() == plain.keys()  # an api that knows no files reads it all the same
    assert CutoutResult.read(stored).cutout_key.endswith(".jpeg")
