"""Designs, with the pictures and print areas of their placements as they are now."""

from collections.abc import Collection, Mapping
from typing import Any
from uuid import UUID

from shared.db import owners, pagination
from shared.db.pool import Connection
from shared.models.design import Design, Placement
from shared.models.owner import Owner, OwnerType
from shared.models.print_check import PrintMethod
from shared.models.product import PrintArea, ProductStatus

# Of a placement: its row, the picture unless it was deleted, and the print area as long as the product is sold.
_PLACEMENTS = f"""
    select jsonb_agg(
            to_jsonb(placed) || jsonb_build_object('key', assets.key, 'area', to_jsonb(area)) order by position
        )
    from design_placements placed
        left join assets on assets.id = placed.asset_id and assets.deleted_at is null
        left join products on products.id = designs.product_id and products.status = '{ProductStatus.ACTIVE}'
        left join print_areas area on area.product_id = products.id and area.placement = placed.placement
    where placed.design_id = designs.id"""
_SELECT = f"""select id, owner_type, owner_id, product_id, name, colour, created_at, updated_at,
        ({_PLACEMENTS}) as placements
    from designs"""
_LIVING = "deleted_at is null"
_INSERT = """insert into design_placements (
        design_id, placement, position, asset_id, method, left_um, top_um, width_um, ink_width, ink_height,
        rotation_mdeg
    )
    values (%s, %s, %s, %s, %s, %s, %s, %s, %s, %s, %s)"""


def add(connection: Connection, design: Design) -> None:
    connection.execute(
        """insert into designs (id, owner_type, owner_id, product_id, name, colour, created_at, updated_at)
        values (
            %(id)s, %(owner_type)s, %(owner_id)s, %(product_id)s, %(name)s, %(colour)s, %(created_at)s, %(updated_at)s
        )""",
        _values(design),
    )
    _place(connection, design)


def change(connection: Connection, design: Design) -> None:
    """Store name, colour and placements of a design that was found with `lock`."""
    connection.execute(
        "update designs set name = %(name)s, colour = %(colour)s, updated_at = %(updated_at)s where id = %(id)s",
        _values(design),
    )
    connection.execute("delete from design_placements where design_id = %s", [design.id])
    _place(connection, design)


def find(connection: Connection, owner: Owner | None, design_id: UUID, *, lock: bool = False) -> Design | None:
    """A design by id; anyone's if `owner` is None. `lock`: others who change it wait for this transaction."""
    row = connection.execute(
        f"{_SELECT} where id = %(id)s and {_LIVING} and {owners.VISIBLE} {'for update' if lock else ''}",
        {"id": design_id, **owners.parameters(owner)},
    ).fetchone()
    return _design(row) if row else None


def find_many(connection: Connection, owner: Owner | None, design_ids: Collection[UUID]) -> list[Design]:
    """Those that exist, of this owner or, if it is None, of anyone; in no order."""
    rows = connection.execute(
        f"{_SELECT} where id = any(%(ids)s) and {_LIVING} and {owners.VISIBLE}",
        {"ids": list(design_ids), **owners.parameters(owner)},
    ).fetchall()
    return list(map(_design, rows))


def page(connection: Connection, owner: Owner, limit: int, after: pagination.Cursor | None) -> pagination.Page[Design]:
    """The owner's designs, newest first."""
    select = f"{_SELECT} where {owners.OWNED} and {_LIVING}"
    return pagination.fetch(connection, select, owners.parameters(owner), _design, limit, after)


def ink_of(connection: Connection, asset_ids: Collection[UUID]) -> Mapping[UUID, tuple[int, int]]:
    """Width and height of the ink, in pixels, of those of these pictures that a design shows."""
    rows = connection.execute(
        """select distinct on (asset_id) asset_id, ink_width, ink_height
        from design_placements
        where asset_id = any(%s)
        order by asset_id""",
        [list(asset_ids)],
    ).fetchall()
    return {row["asset_id"]: (row["ink_width"], row["ink_height"]) for row in rows}


def delete(connection: Connection, owner: Owner | None, design_id: UUID) -> bool:
    """Hide a design; False if there is none."""
    return bool(
        connection.execute(
            f"update designs set deleted_at = now() where id = %(id)s and {_LIVING} and {owners.VISIBLE}",
            {"id": design_id, **owners.parameters(owner)},
        ).rowcount
    )


def expire(connection: Connection, owner_type: OwnerType, keep_s: float, limit: int) -> int:
    """Hide designs of these owners that were last changed `keep_s` ago; returns how many."""
    return connection.execute(
        f"""with due as materialized (
            select id
            from designs
            where owner_type = %s and {_LIVING} and updated_at < now() - %s * interval '1 second'
            order by updated_at
            limit %s
            for update skip locked
        )
        update designs
        set deleted_at = now()
        from due
        where designs.id = due.id""",
        [owner_type, keep_s, limit],
    ).rowcount


def prune(connection: Connection, keep_s: float, limit: int) -> int:
    """Drop designs that were hidden `keep_s` ago; returns how many."""
    return connection.execute(
        """with due as materialized (
            select id
            from designs
            where deleted_at < now() - %s * interval '1 second'
            order by deleted_at
            limit %s
            for update skip locked
        )
        delete from designs
        using due
        where designs.id = due.id""",
        [keep_s, limit],
    ).rowcount


def _values(design: Design) -> dict[str, object]:
    names = ("id", "product_id", "name", "colour", "created_at", "updated_at")
    return {name: getattr(design, name) for name in names} | owners.parameters(design.owner)


def _place(connection: Connection, design: Design) -> None:
    rows = [
        (
            *(design.id, one.name, position, one.asset_id, one.method, one.left_um, one.top_um, one.width_um),
            *(*one.ink_px, one.rotation_mdeg),
        )
        for position, one in enumerate(design.placements)
    ]
    with connection.cursor() as cursor:
        cursor.executemany(_INSERT, rows)


def _design(row: dict[str, Any]) -> Design:
    owner = Owner(OwnerType(row.pop("owner_type")), row.pop("owner_id"))
    return Design(**{**row, "owner": owner, "placements": tuple(map(_placement, row["placements"]))})


def _placement(row: Mapping[str, Any]) -> Placement:
    return Placement(
        name=row["placement"],
        asset_id=UUID(row["asset_id"]),
        method=PrintMethod(row["method"]),
        left_um=row["left_um"],
        top_um=row["top_um"],
        width_um=row["width_um"],
        ink_px=(row["ink_width"], row["ink_height"]),
        rotation_mdeg=row["rotation_mdeg"],
        picture_key=row["key"],
        area=_area(row["area"]) if row["area"] else None,
    )


def _area(row: Mapping[str, Any]) -> PrintArea:
    methods = tuple(map(PrintMethod, row["methods"]))
    return PrintArea(row["placement"], row["width_um"], row["height_um"], methods, row["garment"])
