"""Gang sheets of orders: proposed, ordered, and no print laid out twice."""

from concurrent.futures import ThreadPoolExecutor
from threading import Barrier
from typing import Any
from uuid import uuid4

import pytest
from werkzeug.test import TestResponse

from shared.db import job_queue, order_items
from shared.models.gang_sheet import GangSheetInput, GangSheetResult, Placement, Sheet, SheetFormat
from shared.models.job import JobFailure, JobType, Outcome, Timings
from shared.models.order import ARTWORK, Order
from shared.models.owner import Scope
from tests.services.api.client import body, refused
from tests.services.api.conftest import Start
from tests.services.api.customers import with_key
from tests.services.api.made_files import file_of
from tests.services.api.production.conftest import Printer

SHEETS = "/api/admin/gang-sheets"


@pytest.fixture
def printer(environment: pytest.MonkeyPatch, start: Start) -> Printer:
    environment.setenv("PRINT_INSTANCES", "1")
    api = start()
    return Printer(api, with_key(api, Scope.ORDERS))


def on_film(printer: Printer, *quantities: int, production: str = "queued") -> Order:
    """A paid order whose lines are printed on film."""
    order = printer.paid(production, quantities=quantities)
    with printer.api.deps.database.transaction() as connection:
        items = [item.id for item in order_items.of_order(connection, order.id)]
        connection.execute("update order_prints set method = 'dtf' where order_item_id = any(%s)", [items])
    return order


def proposed(printer: Printer, query: str = "") -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = body(printer.client.get(f"{SHEETS}/proposals{query}"))["items"]
    return found


def lay(printer: Printer, print_ids: list[str], key: str | None = None, **others: Any) -> TestResponse:
    asked = {"printIds": print_ids, "sheet": {"widthMm": 560}, **others}
    return printer.client.post(SHEETS, json=asked, headers={"Idempotency-Key": key or str(uuid4())})


def test_all_queued_prints_on_film_are_proposed_with_their_orders(printer: Printer) -> None:
    order, other = on_film(printer, 3, 2), on_film(printer, 4)
    printer.paid()  # printed on cloth
    on_film(printer, 1, production="printing")
    disputed = on_film(printer, 1)
    printer.change(disputed, dispute="open")
    (sheet,) = proposed(printer, "?widthMm=420")
    assert (sheet["copies"], len(sheet["printIds"]), sheet["lengthMm"]) == (9, 3, 5 + 5 * 155)
    assert [item["copies"] for item in sheet["items"]] == [5, 4]
    assert sheet["items"][0]["prints"] == [
        {"orderNumber": order.order_number, "line": 1, "copies": 3},
        {"orderNumber": order.order_number, "line": 2, "copies": 2},
    ]
    assert sheet["items"][1]["prints"][0]["orderNumber"] == other.order_number


def test_an_ordered_sheet_is_one_job_and_its_prints_wait_no_more(printer: Printer) -> None:
    order = on_film(printer, 3, 2)
    (sheet,) = proposed(printer)
    accepted = lay(printer, sheet["printIds"], formats=["pdf"])
    assert accepted.status_code == 202, accepted.text
    assert proposed(printer) == []
    job = printer.api.claim()
    asked = GangSheetInput.read(job.input)
    assert (str(job.id), job.type, job.owner) == (body(accepted)["id"], JobType.GANG_SHEET, ARTWORK)
    assert [(item.copies, item.width_mm) for item in asked.items] == [(5, 200)]
    assert (asked.formats, asked.labels, asked.underbase) == ((SheetFormat.PDF,), True, True)
    shown = printer.show(order)["items"][0]["prints"][0]
    assert shown["gangSheetId"] == str(job.id)


def test_a_finished_sheet_says_for_which_orders_it_is(printer: Printer) -> None:
    order = on_film(printer, 2)
    sheet_id = body(lay(printer, proposed(printer)[0]["printIds"]))["id"]
    waiting = body(printer.client.get(f"{SHEETS}/{sheet_id}"))
    assert (waiting["status"], waiting["result"]) == ("queued", None)
    job = printer.api.claim()
    file, preview = file_of(job, "a", "image/png"), file_of(job, "b", "image/webp")
    laid = GangSheetResult(
        *(file.id, (Sheet(310.0, preview.key, {SheetFormat.PNG: file.key}),)),
        *((Placement(0, 0, 5, 5), Placement(0, 0, 5, 160)), 310.0),
    )
    with printer.api.deps.database.transaction() as connection:
        assert job_queue.finish(connection, job, Outcome(laid.json(), (file, preview)), Timings())
    shown = body(printer.client.get(f"{SHEETS}/{sheet_id}"))
    assert shown["prints"] == [[{"orderNumber": order.order_number, "line": 1, "copies": 2}]]
    assert (shown["result"]["lengthMm"], len(shown["placements"])) == (310, 2)
    refused(printer.client.get(f"{SHEETS}/{uuid4()}"), 404, "not_found")


def test_a_print_goes_on_one_sheet_only(printer: Printer) -> None:
    on_film(printer, 3)
    ids, start = proposed(printer)[0]["printIds"], Barrier(2)

    def order(_: int) -> int:
        start.wait()
        return lay(printer, ids).status_code

    with ThreadPoolExecutor(2) as admins:
        assert sorted(admins.map(order, range(2))) == [202, 409]
    assert refused(lay(printer, ids), 409, "not_allowed_now") == {"printIds": ids}


def test_a_repeat_with_its_key_orders_one_sheet(printer: Printer) -> None:
    on_film(printer, 3)
    ids = proposed(printer)[0]["printIds"]
    first, again = lay(printer, ids, "once"), lay(printer, ids, "once")
    assert body(first)["id"] == body(again)["id"]
    keyless = printer.client.post(SHEETS, json={"printIds": ids, "sheet": {"widthMm": 560}})
    refused(keyless, 400, "idempotency_key_missing")


def test_prints_of_a_sheet_that_failed_wait_again(printer: Printer) -> None:
    on_film(printer, 3)
    ids = proposed(printer)[0]["printIds"]
    lay(printer, ids)
    with printer.api.deps.database.transaction() as connection:
        job_queue.fail(connection, printer.api.claim(), JobFailure.DOES_NOT_FIT, "Too wide.", Timings())
    assert proposed(printer)[0]["printIds"] == ids
    assert lay(printer, ids).status_code == 202
    assert proposed(printer) == []


def test_a_reprint_is_laid_out_again_with_its_pieces_only(printer: Printer) -> None:
    order = on_film(printer, 3, 2)
    lay(printer, proposed(printer)[0]["printIds"])
    printer.move(order, "printing", "printed")
    printer.post(order, "reprints", items=[{"line": 2, "quantity": 1}], reason="crease")
    (sheet,) = proposed(printer)
    assert [(one["line"], one["copies"]) for one in sheet["items"][0]["prints"]] == [(2, 1)]
    assert lay(printer, sheet["printIds"]).status_code == 202
    assert proposed(printer) == []


def test_where_nothing_is_made_for_print_no_sheet_is_ordered(
    environment: pytest.MonkeyPatch, start: Start, printer: Printer
) -> None:
    on_film(printer, 1)
    environment.setenv("PRINT_INSTANCES", "0")
    idle = start()
    refused(lay(Printer(idle, with_key(idle, Scope.ADMIN)), proposed(printer)[0]["printIds"]), 503, "unavailable")
