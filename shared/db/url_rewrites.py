"""URLs in the rows of any table: rewritten, each at most once, and restored.

The previous text of a row is stored in the table `url_moves`, written in the transaction that changes the row. So a
rewritten row is known after any crash, and can be restored unless it has been changed since.
"""

from collections.abc import Sequence
from dataclasses import dataclass

from psycopg import sql

from shared.db.pool import Connection

_TEXTS = ("text", "character varying", "json", "jsonb")


class Unknown(ValueError):
    """There is no such column, or its rows cannot be identified."""


@dataclass(frozen=True, slots=True)
class Column:
    """A text column, and the key column of its table."""

    table: str
    name: str
    type: str
    key: str
    key_type: str

    def __str__(self) -> str:
        return f"{self.table}.{self.name}"

    def filled(self, statement: str) -> sql.Composed:
        """The statement with its names; table and types come from the catalogue of Postgres, quoted where needed."""
        names = {"name": sql.Identifier(self.name), "key": sql.Identifier(self.key)}
        types = {"table": sql.SQL(self.table), "type": sql.SQL(self.type), "key_type": sql.SQL(self.key_type)}
        return sql.SQL(statement).format(**names, **types)


def column(connection: Connection, words: str) -> Column:
    """`table.column` or `schema.table.column`. Raises Unknown."""
    table, _, name = words.rpartition(".")
    row = connection.execute(
        """
        select
            c.oid::regclass::text as table,
            a.attname as name,
            format_type(a.atttypid, null) as type,
            k.attname as key,
            format_type(k.atttypid, null) as key_type
        from pg_class c
        join pg_attribute a on a.attrelid = c.oid and a.attname = %s and a.attnum > 0 and not a.attisdropped
        join pg_index i on i.indrelid = c.oid and i.indisprimary and i.indnkeyatts = 1
        join pg_attribute k on k.attrelid = c.oid and k.attnum = i.indkey[0]
        where c.oid = to_regclass(%s)
        """,
        [name, table],
    ).fetchone()
    if row is None:
        raise Unknown(f"{words}: no such column, or its table has no primary key of one column")
    if row["type"] not in _TEXTS:
        raise Unknown(f"{words}: its type is {row['type']}, not one of {', '.join(_TEXTS)}")
    return Column(**row)


def prepare(connection: Connection) -> None:
    """Create the table of rewritten rows. Not a migration: the database may belong to another system."""
    connection.execute(
        """
        create table if not exists url_moves (
            id bigint generated always as identity primary key,
            table_name text not null,
            column_name text not null,
            row_key text not null,
            before text not null,
            after text not null,
            moved_at timestamptz not null default now(),
            restored_at timestamptz
        )
        """
    )


def holding(connection: Connection, where: Column, address: str) -> list[object]:
    """Keys of the rows that contain the URL anywhere in their text."""
    found = connection.execute(
        where.filled(
            """
            select {key} as key
            from {table}
            where position(%s in {name}::text) > 0
            order by {key}
            """
        ),
        [address],
    )
    return [row["key"] for row in found.fetchall()]


def texts(connection: Connection, where: Column, keys: Sequence[object]) -> list[tuple[object, str]]:
    """Lock rows, and return their (key, text)."""
    found = connection.execute(
        where.filled(
            """
            select {key} as key, {name}::text as text
            from {table}
            where {key} = any(%s::{key_type}[])
            for update
            """
        ),
        [list(keys)],
    )
    return [(row["key"], row["text"]) for row in found.fetchall()]


def move(connection: Connection, where: Column, key: object, before: str, after: str) -> None:
    """Change the text of a locked row, and store the previous one."""
    row = connection.execute(
        where.filled(
            """
            update {table}
            set {name} = %s::{type}
            where {key} = %s
            returning {name}::text as text
            """
        ),
        [after, key],
    ).fetchone()
    assert row is not None
    connection.execute(
        """
        insert into url_moves (table_name, column_name, row_key, before, after)
        values (%s, %s, %s, %s, %s)
        """,
        [where.table, where.name, str(key), before, row["text"]],
    )


def moved(connection: Connection) -> dict[str, int]:
    """The number of rows that are rewritten now, by column."""
    rows = connection.execute(
        """
        select table_name || '.' || column_name as name, count(distinct row_key) as rows
        from url_moves
        where restored_at is null
        group by 1
        order by 1
        """
    ).fetchall()
    return {row["name"]: row["rows"] for row in rows}


def restore(connection: Connection, limit: int) -> tuple[int, list[str]]:
    """Restore some rows, the last rewritten first: how many were read, and which have been changed since."""
    moves = connection.execute(
        """
        select *
        from url_moves
        where restored_at is null
        order by id desc
        limit %s
        for update
        """,
        [limit],
    ).fetchall()
    changed = []
    for row in moves:
        where = column(connection, f"{row['table_name']}.{row['column_name']}")
        restored = connection.execute(
            where.filled(
                """
                update {table}
                set {name} = %s::{type}
                where {key} = %s::{key_type} and {name}::text = %s
                """
            ),
            [row["before"], row["row_key"], row["after"]],
        ).rowcount
        connection.execute("update url_moves set restored_at = now() where id = %s", [row["id"]])
        if not restored:
            changed.append(f"{where} {row['row_key']}")
    return len(moves), changed
