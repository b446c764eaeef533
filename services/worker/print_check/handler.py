"""A print check: what would go wrong if this file were printed as asked."""

from dataclasses import asdict, dataclass, replace

from services.worker import pictures, reuse
from services.worker.handlers import Resources, Task
from services.worker.prepress import check, placement
from services.worker.prepress.arrays import Pixels
from services.worker.prepress.rules import Print
from shared import metrics
from shared.models.asset import Asset
from shared.models.job import Outcome
from shared.models.print_check import SHIRT_FRONT, PrintCheckInput, PrintCheckResult, usual_width


@dataclass(frozen=True, slots=True)
class PrintCheckHandler:
    resources: Resources

    def run(self, task: Task) -> Outcome:
        asset, asked = pictures.require(task), PrintCheckInput.read(task.job.input)
        fingerprint, found = reuse.earlier(self.resources, task.job, asset, files=0)
        return found or Outcome(self._checked(task, asset, asked).json(), fingerprint=fingerprint)

    def _checked(self, task: Task, asset: Asset, asked: PrintCheckInput) -> PrintCheckResult:
        with pictures.large(asset.width, asset.height):
            with task.step("fetch"):
                rgba = pictures.load(self.resources, asset)
                source = pictures.source_of(self.resources, asset)
            report = check.check(rgba, _print(rgba, asked), source, asset.enlarged or 1)
        for finding in report.findings:
            metrics.PRINT_FINDINGS.labels(finding.code).inc()
        return PrintCheckResult(
            asset_id=asset.id,
            width=asset.width,
            height=asset.height,
            ok=report.ok,
            score=report.score,
            findings=report.findings,
            figures=report.figures,
        )


def _print(rgba: Pixels, asked: PrintCheckInput) -> Print:
    box = placement.ink_box(rgba[..., 3])
    usual = usual_width(box, asked.area_mm) if box else SHIRT_FRONT[0]
    return Print(**asdict(replace(asked, width_mm=asked.width_mm or usual)))
