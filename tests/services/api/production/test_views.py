"""The queue at the printer: oldest first, with everything that is needed to print."""

from datetime import UTC, datetime
from typing import Any

import pytest
from flask.testing import FlaskClient

from shared.db import job_queue
from shared.models.job import JobFailure, Outcome, Timings
from shared.models.order import Order
from shared.models.owner import Scope
from shared.models.print_file import PrintFileResult
from tests.services.api.client import body, refused
from tests.services.api.conftest import Start
from tests.services.api.customers import with_key
from tests.services.api.made_files import file_of
from tests.services.api.production.conftest import Printer

QUEUE = "/api/admin/production"


def numbers(client: FlaskClient, query: str = "") -> list[str]:
    return [order["orderNumber"] for order in body(client.get(QUEUE + query))["items"]]


def released(printer: Printer) -> Order:
    """An order of one line whose file is being made."""
    order = printer.paid(quantities=(3,))
    assert printer.post(order, "files").status_code == 200
    return order


def print_of(shown: dict[str, Any]) -> dict[str, Any]:
    (item,) = shown["items"]
    (one,) = item["prints"]
    found: dict[str, Any] = one
    return found


def test_the_oldest_order_comes_first_on_pages_that_follow(printer: Printer) -> None:
    states = ["packed", "queued", "shipped", "printing", "printed", "queued"]
    orders = [printer.paid(state) for state in states]
    for day, order in enumerate(reversed(orders), 1):
        printer.change(order, created_at=datetime(2026, 11, day, tzinfo=UTC))
    wanted = [order.order_number for order in reversed(orders) if order.production_status != "shipped"]
    assert numbers(printer.client) == wanted
    first = body(printer.client.get(f"{QUEUE}?limit=2"))
    assert [order["orderNumber"] for order in first["items"]] == wanted[:2]
    assert numbers(printer.client, f"?cursor={first['nextCursor']}") == wanted[2:]
    assert numbers(printer.client, "?status=queued") == [orders[5].order_number, orders[1].order_number]


def test_an_order_that_was_paid_back_whole_waits_for_nobody(printer: Printer) -> None:
    order = printer.paid()
    printer.change(order, refunded_cents=order.total_cents)
    assert numbers(printer.client) == numbers(printer.client, "?status=queued") == []


def test_only_what_can_be_worked_on_is_listed_unless_held_is_asked_for(printer: Printer) -> None:
    held = printer.paid("held", held_from="queued", held_for="dispute")
    for state in ("waiting", "shipped", "delivered"):
        printer.paid(state)
    assert numbers(printer.client) == []
    assert numbers(printer.client, "?status=held") == [held.order_number]
    refused(printer.client.get(f"{QUEUE}?status=shipped"), 400, "invalid_request")


def test_an_order_shows_its_lines_its_prints_and_where_it_goes(printer: Printer) -> None:
    order = printer.paid(quantities=(3,))
    (shown,) = body(printer.client.get(QUEUE))["items"]
    assert (shown["id"], shown["version"], shown["paymentStatus"]) == (str(order.id), order.version, "paid")
    assert (shown["shipTo"]["postalCode"], shown["reprint"], shown["shipments"]) == ("10001", False, [])
    (item,) = shown["items"]
    assert (item["line"], item["quantity"]) == (1, 3)
    one = print_of(shown)
    assert (one["placement"], one["method"], one["leftMm"], one["widthMm"]) == ("front", "dtg", 10, 200)
    assert one["file"] == dict.fromkeys(one["file"], None) | {"status": "missing"}
    assert one["pictureUrl"].startswith("/private/")
    assert one["gangSheetId"] is None
    assert printer.show(order) == shown | {"items": printer.show(order)["items"]}


def test_a_file_is_linked_for_15_minutes_once_it_is_made(printer: Printer) -> None:
    order = released(printer)
    assert print_of(printer.show(order))["file"]["status"] == "queued"
    job = printer.api.claim()
    file, plate = file_of(job, "a", "image/png"), file_of(job, "b", "image/png")
    made = PrintFileResult(file.id, file.key, 2362, 1772, 199.98, 150.03, 9, plate.id, plate.key, 9, -1.25, 2.5)
    with printer.api.deps.database.transaction() as connection:
        assert job_queue.finish(connection, job, Outcome(made.json(), (file, plate)), Timings())
    shown = print_of(printer.show(order))["file"]
    assert (shown["status"], shown["leftMm"], shown["topMm"], shown["widthMm"]) == ("done", 8.75, 22.5, 199.98)
    for address, asset in ((shown["url"], file), (shown["plateUrl"], plate)):
        assert address.startswith(f"/private/{asset.id}?expires=")
        refused(printer.api.guest().get(address.replace("signature=", "signature=0")), 403, "forbidden")


def test_a_file_that_failed_says_why_and_is_made_again_when_asked_for(printer: Printer) -> None:
    order = released(printer)
    job = printer.api.claim()
    with printer.api.deps.database.transaction() as connection:
        job_queue.fail(connection, job, JobFailure.TOO_LARGE, "Too large.", Timings())
    shown = print_of(printer.show(order))["file"]
    assert (shown["status"], shown["error"], shown["url"]) == ("failed", "Too large.", None)
    assert print_of(body(printer.post(order, "files")))["file"]["status"] == "queued"
    printer.change(order, refunded_cents=order.total_cents)
    refused(printer.post(order, "files"), 409, "not_allowed_now")


@pytest.mark.parametrize("garment", ["tshirt-front", None])
def test_a_mock_up_shows_where_the_picture_goes(
    environment: pytest.MonkeyPatch, start: Start, garment: str | None
) -> None:
    environment.setenv("MOCKUPS_ENDPOINT", "http://127.0.0.1:9")
    environment.setenv("MOCKUPS_TOKEN", "of the tests, long enough")
    api = start()
    printer = Printer(api, with_key(api, Scope.ORDERS))
    order = printer.paid(quantities=(1,))
    with api.deps.database.transaction() as connection:
        connection.execute("update print_areas set garment = %s", [garment])
    shown = print_of(printer.show(order))["mockupUrl"]
    if garment is None:
        assert shown is None
    else:
        assert shown.startswith("/mockups/tshirt-front/")
        assert "widthMm=200.0&dx=" in shown
