"""Stock by hand: every move with its reason, never below zero, never twice."""

from concurrent.futures import ThreadPoolExecutor
from typing import Any
from uuid import uuid4

import pytest

from tests.services.api.catalogue.conftest import Admin
from tests.services.api.client import body, refused


@pytest.fixture
def variant(admin: Admin) -> str:
    return str(admin.create()["variants"][0]["id"])


def moves(admin: Admin, variant: str) -> list[dict[str, Any]]:
    return list(admin.get(f"/api/admin/variants/{variant}/stock")["items"])


def test_a_move_changes_the_stock_and_is_kept_with_its_reason(admin: Admin, variant: str) -> None:
    path = f"/api/admin/variants/{variant}/stock"
    moved = body(admin.send("POST", path, json={"delta": -3, "reason": "damaged", "note": "Torn"}))
    assert moved["stock"] == 37
    newest, first = moves(admin, variant)
    assert newest == moved["move"]
    assert (newest["delta"], newest["reason"], newest["note"], newest["actor"]) == (-3, "damaged", "Torn", "anne")
    assert (first["delta"], first["reason"]) == (40, "initial")


def test_more_than_there_is_cannot_be_taken(admin: Admin, variant: str) -> None:
    details = refused(admin.move(variant, -41), 409, "out_of_stock")
    assert details == {"HT-BLK-M": 40}
    refused(admin.move(variant, 1_000_000), 409, "out_of_stock")
    assert body(admin.move(variant, -40))["stock"] == 0
    assert sum(move["delta"] for move in moves(admin, variant)) == 0


def test_moves_at_once_are_all_counted(admin: Admin, variant: str) -> None:
    with ThreadPoolExecutor(8) as pool:
        statuses = list(pool.map(lambda _: admin.move(variant, -5).status_code, range(12)))
    assert sorted(statuses) == [201] * 8 + [409] * 4
    assert sum(move["delta"] for move in moves(admin, variant)) == 0


def test_a_repeat_with_the_same_key_moves_once(admin: Admin, variant: str) -> None:
    key = {"Idempotency-Key": "delivery-4711"}
    first, second = (admin.move(variant, 2, headers=key) for _ in range(2))
    assert body(first) == body(second)
    assert second.headers["Idempotent-Replayed"] == "true"
    assert len(moves(admin, variant)) == 2
    refused(admin.move(variant, 3, headers=key), 422, "key_reused")


def test_a_move_of_nothing_or_without_a_reason_is_refused(admin: Admin, variant: str) -> None:
    path = f"/api/admin/variants/{variant}/stock"
    for wrong in ({"delta": 0, "reason": "counted"}, {"delta": 1}, {"delta": 1, "reason": "because"}):
        refused(admin.send("POST", path, json=wrong), 400, "invalid_request")


def test_a_variant_that_is_not_there_is_not_found(admin: Admin) -> None:
    refused(admin.move(str(uuid4()), 1), 404, "not_found")
    refused(admin.send("GET", f"/api/admin/variants/{uuid4()}/stock"), 404, "not_found")
