"""Orders as the printer sees them: the pieces that are due, their prints, and links to all that is needed."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Self
from uuid import UUID

from services.api.assets import url_signing
from services.api.dependencies import Dependencies
from services.api.designs.schemas import mockup_url
from services.api.orders.schemas import OrderPrintOut, ShipToOut
from services.api.production import pieces
from services.api.production.schemas import FileOut, ProductionItemOut, ProductionOut, ProductionPrintOut
from services.api.production.shipment_schemas import ShipmentOut
from shared.db import gang_sheet_prints, order_items, production, reprints, shipments
from shared.db.pool import Connection
from shared.models.design import Placement
from shared.models.job import Job
from shared.models.order import Order, OrderItem, OrderPrint, Reprint, Shipment
from shared.models.print_check import PrintMethod
from shared.models.print_file import PrintFileResult
from shared.models.product import PrintArea


def present(deps: Dependencies, connection: Connection, found: Sequence[Order]) -> list[ProductionOut]:
    facts = _Facts.of(connection, found)
    return [_order(deps, order, facts) for order in found]


@dataclass(frozen=True, slots=True)
class _Facts:
    """What is known of several orders: lines, reprints and parcels by order, the rest by its id."""

    items: Mapping[UUID, Sequence[OrderItem]]
    reprints: Mapping[UUID, Sequence[Reprint]]
    shipments: Mapping[UUID, Sequence[Shipment]]
    jobs: Mapping[UUID, Job]
    areas: Mapping[tuple[UUID, str], PrintArea]
    sheets: Mapping[UUID, UUID]

    @classmethod
    def of(cls, connection: Connection, found: Sequence[Order]) -> Self:
        items = order_items.of_orders(connection, [order.id for order in found])
        lines = [item for of_order in items.values() for item in of_order]
        prints = [one for item in lines for one in item.prints]
        again = reprints.of_items(connection, [item.id for item in lines])
        return cls(
            items=items,
            reprints={
                order_id: [one for one in again if one.order_item_id in {item.id for item in of_order}]
                for order_id, of_order in items.items()
            },
            shipments=shipments.of_orders(connection, [order.id for order in found]),
            jobs=production.find_jobs(connection, [one.print_job_id for one in prints if one.print_job_id]),
            areas=production.areas(connection, {item.variant_id for item in lines}),
            sheets=gang_sheet_prints.of_prints(connection, [one.id for one in prints]),
        )


def _order(deps: Dependencies, order: Order, facts: _Facts) -> ProductionOut:
    items, parcels = facts.items[order.id], facts.shipments.get(order.id, ())
    due = pieces.due(order, items, facts.reprints[order.id], parcels)
    first = pieces.due(order, items, (), ())
    return ProductionOut.from_row(
        order,
        reprint=due != first,
        items=[_item(deps, item, due[item.id], facts) for item in items if item.id in due],
        ship_to=ShipToOut(**order.ship_to),
        shipments=[ShipmentOut.from_row(parcel) for parcel in parcels],
    )


def _item(deps: Dependencies, item: OrderItem, quantity: int, facts: _Facts) -> ProductionItemOut:
    return ProductionItemOut.from_row(
        item,
        color=item.colour,
        color_hex=item.colour_hex,
        quantity=quantity,
        prints=[_print(deps, item, one, facts) for one in item.prints],
    )


def _print(deps: Dependencies, item: OrderItem, one: OrderPrint, facts: _Facts) -> ProductionPrintOut:
    job = facts.jobs.get(one.print_job_id) if one.print_job_id else None
    return ProductionPrintOut(
        **dict(OrderPrintOut.of(one)),
        picture_url=_link(deps, one.asset_id),
        mockup_url=_mockup(deps, item, one, facts.areas.get((item.variant_id, one.placement))),
        file=_file(deps, one, job),
        gang_sheet_id=facts.sheets.get(one.id),
    )


def _file(deps: Dependencies, one: OrderPrint, job: Job | None) -> FileOut:
    made = PrintFileResult.read(job.result) if job and job.result else None
    return FileOut(
        status=job.status if job else "missing",
        error=job.error.message if job and job.error else None,
        url=_link(deps, made.asset_id) if made else None,
        plate_url=_link(deps, made.plate_id) if made and made.plate_id else None,
        left_mm=round(one.left_um / 1000 + made.left_mm, 3) if made else None,
        top_mm=round(one.top_um / 1000 + made.top_mm, 3) if made else None,
        width_mm=made.width_mm if made else None,
        height_mm=made.height_mm if made else None,
    )


def _link(deps: Dependencies, asset_id: UUID) -> str:
    return deps.urls.private(asset_id, url_signing.link(deps.secret, asset_id)[0])


def _mockup(deps: Dependencies, item: OrderItem, one: OrderPrint, area: PrintArea | None) -> str | None:
    if deps.mockups is None:
        return None
    box = (one.width_um, one.height_um)  # the picture's height follows from it, as from the pixels of its ink
    placed = Placement(
        *(one.placement, one.asset_id, PrintMethod(one.method), one.left_um, one.top_um, one.width_um, box),
        rotation_mdeg=one.rotation_mdeg,
        area=area,
    )
    return mockup_url(item.colour_hex, placed, deps.urls)
