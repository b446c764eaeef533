"""Gang sheets of orders: proposed from what was paid for, and ordered so that no print is laid out twice."""

from collections.abc import Sequence
from uuid import UUID

from flask import Response

from services.api import lookup
from services.api.dependencies import Dependencies
from services.api.gang_sheets.schemas import MOST_COPIES, MOST_ITEMS
from services.api.jobs.schemas import Accepted, JobPath
from services.api.middleware import auth
from services.api.middleware.idempotency import exactly_once
from services.api.print import derived
from services.api.production import proposals
from services.api.production.gang_schemas import (
    MOST_PRINTS,
    NewOrderSheet,
    OrderSheetOut,
    ProposalList,
    ProposalOut,
    ProposalQuery,
)
from services.api.schemas import RequiredIdempotencyHeaders
from shared import errors, shop_errors, web
from shared.db import gang_sheet_prints, ids, jobs
from shared.db.gang_sheet_prints import Taken, WaitingPrint
from shared.models.gang_sheet import GangSheetInput, Item, SheetFormat
from shared.models.job import JobType
from shared.models.order import ARTWORK

_MOST_WAITING = 5000


def propose(deps: Dependencies, query: ProposalQuery) -> ProposalList:
    """Propose gang sheets.

    Lists gang sheets for all prints on film of queued orders that lie on none yet: what is on each, and how much film
    it takes.
    """
    with deps.database.transaction() as connection:
        waiting = gang_sheet_prints.waiting(connection, _MOST_WAITING)
    sheets = proposals.proposed(waiting, MOST_PRINTS)[:MOST_PRINTS]
    return ProposalList(
        items=[ProposalOut.of(items, proposals.length_mm(items, query.width_mm, query.gap_mm)) for items in sheets]
    )


def order_sheet(deps: Dependencies, header: RequiredIdempotencyHeaders, body: NewOrderSheet) -> Response:  # noqa: ARG001 - validates
    """Order gang sheet.

    Lays these prints out as one job, whose id is the gang sheet's. Each print goes on one sheet only: if another has
    one of them meanwhile, or its order was held, the response is 409 and nothing is ordered. Prints of a sheet whose
    job fails wait again.
    """
    derived.require_workers(deps)
    owner = auth.identified()
    with (
        exactly_once(deps.database, owner, body.model_dump_json()) as record,
        deps.database.transaction() as connection,
    ):
        items = _items(gang_sheet_prints.waiting(connection, _MOST_WAITING), body.print_ids)
        job = jobs.create(
            connection,
            ids.new(),
            ARTWORK,
            items[0][0].asset_id,
            type=JobType.GANG_SHEET,
            input=_input(deps, items, body).json(),
            request_id=web.request_id(),
        )
        try:
            gang_sheet_prints.add(connection, job.id, items)
        except Taken:
            raise shop_errors.NotAllowedNow("Another gang sheet has one of these prints.") from None
        response = Accepted.answer(job, deps.urls)
        record(connection, response)
    deps.waker.wake(job.id, job.queue)
    return response


def show_sheet(deps: Dependencies, path: JobPath) -> OrderSheetOut:
    """Get gang sheet of orders.

    Shows its sheets once its job is done, and for which orders each item is.
    """
    job = lookup.require(deps, jobs.find, ARTWORK, path.job_id)
    if job.type != JobType.GANG_SHEET:
        raise errors.NotFound
    with deps.database.transaction() as connection:
        laid = gang_sheet_prints.of_job(connection, job.id)
    return OrderSheetOut.with_prints(job, laid, deps.urls)


def _items(waiting: Sequence[WaitingPrint], wanted: Sequence[UUID]) -> proposals.Items:
    """Raises NotAllowedNow for a print that does not wait, InvalidRequest for more than a sheet holds."""
    chosen = [one for one in waiting if one.print_id in set(wanted)]
    if missing := set(wanted) - {one.print_id for one in chosen}:
        details = {"printIds": sorted(map(str, missing))}
        raise shop_errors.NotAllowedNow("A print lies on a sheet already, or is not to be made now.", details=details)
    items = proposals.grouped(chosen)
    if len(items) > MOST_ITEMS or sum(one.copies for one in chosen) > MOST_COPIES:
        raise errors.InvalidRequest(f"printIds: a sheet has at most {MOST_ITEMS} items and {MOST_COPIES} copies.")
    return items


def _input(deps: Dependencies, items: proposals.Items, body: NewOrderSheet) -> GangSheetInput:
    return GangSheetInput(
        film=body.sheet.film(),
        items=tuple(
            Item(of_item[0].asset_id, of_item[0].width_um / 1000, sum(one.copies for one in of_item))
            for of_item in items
        ),
        effort=body.effort,
        formats=tuple(kind for kind in SheetFormat if kind in body.formats),
        labels=body.labels,
        underbase=body.underbase,
        spot=deps.settings.printing.spot_white,
        cents_per_m=deps.settings.web.gang_sheet_cents_per_m,
    )
