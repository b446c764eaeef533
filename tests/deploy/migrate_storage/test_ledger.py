"""The ledger remembers what was done, whatever cut its last line off."""

from pathlib import Path

import pytest

from deploy.migrate_storage.ledger import Ledger, Record
from shared import settings
from shared.storage.migration_bucket import Listed

ONE, TWO = Listed("one.png", 3, "a" * 32), Listed("zwei ü.png", 4, "b" * 32 + "-2")


def test_what_was_done_is_known_to_the_next_run(tmp_path: Path) -> None:
    with Ledger(tmp_path / "ledger") as ledger:
        ledger.found(ONE)
        ledger.found(TWO)
        ledger.copied(ONE.key, "digest")
        ledger.refused(TWO.key, "damaged")
        ledger.rewrote({"t.c": 5}, {TWO.key: "damaged"})
    with Ledger(tmp_path / "ledger") as again:
        assert again.records == {ONE.key: Record(ONE, sha256="digest"), TWO.key: Record(TWO, reason="damaged")}
        assert (again.rewritten, again.left) == ({"t.c": 5}, {TWO.key: "damaged"})
        assert (again.has(ONE.key), again.has(TWO.key), again.has("other")) == (True, False, False)
        assert [record.listed for record in again.missing()] == [TWO]
        assert [record.listed for record in again.copies()] == [ONE]


def test_a_line_that_was_cut_off_is_dropped_and_the_next_one_is_whole(tmp_path: Path) -> None:
    path = tmp_path / "ledger"
    with Ledger(path) as ledger:
        ledger.found(ONE)
        ledger.found(TWO)
        ledger.copied(ONE.key, "digest")
    whole = path.read_bytes()
    start = whole.rindex(b"\n", 0, -1) + 1
    for length in range(start, len(whole)):
        path.write_bytes(whole[:length])
        with Ledger(path) as ledger:
            assert not ledger.has(ONE.key)
            ledger.copied(TWO.key, "other")
        with Ledger(path) as ledger:
            assert [record.listed for record in ledger.copies()] == [TWO]


def test_two_runs_do_not_share_a_ledger(tmp_path: Path) -> None:
    with Ledger(tmp_path / "ledger"), pytest.raises(settings.Invalid, match="another run"), Ledger(tmp_path / "ledger"):
        pass


def test_a_ledger_is_about_two_buckets(tmp_path: Path) -> None:
    for _ in range(2):
        with Ledger(tmp_path / "ledger") as ledger:
            ledger.bind("a -> b")
    with Ledger(tmp_path / "ledger") as ledger, pytest.raises(settings.Invalid, match="a -> b, not of a -> c"):
        ledger.bind("a -> c")
