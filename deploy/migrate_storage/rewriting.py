"""Rewrites URLs in the database to the new bucket, for every object that is copied, and for no other.

Rows are changed a hundred per transaction, each with a record of its previous text, so that a kill at any moment leaves
every row either old or new, and a second run finds only the old ones.
"""

import re
from dataclasses import dataclass, field
from urllib.parse import unquote

from deploy.migrate_storage.ledger import Ledger
from shared import settings
from shared.db import url_rewrites
from shared.db.pool import Database

AT_ONCE = 100  # rows that one transaction locks
_REST = r"([^\s\"'<>?#\\]*)"  # the rest of a URL in text or JSON: the key


@dataclass(slots=True)
class Rewriting:
    """From one base URL to another; counts what it does."""

    ledger: Ledger
    old: str
    new: str
    rows: dict[str, int] = field(default_factory=dict)
    left: dict[str, str] = field(default_factory=dict)

    def __post_init__(self) -> None:
        self.old, self.new = (f"{address.rstrip('/')}/" for address in (self.old, self.new))
        if self.old in self.new:
            raise settings.Invalid(f"{self.new} contains {self.old}: rewritten URLs would be rewritten again")

    def run(self, database: Database, words: str, *, dry: bool) -> None:
        """Rewrite a column; `dry` only counts. Raises url_rewrites.Unknown."""
        with database.transaction() as connection:
            where = url_rewrites.column(connection, words)
            url_rewrites.prepare(connection)
            keys = url_rewrites.holding(connection, where, self.old)
        self.rows[str(where)] = 0
        for some in (keys[at : at + AT_ONCE] for at in range(0, len(keys), AT_ONCE)):
            with database.transaction() as connection:
                for key, before in url_rewrites.texts(connection, where, some):
                    after = self.moved(before)
                    self.rows[str(where)] += after != before
                    if after != before and not dry:
                        url_rewrites.move(connection, where, key, before, after)

    def moved(self, text: str) -> str:
        """The text with the URLs of all copied objects changed."""
        return re.sub(re.escape(self.old) + _REST, self._move, text)

    def _move(self, found: re.Match[str]) -> str:
        key = unquote(found[1])
        if self.ledger.has(key):
            return f"{self.new}{found[1]}"
        record = self.ledger.records.get(key)
        self.left[key] = "not in the old bucket" if record is None else record.reason or "not copied yet"
        return found[0]


def rewritten(database: Database) -> dict[str, int]:
    """The number of rows that are rewritten now, by column."""
    with database.transaction() as connection:
        return url_rewrites.moved(connection)


def rollback(database: Database) -> tuple[int, list[str]]:
    """Restore rewritten rows: how many, and which were left because they have been changed since."""
    rows, changed = 0, list[str]()
    with database.transaction() as connection:
        url_rewrites.prepare(connection)
    while True:
        with database.transaction() as connection:
            seen, odd = url_rewrites.restore(connection, AT_ONCE)
        if not seen:
            return rows, changed
        rows += seen - len(odd)
        changed += odd
