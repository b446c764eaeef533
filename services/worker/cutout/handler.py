"""A cut-out: fetch the source, remove its background or reuse an earlier result, derive preview and mask, store all."""

from dataclasses import dataclass, replace
from datetime import UTC, datetime
from functools import partial

from services.worker import retry
from services.worker.cutout import derivatives
from services.worker.handlers import Resources, Task
from services.worker.providers import Request
from services.worker.providers.router import Cutout
from shared import errors, failpoints, images, storage
from shared.db import ids
from shared.models.asset import Asset, AssetKind
from shared.models.cutout import CutoutInput, CutoutResult, Transparency
from shared.models.job import Job, Outcome
from shared.storage import integrity


@dataclass(frozen=True, slots=True)
class CutoutHandler:
    resources: Resources

    def run(self, task: Task) -> Outcome:
        job = task.job
        with task.step("fetch"):
            request = self._fetch(task)
        with task.step("remove"):
            found = self.resources.router.remove(request)
        if isinstance(found, Outcome):
            return _reused(job, found)
        with task.step("store"):
            made = self._store(request, found)
        return _outcome(request, found, made)

    @failpoints.before("w5")
    @failpoints.after("w6")
    def _store(self, request: Request, cutout: Cutout) -> dict[AssetKind, Asset]:
        store = partial(derivatives.store, self.resources.storage, self.resources.secret, request, cutout)
        return retry.retry_unavailable(store)

    @failpoints.after("w3")
    def _fetch(self, task: Task) -> Request:
        source = task.asset
        try:
            if source is None:
                raise storage.Missing(str(task.job.asset_id))
            data = integrity.get(self.resources.storage, source.key, source.stored_sha256)
        except storage.Missing as error:
            raise errors.SourceMissing from error
        options = CutoutInput.read(task.job.input)
        if source.drawn and options.transparency is Transparency.AUTO:
            options = replace(options, transparency=Transparency.KEEP)
        return Request(task.job, options, source, images.with_orientation(data, source.orientation))


def _outcome(request: Request, cutout: Cutout, made: dict[AssetKind, Asset]) -> Outcome:
    picture = made[AssetKind.CUTOUT]
    result = CutoutResult(
        asset_id=picture.id,
        cutout_key=picture.key,
        preview_key=made[AssetKind.PREVIEW].key,
        mask_key=made[AssetKind.MASK].key,
        width=picture.width,
        height=picture.height,
        bytes=picture.bytes,
        model=cutout.model,
        uncertain=cutout.uncertain,
        foreground=cutout.foreground,
        cost_microusd=cutout.cost_microusd,
        passed_through=cutout.passed_through,
        method=cutout.method,
    )
    return Outcome(result.json(), tuple(made.values()), cutout.provider, request.fingerprint(cutout.engine))


def _reused(job: Job, earlier: Outcome) -> Outcome:
    """The same objects with rows of this job's own, so that each can be deleted alone; at no cost."""
    now = datetime.now(UTC)
    copies = tuple(replace(asset, id=ids.new(), job_id=job.id, created_at=now) for asset in earlier.assets)
    (asset_id,) = (asset.id for asset in copies if asset.kind is AssetKind.CUTOUT)
    result = replace(CutoutResult.read(earlier.result), asset_id=asset_id, cost_microusd=0)
    return replace(earlier, result=result.json(), assets=copies, reused=True)
