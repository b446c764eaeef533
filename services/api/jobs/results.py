"""What finished jobs have produced, by their type."""

from collections.abc import Callable, Iterable, Mapping
from typing import Annotated, Any, Literal, Self
from uuid import UUID

from pydantic import Field

from services.api.gang_sheets.schemas import GangSheetResultOut
from services.api.print.drawing_schemas import CutlineOut, VectorOut
from services.api.print.enlargement_schemas import EnlargementOut
from services.api.print.file_schemas import PrintFileOut
from services.api.print.schemas import Number, PrintCheckOut, PrintEdgesOut, RemovedOut
from services.api.schemas import Amount, Count, Name, ResponseModel, Share, Url
from services.api.url_builder import UrlBuilder
from shared.models.cutout import CutoutResult, MaskPrecision, Method
from shared.models.job import Job, JobType
from shared.models.print_edges import Gate, PrintEdgesResult


class ForegroundOut(ResponseModel):
    """The bounding box of all visible pixels."""

    top: Count
    left: Count
    width: Count
    height: Count


class GateOut(ResponseModel):
    """Whether print edges are to be trusted, as in `PrintEdgesOut`."""

    gate: Gate
    uncertain: Share
    ink_change: Number
    removed: RemovedOut | None


class CutoutOut(ResponseModel):
    """`assetId`, `cutoutUrl`, `width`, `height` and `bytes` are those of the file that was asked for.

    `previewUrl`, `maskUrl` and `foreground` are those of the whole cut-out, before it was cropped, made smaller or put
    on a background. `uncertain`: the share of visible pixels whose alpha lies between 10 % and 90 %, or more where the
    subject hardly stands out from its background. `passedThrough`: the picture was a cut-out already, and is unchanged.
    `method`: how our own service told subject and background apart, else null. `precision`: in which numbers its
    network made the mask, null where it did not run.

    `printUrl` and `printAssetId` are the file to be printed, with hard edges, `print` its check at the usual size on
    white. They are null until the job's `steps` are done; if `printEdges` says `ask`, the check is of the soft file and
    there is no other. The URLs need no token and last for one to two hours; every response signs them afresh.
    """

    type: Literal["cutout"] = "cutout"
    asset_id: UUID
    cutout_url: Url
    preview_url: Url
    mask_url: Url
    width: Count
    height: Count
    bytes: Count
    model: Name
    uncertain: Share
    foreground: ForegroundOut
    cost_usd: Amount
    passed_through: bool
    method: Method | None
    precision: MaskPrecision | None
    print: PrintCheckOut | None
    print_url: Url | None
    print_asset_id: UUID | None
    print_edges: GateOut | None

    @classmethod
    def of(cls, job: Job, following: Iterable[Job], urls: UrlBuilder) -> Self:
        assert job.result is not None
        result = CutoutResult.read(job.result)
        done = {job.type: job.result for job in following if job.result}
        check, made = done.get(JobType.PRINT_CHECK), done.get(JobType.PRINT_EDGES)
        edges = PrintEdgesResult.read(made) if made else None
        applied = edges if edges and edges.gate is not Gate.ASK else None
        return cls.from_row(
            result,
            type="cutout",
            cutout_url=urls.asset(result.cutout_key),
            preview_url=urls.asset(result.preview_key),
            mask_url=urls.asset(result.mask_key),
            precision=job.precision,
            cost_usd=result.cost_microusd / 1_000_000,
            print=PrintCheckOut.of(check, urls) if check else None,
            print_url=urls.asset(applied.key) if applied else None,
            print_asset_id=applied.asset_id if applied else None,
            print_edges=GateOut.from_row(edges) if edges else None,
        )


Result = Annotated[
    CutoutOut
    | CutlineOut
    | EnlargementOut
    | GangSheetResultOut
    | PrintEdgesOut
    | PrintCheckOut
    | PrintFileOut
    | VectorOut,
    Field(discriminator="type"),
]
_RESULTS: Mapping[str, Callable[[Mapping[str, Any], UrlBuilder], Result]] = {
    JobType.CUTLINE: CutlineOut.of,
    JobType.ENLARGEMENT: EnlargementOut.of,
    JobType.GANG_SHEET: GangSheetResultOut.of,
    JobType.PRINT_EDGES: PrintEdgesOut.of,
    JobType.PRINT_CHECK: PrintCheckOut.of,
    JobType.PRINT_FILE: PrintFileOut.of,
    JobType.VECTOR: VectorOut.of,
}


def result_of(job: Job, following: Iterable[Job], urls: UrlBuilder) -> Result | None:
    """None until the job is done, and for a type of a newer release. `following` are the jobs that follow this one."""
    if not job.result:
        return None
    if job.type == JobType.CUTOUT:
        return CutoutOut.of(job, following, urls)
    read = _RESULTS.get(job.type)
    return read(job.result, urls) if read else None
