"""Designs: pictures placed on products, stored, listed, copied, changed and deleted."""

from dataclasses import replace
from datetime import UTC, datetime

from flask import Response

from services.api import lookup
from services.api.dependencies import Dependencies
from services.api.designs import checks, placing
from services.api.designs.schemas import DesignChange, DesignCopy, DesignOut, DesignPage, DesignPath, NewDesign
from services.api.middleware import auth
from services.api.middleware.idempotency import once
from services.api.schemas import IdempotencyHeaders, PageQuery
from shared import errors
from shared.db import designs, ids
from shared.db.pagination import Cursor
from shared.db.pool import Connection
from shared.models.design import Design


def create(deps: Dependencies, header: IdempotencyHeaders, body: NewDesign) -> Response:  # noqa: ARG001 - validates them
    """Create design.

    Places pictures of yours on the print areas of a product, one at each. Each is checked for print at its size: read
    the design again for what was found. As long as a design exists, its pictures do not expire.
    """
    owner = auth.writer()
    with once(deps.database, owner, body.model_dump_json()) as record:
        now = datetime.now(UTC)
        placements = placing.placed(deps, owner, body.product_id, body.placements)
        colour = placing.colour(deps, body.product_id, body.color)
        design = Design(ids.new(), owner, body.product_id, body.name, colour, placements, now, now)
        found = checks.start(deps, design)
        with deps.database.transaction() as connection:
            response = _added(deps, connection, design, found)
            record(connection, response)
    return response


def page(deps: Dependencies, query: PageQuery) -> DesignPage:
    """List designs.

    Lists your own designs, newest first.
    """
    after = Cursor.parse(query.cursor) if query.cursor else None
    owner = auth.caller()
    if owner is None:
        return DesignPage(items=[], next_cursor=None)
    with deps.database.transaction() as connection:
        found = designs.page(connection, owner, query.limit, after)
        jobs = checks.find(connection, found.items)
    return DesignPage(items=[_shown(deps, design, jobs) for design in found.items], next_cursor=found.next_cursor)


def show(deps: Dependencies, path: DesignPath) -> DesignOut:
    """Get design.

    Shows one of your designs. A picture that was deleted is a `problem` of its placement, as is anything that the shop
    does not print any more.
    """
    design = lookup.require(deps, designs.find, auth.visible_owner(), path.design_id)
    return _shown(deps, design, checks.start(deps, design))


def change(deps: Dependencies, path: DesignPath, body: DesignChange) -> DesignOut:
    """Change design.

    Changes the name, the colour, or all placements, which are then checked as those of a new design.
    """
    owner = auth.visible_owner()
    design = lookup.require(deps, designs.find, owner, path.design_id)
    colour = body.color and placing.colour(deps, design.product_id, body.color)
    placements = body.placements and placing.placed(deps, design.owner, design.product_id, body.placements)
    with deps.database.transaction() as connection:
        current = designs.find(connection, owner, path.design_id, lock=True)
        if current is None:
            raise errors.NotFound
        changed = replace(
            current,
            name=body.name or current.name,
            colour=colour or current.colour,
            placements=placements or current.placements,
        )
        if changed != current:
            changed = replace(changed, updated_at=datetime.now(UTC))
            designs.change(connection, changed)
    return _shown(deps, changed, checks.start(deps, changed))


def copy(deps: Dependencies, header: IdempotencyHeaders, path: DesignPath, body: DesignCopy) -> Response:  # noqa: ARG001 - validates them
    """Copy design.

    The copy is yours to change; it shows the same pictures. The body may be left out.
    """
    owner = auth.visible_owner()
    with (
        once(deps.database, auth.writer(), body.model_dump_json()) as record,
        deps.database.transaction() as connection,
    ):
        design = designs.find(connection, owner, path.design_id)
        if design is None:
            raise errors.NotFound
        now = datetime.now(UTC)
        made = replace(design, id=ids.new(), name=body.name or design.name, created_at=now, updated_at=now)
        response = _added(deps, connection, made, checks.find(connection, [made]))
        record(connection, response)
    return response


def delete(deps: Dependencies, path: DesignPath) -> None:
    """Delete design.

    The pictures of the design stay, and expire as others do.
    """
    with deps.database.transaction() as connection:
        if not designs.delete(connection, auth.visible_owner(), path.design_id):
            raise errors.NotFound


def _added(deps: Dependencies, connection: Connection, design: Design, found: checks.Found) -> Response:
    designs.add(connection, design)
    return _shown(deps, design, found).response(201)


def _shown(deps: Dependencies, design: Design, found: checks.Found) -> DesignOut:
    return DesignOut.of(design, found, deps.urls, mockups=deps.mockups is not None)
