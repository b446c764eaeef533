"""Requests and responses about batches."""

from collections.abc import Mapping, Sequence
from typing import Annotated, Any, ClassVar, Self
from uuid import UUID

from pydantic import ConfigDict, Field

from services.api import examples
from services.api.assets.schemas import PictureFile, UploadForm
from services.api.cutouts.schemas import CutoutOptions, chosen
from services.api.jobs.schemas import JobErrorOut
from services.api.schemas import (
    FROM_TEXT,
    ApiModel,
    BodyModel,
    Count,
    NextCursor,
    RequestModel,
    ResponseModel,
    Sha256,
    Time,
    Url,
    bounded,
)
from services.api.url_builder import UrlBuilder
from shared.models.batch import MAX_PICTURES, Batch, BatchState, Item, ItemState
from shared.models.cutout import CutoutResult, Provider

MAX_ADDRESS = 2000
PAGE = 100
_Path = Annotated[str, bounded(minLength=1, maxLength=400)]


class NewItemIn(BodyModel):
    """A picture of yours or the URL of one, and its path in the results; without one, its name.

    A text that is no URL fails as a picture of the batch: the others are cut out.
    """

    asset_id: Annotated[UUID, FROM_TEXT] | None = None
    image_url: str | None = Field(None, max_length=MAX_ADDRESS)
    name: str | None = Field(None, min_length=1, max_length=1000)


class ItemsIn(BodyModel):
    """Each of `items` has either `assetId` or `imageUrl`."""

    model_config = ConfigDict(json_schema_extra=examples.body(items=[{"assetId": examples.ASSET, "name": "a/b.png"}]))

    items: list[NewItemIn] = Field(max_length=MAX_PICTURES)


class BatchForm(UploadForm):
    """Pictures, whose file names may be paths, or one ZIP file; all of at most 20 MB."""

    in_json: ClassVar[tuple[str, tuple[type[BodyModel], ...]]] = ("BatchIn", (ItemsIn,))
    archive: ClassVar[bool] = True

    file: list[PictureFile] = Field(min_length=1, max_length=MAX_PICTURES)  # type: ignore[assignment] # for the document


class BatchQuery(CutoutOptions):
    """How to cut out all pictures, and whether more will come."""

    pictures: int | None = Field(
        None,
        ge=1,
        le=MAX_PICTURES,
        description="The batch stays open: add up to so many pictures, then close it. They count as uploads now.",
    )

    def input(self, provider: Provider | None = None) -> dict[str, Any]:
        """That of each cut-out."""
        return {name: value for name, value in super().input(provider).items() if name != "pictures"}


class ItemsQuery(RequestModel):
    """Pages of a batch's pictures, in their order; `cursor` is the `nextCursor` of the page before."""

    limit: int = Field(PAGE, ge=1, le=PAGE)
    cursor: str | None = Field(None, pattern=r"^[0-9]{1,3}$")
    status: ItemState | None = None

    @property
    def after(self) -> int:
        return int(self.cursor) if self.cursor else -1


class BatchPath(ApiModel):
    batch_id: UUID


class CountsOut(ResponseModel):
    waiting: Count = 0
    queued: Count = 0
    running: Count = 0
    done: Count = 0
    failed: Count = 0
    cancelled: Count = 0


class CutOutFile(ResponseModel):
    url: Url
    width: Count
    height: Count
    bytes: Count


class BatchItemOut(ResponseModel):
    """A picture of a batch. `name` is its path, made safe and unique.

    `sha256`, of the bytes as received, and `assetId` are null until the picture was taken in. It can be tried again as
    any job, by `jobId`.
    """

    position: Count
    name: _Path
    status: ItemState
    sha256: Sha256 | None
    asset_id: UUID | None
    job_id: UUID | None
    result: CutOutFile | None
    error: JobErrorOut | None

    @classmethod
    def of(cls, item: Item, urls: UrlBuilder) -> Self:
        return cls.from_row(item, status=item.state, result=_file(item, urls))


def _file(item: Item, urls: UrlBuilder) -> CutOutFile | None:
    if not item.result:
        return None
    result = CutoutResult.read(item.result)
    return CutOutFile.from_row(result, url=urls.asset(result.cutout_key))


class BatchSummary(ResponseModel):
    """A batch. It is `open` as long as pictures can be added, and `done` when all have ended.

    `pictures`: it holds at most so many. The `zip` of the results is there once it is `done` or `cancelled`.
    """

    names: ClassVar[Mapping[str, str]] = {"batch_id": "id"}

    id: UUID
    status: BatchState
    pictures: Count
    counts: CountsOut
    options: dict[str, Any]
    created_at: Time
    closed_at: Time | None
    status_url: Url
    events_url: Url
    zip_url: Url

    @classmethod
    def of(cls, batch: Batch, counts: Mapping[ItemState, int], urls: UrlBuilder, **others: Any) -> Self:
        status_url = urls.batch(batch.id)
        return cls.from_row(
            batch,
            status=batch.state(counts),
            counts=CountsOut(**{state.value: found for state, found in counts.items()}),
            options=chosen(batch.input),
            status_url=status_url,
            events_url=f"{status_url}/events",
            zip_url=f"{status_url}/zip",
            **others,
        )


class BatchOut(BatchSummary):
    __doc__ = BatchSummary.__doc__

    items: Annotated[list[BatchItemOut], bounded(maxItems=PAGE)]
    next_cursor: NextCursor

    @classmethod
    def page(
        cls, batch: Batch, counts: Mapping[ItemState, int], items: Sequence[Item], limit: int, urls: UrlBuilder
    ) -> Self:
        """`items`: one more than `limit` tells that there is another page."""
        shown = items[:limit]
        more = str(shown[-1].position) if len(items) > limit else None
        return cls.of(batch, counts, urls, items=[BatchItemOut.of(item, urls) for item in shown], next_cursor=more)


class BatchPage(ResponseModel):
    items: Annotated[list[BatchSummary], bounded(maxItems=100)]
    next_cursor: NextCursor
