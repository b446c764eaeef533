"""Requests and responses about product files."""

from collections.abc import Sequence
from typing import Annotated, Any, Literal, Self

from pydantic import Field

from services.api.catalogue.spreadsheet import Fault
from services.api.schemas import Count, Message, Name, RequestModel, ResponseModel, bounded
from shared.db.product_writes import ProductWrite

MOST_FAULTS = 1000  # listed
SEPARATORS = {"comma": ",", "semicolon": ";"}


class ExportQuery(RequestModel):
    separator: Literal["comma", "semicolon"] = Field(
        "comma", description="Excel expects semicolons where numbers have decimal commas."
    )


class ImportQuery(RequestModel):
    dry_run: bool = Field(False, description="Change nothing, and list every fault.")


class FaultOut(ResponseModel):
    """`row` is numbered as in a spreadsheet program, 1 is the header; without a column the whole row is meant."""

    row: Count
    column: Name | None
    message: Message


class ImportOut(ResponseModel):
    """What was written or, in a dry run, would be. The first 1,000 faults are listed."""

    dry_run: bool
    new_products: Count
    changed_products: Count
    new_variants: Count
    changed_variants: Count
    fault_count: Count
    faults: Annotated[list[FaultOut], bounded(maxItems=MOST_FAULTS)]

    @classmethod
    def of(cls, written: Sequence[ProductWrite], found: Sequence[Fault], *, dry_run: bool) -> Self:
        variants = [variant for product in written for variant in product.variants]
        new_products, new_variants = sum(product.new for product in written), sum(variant.new for variant in variants)
        return cls(
            dry_run=dry_run,
            new_products=new_products,
            changed_products=len(written) - new_products,
            new_variants=new_variants,
            changed_variants=len(variants) - new_variants,
            fault_count=len(found),
            faults=_listed(found),
        )


def faults(found: Sequence[Fault]) -> dict[str, Any]:
    """The details of a refusal."""
    return {"faultCount": len(found), "faults": [fault.json_ready() for fault in _listed(found)]}


def _listed(found: Sequence[Fault]) -> list[FaultOut]:
    return [FaultOut.from_row(fault) for fault in found[:MOST_FAULTS]]
