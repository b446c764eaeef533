"""Requests and responses about the books. Money is in minor units."""

from collections.abc import Sequence
from datetime import UTC, date, datetime, timedelta
from typing import Annotated, Literal, Self

from pydantic import ConfigDict, Field, field_validator, model_validator

from services.api import examples
from services.api.catalogue.file_schemas import SEPARATORS
from services.api.schemas import BodyModel, Count, Day, Items, Name, RequestModel, ResponseModel, Time, bounded
from shared.models.book_check import BookCheck
from shared.models.booking import BookDay, BookingKind

MOST_DAYS = 366
_USUAL_DAYS = 30
Cents = Annotated[int, bounded(minimum=-(2**53) + 1, maximum=2**53 - 1)]


class BooksQuery(RequestModel):
    first: Day | None = Field(None, alias="from", description="By default 30 days up to `to`.")
    last: Day | None = Field(None, alias="to", description="Included; by default today. All days are of UTC.")
    test: bool = Field(False, description="The books of test money in place of those of real money.")

    @property
    def to(self) -> date:
        return self.last or datetime.now(UTC).date()

    @property
    def since(self) -> date:
        return self.first or self.to - timedelta(days=_USUAL_DAYS - 1)

    @model_validator(mode="after")
    def _bounded(self) -> Self:
        if not 0 <= (self.to - self.since).days < MOST_DAYS:
            raise ValueError(f"`to` must be `from` or later, and at most {MOST_DAYS} days are shown")
        return self


class BooksFileQuery(BooksQuery):
    separator: Literal["comma", "semicolon"] = Field(
        "comma", description="With semicolons numbers have decimal commas, as Excel expects them in many countries."
    )

    @property
    def sign(self) -> str:
        return SEPARATORS[self.separator]


class BookSums(ResponseModel):
    """`netCents` = received - refunded - disputed - fees. What came back of refunds and disputes is taken off them.

    `unknownFees`: payments whose fee Stripe has not told yet; it is not in `feesCents`.
    """

    currency: Name
    received_cents: Cents
    refunded_cents: Cents
    disputed_cents: Cents
    fees_cents: Cents
    net_cents: Cents
    unknown_fees: Count


class BookDayOut(BookSums):
    day: date


class BookDifferenceOut(ResponseModel):
    """`cents` are the differences of all ids without their signs; `stripeIds` are some of these ids."""

    currency: Name
    kind: BookingKind
    ours_cents: Cents
    stripe_cents: Cents
    cents: Count
    stripe_ids: Items[Name]


class BookCheckOut(ResponseModel):
    """How a day compared with Stripe's. `checkedAt` is null while it has still to be checked."""

    day: date
    checked_at: Time | None
    differences: Items[BookDifferenceOut]

    @classmethod
    def of(cls, check: BookCheck) -> Self:
        return cls.from_row(check, differences=list(map(BookDifferenceOut.from_row, check.differences)))


class BooksOut(ResponseModel):
    """Days with bookings, each currency apart; the totals are their sums. `checks`: the days that were checked."""

    test: bool
    days: Annotated[list[BookDayOut], bounded(maxItems=10 * MOST_DAYS)]
    totals: Items[BookSums]
    checks: Annotated[list[BookCheckOut], bounded(maxItems=MOST_DAYS)]

    @classmethod
    def of(cls, days: Sequence[BookDay], checks: Sequence[BookCheck], *, test: bool) -> Self:
        shown = list(map(BookDayOut.from_row, days))
        return cls(test=test, days=shown, totals=_totals(shown), checks=list(map(BookCheckOut.of, checks)))


def _totals(days: Sequence[BookDayOut]) -> list[BookSums]:
    names = BookSums.model_fields.keys() - {"currency"}
    return [
        BookSums(
            currency=currency,
            **{name: sum(getattr(day, name) for day in days if day.currency == currency) for name in names},
        )
        for currency in sorted({day.currency for day in days})
    ]


class CheckIn(BodyModel):
    model_config = ConfigDict(json_schema_extra=examples.body(day="2026-11-29"))

    day: Day = Field(description="Of UTC; not in the future.")

    @field_validator("day")
    @classmethod
    def _past(cls, value: date) -> date:
        if value > datetime.now(UTC).date():
            raise ValueError("this day has not begun")
        return value
