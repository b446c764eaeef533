"""Addresses are rewritten where their object is copied, everywhere in a text, and put back exactly."""

import json
from collections.abc import Iterator
from pathlib import Path

import psycopg
import pytest

from deploy.migrate_storage import rewriting
from deploy.migrate_storage.ledger import Ledger
from deploy.migrate_storage.rewriting import Rewriting
from shared import settings
from shared.db import url_rewrites
from shared.db.pool import Database
from shared.storage.migration_bucket import Listed

OLD, NEW = "https://old.example/pictures", "https://new.example"


@pytest.fixture
def ledger(tmp_path: Path) -> Iterator[Ledger]:
    with Ledger(tmp_path / "ledger") as ledger:
        for key in ("a.png", "b c/ü.png"):
            ledger.found(Listed(key, 1, "tag"))
            ledger.copied(key, "digest")
        ledger.found(Listed("bad.png", 1, "tag"))
        ledger.refused("bad.png", "damaged")
        ledger.found(Listed("later.png", 1, "tag"))
        yield ledger


@pytest.mark.parametrize(
    ("before", "after"),
    [
        (f"{OLD}/a.png", f"{NEW}/a.png"),
        (f"{OLD}/b%20c/%C3%BC.png?width=5", f"{NEW}/b%20c/%C3%BC.png?width=5"),
        (f'<img src="{OLD}/a.png"> and {OLD}/a.png#x', f'<img src="{NEW}/a.png"> and {NEW}/a.png#x'),
        (json.dumps({"url": f"{OLD}/a.png"}), json.dumps({"url": f"{NEW}/a.png"})),
        (f"{OLD}/a.png {OLD}/bad.png", f"{NEW}/a.png {OLD}/bad.png"),
        ("https://old.example/picturesque/a.png", "https://old.example/picturesque/a.png"),
        (f"{OLD}", f"{OLD}"),
        ("", ""),
    ],
)
def test_every_address_of_what_is_copied_is_moved_and_no_other(ledger: Ledger, before: str, after: str) -> None:
    work = Rewriting(ledger, OLD, f"{NEW}/")
    assert work.moved(before) == after
    assert work.moved(after) == after


def test_what_is_left_is_named_with_the_reason(ledger: Ledger) -> None:
    work = Rewriting(ledger, OLD, NEW)
    work.moved(f"{OLD}/bad.png {OLD}/later.png {OLD}/never.png")
    assert work.left == {"bad.png": "damaged", "later.png": "not copied yet", "never.png": "not in the old bucket"}


def test_a_new_address_that_holds_the_old_one_is_refused(ledger: Ledger) -> None:
    with pytest.raises(settings.Invalid, match="rewritten again"):
        Rewriting(ledger, OLD, f"https://proxy.example/{OLD}/")


def test_rows_are_rewritten_once_and_put_back(ledger: Ledger, database: Database, database_url: str) -> None:
    def rows() -> list[tuple[object, ...]]:
        with psycopg.connect(database_url) as connection:
            return connection.execute('select * from "Odd Table" order by 1').fetchall()

    with psycopg.connect(database_url) as connection:
        connection.execute(
            'create table "Odd Table" ("Id" uuid primary key, "The Url" varchar(90), extra jsonb, n int)'
        )
        connection.execute(
            """insert into "Odd Table" select gen_random_uuid(), url, jsonb_build_object('b', url), n
            from generate_series(1, 250) n, (select %s::text as url) u""",
            [f"{OLD}/a.png"],
        )
        connection.execute('update "Odd Table" set "The Url" = null where n > 200')
    before = rows()
    columns = ('"Odd Table".The Url', '"Odd Table".extra')
    dry = Rewriting(ledger, OLD, NEW)
    dry.run(database, columns[0], dry=True)
    assert rows() == before
    for expected in (200, 0):
        work = Rewriting(ledger, OLD, NEW)
        for column in columns:
            work.run(database, column, dry=False)
        assert list(work.rows.values()) == [expected, expected and 250]
    assert list(dry.rows.values()) == [200]
    assert all(url in (None, f"{NEW}/a.png") and extra == {"b": f"{NEW}/a.png"} for _, url, extra, _ in rows())
    assert rewriting.rewritten(database) == {'"Odd Table".The Url': 200, '"Odd Table".extra': 250}
    assert rewriting.rollback(database) == (450, [])
    assert rows() == before
    assert rewriting.rewritten(database) == {}
    assert rewriting.rollback(database) == (0, [])


def test_a_row_that_was_changed_since_is_left_unchanged(ledger: Ledger, database: Database, database_url: str) -> None:
    with psycopg.connect(database_url) as connection:
        connection.execute("create table posts (id integer primary key, body text)")
        connection.execute("insert into posts values (1, %(url)s), (2, %(url)s)", {"url": f"{OLD}/a.png"})
    Rewriting(ledger, OLD, NEW).run(database, "public.posts.body", dry=False)
    with psycopg.connect(database_url) as connection:
        connection.execute("update posts set body = 'new words' where id = 2")
    assert rewriting.rollback(database) == (1, ["posts.body 2"])
    with psycopg.connect(database_url) as connection:
        assert connection.execute("select body from posts order by id").fetchall() == [
            (f"{OLD}/a.png",),
            ("new words",),
        ]


@pytest.mark.parametrize(
    "words", ["nothing.here", "assets.nothing", "assets", "assets.width", "'; drop table assets.x"]
)
def test_a_column_that_is_none_is_refused(ledger: Ledger, database: Database, words: str) -> None:
    with pytest.raises(url_rewrites.Unknown):
        Rewriting(ledger, OLD, NEW).run(database, words, dry=False)
