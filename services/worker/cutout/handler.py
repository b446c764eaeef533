"""A cut-out: fetch the source, remove its background or reuse an earlier result, derive preview and mask, store all.

If another file than the transparent PNG is asked for, it is made of that PNG, which stays beside it: so a later job
makes yet another file without a removal.
"""

from contextlib import AbstractContextManager, nullcontext
from dataclasses import dataclass, replace
from functools import partial
from typing import Any
from uuid import UUID

from services.worker import pictures, retry, reuse
from services.worker.composition import composing
from services.worker.cutout import derivatives, files
from services.worker.handlers import Resources, Task
from services.worker.providers import Request
from services.worker.providers.router import Cutout
from shared import errors, failpoints, fast_png, images, storage
from shared.db import assets
from shared.models.asset import Asset, AssetKind
from shared.models.cutout import CutoutInput, CutoutResult, Transparency
from shared.models.job import FollowUp, Job, JobType, Outcome
from shared.models.rendering import AS_CUT
from shared.storage import integrity

_NO_BACKGROUND = "The picture for the background no longer exists."


@dataclass(frozen=True, slots=True)
class CutoutHandler:
    resources: Resources

    def run(self, task: Task) -> Outcome:
        job = task.job
        with task.step("fetch"):
            request = self._fetch(task)
            ground = _ground(request.options)
            background = self._background(job, ground) if ground else None
        with task.step("remove"):
            found = self.resources.router.remove(request)
        if isinstance(found, Outcome) and _as_cut(request.options):
            return self._followed(request.options, _reused(job, found))
        with task.step("store"), _memory(request.source):
            return self._followed(request.options, self._stored(request, found, background))

    def _followed(self, options: CutoutInput, outcome: Outcome) -> Outcome:
        """The outcome with what is made of the transparent PNG for print; no composition is printed."""
        if not self.resources.print_after_cutout or options.composition:
            return outcome
        return replace(outcome, follow_ups=(FollowUp(JobType.PRINT_EDGES, _whole(outcome).id),))

    def _stored(self, request: Request, found: Cutout | Outcome, background: bytes | None) -> Outcome:
        if isinstance(found, Outcome):
            outcome, picture = _reused(request.job, found), self._read(_whole(found))
        else:
            outcome, picture = _outcome(request, found, self._store(request, found)), found.picture
        return outcome if _as_cut(request.options) else self._with_file(request, outcome, picture, background)

    def _with_file(
        self, request: Request, outcome: Outcome, cutout: images.Picture, background: bytes | None
    ) -> Outcome:
        """The outcome with the file that was asked for as its cut-out. Uses `cutout` up."""
        result, options, composed = CutoutResult.read(outcome.result), request.options, None
        density = images.density(request.picture, images.inspect(request.picture))
        if options.composition:
            copy, composed = composing.compose(cutout, options.composition, density, background, result.method)
        else:
            copy = files.make(cutout, result.foreground, options.rendering, density, background)
        kind = AssetKind.FILE if composed else AssetKind.CUTOUT
        put = partial(derivatives.put, self.resources.storage, self.resources.secret, request, kind, copy)
        file = retry.retry_unavailable(put)
        ground = _ground(options)
        named = _naming(replace(result, composed=composed), file)
        return replace(outcome, result=named, assets=(*outcome.assets, file), used=(ground,) if ground else ())

    def _read(self, cutout: Asset) -> images.Picture:
        data = self._get(cutout)
        return images.open_cutout(data, cutout.width, cutout.height, quickly=fast_png.decode)

    def _background(self, job: Job, asset_id: UUID) -> bytes:
        """Fetched before the removal, which may cost money."""
        with self.resources.database.transaction() as connection:
            asset = assets.find(connection, job.owner, asset_id)
        if asset is None:
            raise errors.SourceMissing(_NO_BACKGROUND)
        return images.with_orientation(self._get(asset, _NO_BACKGROUND), asset.orientation)

    def _get(self, asset: Asset, otherwise: str | None = None) -> bytes:
        try:
            return integrity.get(self.resources.storage, asset.key, asset.stored_sha256)
        except storage.Missing as error:
            raise errors.SourceMissing(otherwise) from error

    @failpoints.before("w5")
    @failpoints.after("w6")
    def _store(self, request: Request, cutout: Cutout) -> dict[AssetKind, Asset]:
        store = partial(derivatives.store, self.resources.storage, self.resources.secret, request, cutout)
        return retry.retry_unavailable(store)

    @failpoints.after("w3")
    def _fetch(self, task: Task) -> Request:
        source = task.asset
        if source is None:
            raise errors.SourceMissing
        data = self._get(source)
        options = CutoutInput.read(task.job.input)
        if source.drawn and options.transparency is Transparency.AUTO:
            options = replace(options, transparency=Transparency.KEEP)
        return Request(task.job, options, source, images.with_orientation(data, source.orientation))


def _as_cut(options: CutoutInput) -> bool:
    return options.rendering == AS_CUT and options.composition is None


def _ground(options: CutoutInput) -> UUID | None:
    """The picture for the background."""
    return (options.composition or options.rendering).bg_asset


def _memory(picture: Asset) -> AbstractContextManager[object]:
    large = picture.width * picture.height > pictures.LARGE
    return pictures.one_large if large else nullcontext()


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
    return Outcome(
        result.json(),
        tuple(made.values()),
        cutout.provider,
        request.fingerprint(cutout.engine),
        precision=cutout.precision,
    )


def _reused(job: Job, earlier: Outcome) -> Outcome:
    """The same objects with rows of this job's own, so that each can be deleted alone; at no cost.

    A file that the earlier job made of its cut-out is not among them.
    """
    whole = _whole(earlier)
    copies = {
        asset.id: reuse.copied(asset, job)
        for asset in earlier.assets
        if asset is whole or str(asset.id) != earlier.result["asset_id"]
    }
    result = replace(CutoutResult.read(earlier.result), cost_microusd=0, composed=None)
    return replace(earlier, result=_naming(result, copies[whole.id]), assets=tuple(copies.values()), reused=True)


def _whole(outcome: Outcome) -> Asset:
    """The transparent PNG: of two cut-outs the one that is not the job's result. A composition's file is none."""
    cutouts = (asset for asset in outcome.assets if asset.kind is AssetKind.CUTOUT)
    return min(cutouts, key=lambda asset: str(asset.id) == outcome.result["asset_id"])


def _naming(result: CutoutResult, cutout: Asset) -> dict[str, Any]:
    """The result as JSON, with this asset as its cut-out."""
    named = replace(
        result,
        asset_id=cutout.id,
        cutout_key=cutout.key,
        width=cutout.width,
        height=cutout.height,
        bytes=cutout.bytes,
    )
    return named.json()
