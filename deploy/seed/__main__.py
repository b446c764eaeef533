"""`make seed`: put the sample shop into the database of DATABASE_URL or of the running `make run`.

With a number of orders, the products of a shop of that size are added, for load tests. With `--if-empty`, as `make run`
calls it for a new database, nothing is done where there is any product.
"""

import os
import sys
import time

from deploy.local import postgres_server, running_system
from deploy.local.errors import CommandError
from deploy.local.settings import Settings
from deploy.seed import shop
from shared import errors
from shared.db import catalogue_load
from shared.db.pool import Database

_MOST_ORDERS = 10_000_000
_STATEMENT_S = 300  # of a load


def main(arguments: list[str]) -> int:
    began = time.monotonic()
    try:
        fill = shop.fill_if_empty if "--if-empty" in arguments else shop.fill
        orders = sum(_orders(text) for text in arguments if text != "--if-empty")
        database = Database(_url(), pool_max=1, statement_s=_STATEMENT_S)
        database.open()
        try:
            words = f"{fill(database)} products of the sample shop added{_load(database, orders)}"
        finally:
            database.close()
    except (CommandError, PermissionError, errors.Unavailable) as error:
        print(error, file=sys.stderr)
        return 1
    print(f"{words} in {time.monotonic() - began:.1f} s")
    return 0


def _load(database: Database, orders: int) -> str:
    if not orders:
        return ""
    added = shop.load(database, orders)
    with database.transaction() as connection:
        catalogue_load.analyze(connection)
    return f", and {added} for load tests"


def _orders(text: str) -> int:
    if not (text.isdecimal() and int(text) <= _MOST_ORDERS):
        raise CommandError(f"SCALE must be a number of orders, such as 200000, and is {text}")
    return int(text)


def _url() -> str:
    if given := os.environ.get("DATABASE_URL"):
        return given
    asked = Settings.read().data
    found = running_system.of_folder(asked)
    if found is None:
        raise CommandError(f"No system is running with its data in {asked}: start `make run`, or set DATABASE_URL.")
    folder, settings = found
    return settings.given.get("DATABASE_URL") or postgres_server.running_url(folder / "postgres")


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
