"""The file of an order's print: as large, turned and placed as the customer saw it."""

import io
from uuid import UUID

import numpy as np
import pytest
from PIL import Image

from services.api.production import files
from shared.db import order_items
from shared.models.design import Placement
from shared.models.job import JobState
from shared.models.order import ARTWORK, OrderPrint
from shared.models.print_check import PrintMethod
from shared.models.print_file import PrintFileResult
from tests.services import pictures
from tests.services.api.orders import rows
from tests.services.worker.conftest import Bench


def flag() -> Image.Image:
    """Blue, 600 x 450, with a red upper left corner, within a clear border."""
    rgba = np.zeros((470, 640, 4), np.uint8)
    rgba[10:460, 20:620] = (20, 40, 200, 255)
    rgba[10:100, 20:140] = (220, 20, 20, 255)
    return Image.fromarray(rgba)


def made(bench: Bench, rotation_mdeg: int) -> tuple[OrderPrint, PrintFileResult]:
    """A paid order's print of 200 x 150 mm on a black shirt, and what a worker made of it."""
    picture = bench.source(pictures.encoded(flag(), "PNG"), ARTWORK)
    with bench.database.transaction() as connection:
        order = rows.paid(connection, rows.order(connection, quantities=(3,)))
        connection.execute("update order_prints set rotation_mdeg = %s, asset_id = %s", [rotation_mdeg, picture.id])
        connection.execute("update order_items set colour_hex = '1c1c1f'")
        files.make(connection, order_items.of_order(connection, order.id))
        (item,) = order_items.of_order(connection, order.id)
    (one,) = item.prints
    assert one.print_job_id is not None
    job = bench.run(one.print_job_id)
    assert job.status is JobState.DONE, job.error
    assert job.result is not None
    return one, PrintFileResult.read(job.result)


def picture_of(bench: Bench, key: str | None) -> Image.Image:
    assert key is not None
    return Image.open(io.BytesIO(bench.storage.get(key)))


@pytest.mark.parametrize("degrees", [0, 30, 90, 200])
def test_a_file_covers_the_box_that_the_design_shows(bench: Bench, degrees: int) -> None:
    one, result = made(bench, 1000 * degrees)
    placed = Placement(
        *("front", UUID(int=0), PrintMethod.DTG, one.left_um, one.top_um, one.width_um, (600, 450)),
        rotation_mdeg=one.rotation_mdeg,
    )
    left, top = one.left_um / 1000 + result.left_mm, one.top_um / 1000 + result.top_mm
    box = (left, top, left + result.width_mm, top + result.height_mm)
    assert box == pytest.approx([side / 1000 for side in placed.bounds], abs=0.1)
    with picture_of(bench, result.key) as file:
        assert file.size == (round(result.width_mm * 300 / 25.4), round(result.height_mm * 300 / 25.4))
        assert file.info["dpi"] == pytest.approx((300, 300), abs=0.01)


@pytest.mark.parametrize(("degrees", "corner"), [(0, (0, 0)), (90, (1, 0)), (180, (1, 1)), (270, (0, 1))])
def test_the_corner_of_a_turned_picture_lies_where_it_turned_to(
    bench: Bench, degrees: int, corner: tuple[int, int]
) -> None:
    _, result = made(bench, 1000 * degrees)
    with picture_of(bench, result.key) as file:
        x, y = (side * (length - 1) for side, length in zip(corner, file.size, strict=True))
        assert file.getpixel((x, y)) == (220, 20, 20, 255)


def test_white_lies_below_the_whole_picture_and_nowhere_else(bench: Bench) -> None:
    _, result = made(bench, 30_000)
    with picture_of(bench, result.key) as file, picture_of(bench, result.plate_key) as plate:
        ink, white = np.asarray(file)[..., 3], 255 - np.asarray(plate)
    assert white.shape == ink.shape
    assert (white > ink).sum() == 0
    assert 0.99 < white.sum(dtype=float) / ink.sum(dtype=float) < 1  # drawn in by the choke
