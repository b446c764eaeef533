"""Print edges: a second file beside a soft cut-out, with a hard outline. In a chain, its print check follows."""

from dataclasses import dataclass, replace

import numpy as np

from services.worker import failures, pictures, reuse, storing
from services.worker.handlers import Resources, Task
from services.worker.pictures import Pixels
from services.worker.prepress import edges, placement
from services.worker.prepress.edges import Edges, Options
from shared import fast_png, images, metrics
from shared.models.asset import Asset, AssetKind
from shared.models.job import FollowUp, JobType, Outcome
from shared.models.print_check import usual_width
from shared.models.print_edges import Gate, PrintEdgesInput, PrintEdgesResult


@dataclass(frozen=True, slots=True)
class PrintEdgesHandler:
    resources: Resources

    def run(self, task: Task) -> Outcome:
        soft, asked = pictures.require(task), PrintEdgesInput.read(task.job.input)
        fingerprint, found = reuse.earlier(self.resources, task.job, soft, files=1)
        outcome = found or replace(self._made(task, soft, asked), fingerprint=fingerprint)
        return replace(outcome, follow_ups=(_check(soft, outcome),)) if task.job.parent_id else outcome

    def _made(self, task: Task, soft: Asset, asked: PrintEdgesInput) -> Outcome:
        with pictures.large(soft.width, soft.height):
            with task.step("fetch"):
                rgba = pictures.load(self.resources, soft)
                source = pictures.source_of(self.resources, soft)
            made = edges.print_edges(rgba, _options(rgba, asked), source)
            metrics.PRINT_EDGES_UNCERTAIN.observe(made.uncertain)
            with task.step("store"):
                copy = images.Copy(fast_png.encode(made.rgba), "image/png", (soft.width, soft.height))
                file = storing.put(self.resources, task, AssetKind.PRINT, copy)
        return Outcome(_result(file, made).json(), (file,))


def _options(rgba: Pixels, asked: PrintEdgesInput) -> Options:
    """Raises Failed for a picture without ink."""
    box = placement.ink_box(np.ascontiguousarray(rgba[..., 3]))
    if box is None:
        raise failures.nothing_to_print()
    width_mm = asked.width_mm or usual_width(box)
    return Options(width_mm / (box.right - box.left), asked.choke_px, asked.island_mm2)


def _check(soft: Asset, outcome: Outcome) -> FollowUp:
    """Of the file that will be printed: the soft one where the customer must decide."""
    result = PrintEdgesResult.read(outcome.result)
    return FollowUp(JobType.PRINT_CHECK, soft.id if result.gate is Gate.ASK else result.asset_id)


def _result(file: Asset, made: Edges) -> PrintEdgesResult:
    return PrintEdgesResult(
        asset_id=file.id,
        key=file.key,
        width=file.width,
        height=file.height,
        bytes=file.bytes,
        gate=made.gate,
        uncertain=made.uncertain,
        ink_change=made.ink_change,
        rim_px=made.rim_px,
        removed=made.removed,
    )
