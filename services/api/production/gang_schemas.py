"""Requests and responses about gang sheets of orders."""

from collections.abc import Sequence
from typing import Annotated, Self
from uuid import UUID

from pydantic import ConfigDict, Field

from services.api import examples
from services.api.gang_sheets.schemas import FilmModel, GangSheetOut, Millimetres
from services.api.schemas import FROM_TEXT, Amount, BodyModel, Count, Items, Name, RequestModel, ResponseModel, bounded
from services.api.url_builder import UrlBuilder
from shared.db.gang_sheet_prints import LaidPrint, WaitingPrint
from shared.models.gang_sheet import Effort, SheetFormat
from shared.models.job import Job

MOST_PRINTS = 200
_FILM_MM, _GAP_MM = 558.8, 5.0  # 22 in, as most film is wide


class ProposalQuery(RequestModel):
    """The film: its width, and the least distance between two designs."""

    width_mm: float = Field(_FILM_MM, ge=100, le=1600, allow_inf_nan=False)
    gap_mm: float = Field(_GAP_MM, ge=0, le=50, allow_inf_nan=False)


class NewOrderSheet(BodyModel):
    """A proposal, or a part of one. `sheet` is the film."""

    model_config = ConfigDict(
        json_schema_extra=examples.body(printIds=[examples.PARAMETERS["print_id"]], sheet={"widthMm": 558.8})
    )

    print_ids: list[Annotated[UUID, FROM_TEXT]] = Field(min_length=1, max_length=MOST_PRINTS)
    sheet: FilmModel
    effort: Annotated[Effort, FROM_TEXT] = Effort.TIGHT
    formats: list[Annotated[SheetFormat, FROM_TEXT]] = Field([SheetFormat.PNG], min_length=1, max_length=3)
    labels: bool = Field(True, description="Print the item's number and width below each copy.")
    underbase: bool = Field(True, description="White ink below the designs: a plate beside PNG and TIFF, in a PDF.")


class PrintOnSheetOut(ResponseModel):
    """A print of an order, and how many copies of it are on the sheet."""

    order_number: Name
    line: Count
    copies: Count


class ProposedItemOut(ResponseModel):
    """A picture at one width, for one order or several."""

    width_mm: Amount
    height_mm: Amount
    copies: Count
    prints: Items[PrintOnSheetOut]


class ProposalOut(ResponseModel):
    """A gang sheet to be ordered. `lengthMm`: of film, in straight rows; nested by their outlines designs take less."""

    print_ids: Items[UUID]
    items: Items[ProposedItemOut]
    copies: Count
    length_mm: Millimetres

    @classmethod
    def of(cls, items: Sequence[Sequence[WaitingPrint]], length_mm: float) -> Self:
        return cls(
            print_ids=[one.print_id for of_item in items for one in of_item],
            items=list(map(_item, items)),
            copies=sum(one.copies for of_item in items for one in of_item),
            length_mm=length_mm,
        )


class ProposalList(ResponseModel):
    """What was paid for and lies on no sheet yet, the oldest order first."""

    items: Items[ProposalOut]


class OrderSheetOut(GangSheetOut):
    """A gang sheet of orders; `prints` says for which order each item is, by its place in `items`."""

    prints: Annotated[list[Items[PrintOnSheetOut]], bounded(maxItems=MOST_PRINTS)]

    @classmethod
    def with_prints(cls, job: Job, laid: Sequence[LaidPrint], urls: UrlBuilder) -> Self:
        sheet = GangSheetOut.of(job, urls)
        prints = [[PrintOnSheetOut.from_row(one) for one in laid if one.item == at] for at in range(len(sheet.items))]
        return cls(**dict(sheet), prints=prints)


def _item(prints: Sequence[WaitingPrint]) -> ProposedItemOut:
    first = prints[0]
    return ProposedItemOut(
        width_mm=first.width_um / 1000,
        height_mm=first.height_um / 1000,
        copies=sum(one.copies for one in prints),
        prints=[PrintOnSheetOut.from_row(one) for one in prints],
    )
