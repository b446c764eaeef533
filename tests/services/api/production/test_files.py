"""Files of prints: their size and angle, white ink by method and cloth, and one job for equal ones."""

import pytest

from services.api.production import files
from shared.db import ids, jobs, order_items
from shared.db.pool import Connection, Database
from shared.models.job import Job, JobFailure, JobType
from shared.models.order import ARTWORK, Order, OrderPrint
from shared.models.print_file import PrintFileInput, Underbase
from tests.services.api.orders import rows

BLACK, WHITE, GREY = "1c1c1f", "f4f3ef", "b4b4b6"


def a_print(method: str = "dtg", rotation_mdeg: int = 0) -> OrderPrint:
    return OrderPrint(ids.new(), 0, ids.new(), "front", ids.new(), method, 0, 0, 200_500, 150_000, rotation_mdeg)


@pytest.mark.parametrize(
    ("method", "colour", "underbase"),
    [
        ("dtf", WHITE, Underbase.PLATE),
        ("dtf", BLACK, Underbase.PLATE),
        ("dtg", WHITE, Underbase.NONE),
        ("dtg", GREY, Underbase.PLATE),
        ("screen", WHITE, Underbase.NONE),
        ("screen", BLACK, Underbase.PLATE),
        ("sticker", BLACK, Underbase.NONE),
    ],
)
def test_white_ink_lies_on_film_and_on_dark_cloth(method: str, colour: str, underbase: Underbase) -> None:
    assert files.given(a_print(method), colour).underbase is underbase


def test_a_file_is_as_wide_and_turned_as_it_was_placed() -> None:
    asked = files.given(a_print(rotation_mdeg=12_500), WHITE)
    assert (asked.width_mm, asked.rotation_mdeg) == (200.5, 12_500)


def made(connection: Connection, order: Order) -> list[Job]:
    items = order_items.of_order(connection, order.id)
    files.make(connection, items)
    names = [one.print_job_id for item in order_items.of_order(connection, order.id) for one in item.prints]
    return [job for name in names if name and (job := jobs.find(connection, ARTWORK, name))]


def test_equal_prints_share_a_job(database: Database) -> None:
    with database.transaction() as connection:
        first, second = made(connection, rows.order(connection))
    assert first.id == second.id
    assert (first.type, first.owner) == (JobType.PRINT_FILE, ARTWORK)
    assert PrintFileInput.read(first.input).width_mm == 200


def test_a_failed_file_is_made_again_and_no_other(database: Database) -> None:
    with database.transaction() as connection:
        order = rows.order(connection, quantities=(1,))
        (first,) = made(connection, order)
        assert [job.id for job in made(connection, order)] == [first.id]
        connection.execute(
            "update jobs set status = 'failed', error_code = %s, finished_at = now()", [JobFailure.PROVIDER_FAILED]
        )
        (again,) = made(connection, order)
    assert again.id != first.id
