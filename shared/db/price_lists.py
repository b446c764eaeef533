"""Price lists: the newest version applies, and none is ever overwritten."""

from psycopg.types.json import Jsonb

from shared.db.pool import Connection
from shared.models.price_list import PriceList


def current(connection: Connection) -> tuple[int, PriceList] | None:
    """The newest version and its list; None if the shop has set none."""
    row = connection.execute("select version, list from price_lists order by version desc limit 1").fetchone()
    return (row["version"], PriceList.read(row["list"])) if row else None


def find(connection: Connection, version: int) -> PriceList | None:
    """The list of a version; None for 0, the list that the shop comes with."""
    row = connection.execute("select list from price_lists where version = %s", [version]).fetchone()
    return PriceList.read(row["list"]) if row else None


def version(connection: Connection) -> str:
    """That of the newest list; 0 if the shop has set none."""
    row = connection.execute("select coalesce(max(version), 0) as version from price_lists").fetchone()
    assert row is not None
    return str(row["version"])


def add(connection: Connection, after: int, prices: PriceList, set_by: str) -> bool:
    """Store the version that follows `after`. False if that is not the newest; 0 stands for none."""
    row = connection.execute(
        """insert into price_lists (version, list, set_by)
        select %(after)s + 1, %(list)s, %(set_by)s
        where %(after)s = (select coalesce(max(version), 0) from price_lists)
        on conflict do nothing
        returning version""",
        {"after": after, "list": Jsonb(prices.json()), "set_by": set_by},
    ).fetchone()
    return row is not None
