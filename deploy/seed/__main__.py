"""Puts the sample shop into the database of DATABASE_URL; see `make seed`.

With a number, so many orders and the products of a shop of that size are added, for load tests. With `--if-empty`, as
`make run` calls it for a new database, nothing is done where there is any product.
"""

import sys
import time

from deploy.seed import shop
from shared import errors, settings
from shared.db.pool import Database

_MOST_ORDERS = 10_000_000
_STATEMENT_S = 300  # of a load


def main(arguments: list[str]) -> int:
    began = time.monotonic()
    try:
        fill = shop.fill_if_empty if "--if-empty" in arguments else shop.fill
        orders = sum(_orders(text) for text in arguments if text != "--if-empty")
        database = Database(settings.Database.read().url.get_secret_value(), pool_max=1, statement_s=_STATEMENT_S)
        database.open()
        try:
            words = f"{fill(database)} products of the sample shop added{_load(database, orders)}"
        finally:
            database.close()
    except errors.Unavailable as error:
        print(error, file=sys.stderr)
        return 1
    print(f"{words} in {time.monotonic() - began:.1f} s")
    return 0


def _load(database: Database, orders: int) -> str:
    if not orders:
        return ""
    products, placed = shop.load(database, orders)
    return f", and {products} with {placed} orders for load tests"


def _orders(text: str) -> int:
    if not (text.isdecimal() and int(text) <= _MOST_ORDERS):
        raise SystemExit(f"SCALE must be a number of orders, such as 200000, and is {text}")
    return int(text)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
