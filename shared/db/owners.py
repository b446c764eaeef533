"""The owner of a row in SQL: the columns, the parameters, and the clauses that keep callers to their own rows."""

from shared.db.pool import Connection
from shared.models.owner import Owner

# Jobs call their owner's id user_id.
OWNED = "owner_type = %(owner_type)s and owner_id = %(owner_id)s"
OWNED_JOBS = "owner_type = %(owner_type)s and user_id = %(owner_id)s"
VISIBLE = f"(%(owner_type)s::text is null or {OWNED})"
VISIBLE_JOBS = f"(%(owner_type)s::text is null or {OWNED_JOBS})"


def parameters(owner: Owner | None) -> dict[str, object]:
    """The parameters of the clauses; None makes every row VISIBLE."""
    return {"owner_type": owner.type if owner else None, "owner_id": owner.id if owner else None}


def known(connection: Connection, owner: Owner) -> bool:
    """Whether the owner has a picture or a job."""
    row = connection.execute(
        f"""
        select
            exists (select from assets where {OWNED})
            or exists (select from jobs where {OWNED_JOBS}) as known
        """,
        parameters(owner),
    ).fetchone()
    return bool(row and row["known"])
