"""Discount codes, and how often each was used."""

from dataclasses import asdict
from uuid import UUID

from shared.db import pagination
from shared.db.pool import Connection
from shared.models.discount import Discount

_TERMS = ("off_bp", "off_cents", "minimum_cents", "starts_at", "ends_at", "max_uses")
_NEW = ("id", "code", "created_at", *_TERMS)
_COLUMNS = ", ".join((*_NEW, "uses"))


def find(connection: Connection, code: str) -> Discount | None:
    row = connection.execute(f"select {_COLUMNS} from discounts where code = %s", [code]).fetchone()
    return Discount(**row) if row else None


def put(connection: Connection, discount: Discount) -> Discount:
    """Add a code or, if it is there, change its terms only; returns what is stored."""
    row = connection.execute(
        f"""insert into discounts ({", ".join(_NEW)})
        values ({", ".join(f"%({name})s" for name in _NEW)})
        on conflict (code) do update set {", ".join(f"{name} = excluded.{name}" for name in _TERMS)}
        returning {_COLUMNS}""",
        asdict(discount),
    ).fetchone()
    assert row is not None
    return Discount(**row)


def page(connection: Connection, limit: int, after: pagination.Cursor | None) -> pagination.Page[Discount]:
    """Newest first."""
    return pagination.fetch(
        connection, f"select {_COLUMNS} from discounts where true", {}, lambda row: Discount(**row), limit, after
    )


def take(connection: Connection, code: str) -> bool:
    """Count a use; False if there is none left. Others who take the code wait for the end of this transaction."""
    return bool(
        connection.execute(
            "update discounts set uses = uses + 1 where code = %s and (max_uses is null or uses < max_uses)", [code]
        ).rowcount
    )


def lock_of_order(connection: Connection, order_id: UUID) -> None:
    """Lock the code of an order that may be cancelled, before the order: as when it was placed."""
    connection.execute(
        "select from discounts where code = (select discount_code from orders where id = %s) for update", [order_id]
    )


def give_back(connection: Connection, code: str) -> None:
    """Take back a use, of an order that is cancelled; see `lock_of_order`."""
    connection.execute("update discounts set uses = uses - 1 where code = %s and uses > 0", [code])
