"""A gang sheet: designs at print size on disk, laid out, written sheet by sheet, with a preview of each.

Memory holds one picture at a time, then strips. Disk holds every design once, and once more where it is turned.
"""

import tempfile
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, replace
from pathlib import Path

from services.worker import pictures, storing
from services.worker.failures import Failed
from services.worker.gang_sheet import designs, files, layout, preview
from services.worker.gang_sheet.designs import Design
from services.worker.gang_sheet.geometry import Shape, lengths
from services.worker.gang_sheet.layout import Layout
from services.worker.gang_sheet.shelves import DoesNotFit
from services.worker.handlers import Resources, Task
from shared import errors
from shared.db import assets
from shared.models.asset import Asset
from shared.models.gang_sheet import (
    GangSheetInput,
    GangSheetResult,
    Item,
    Placement,
    Sheet,
    SheetFormat,
    millimetres,
    pixels,
    price_cents,
)
from shared.models.job import JobFailure, Outcome

_MOST_DESIGN_PIXELS = 1_000_000_000  # of all designs together: 4 GB of disk, or twice that if all are turned
_MOST_FILM_PIXELS = 2_000_000_000  # 25 m of film 560 mm wide: ten seconds of a processor for each format
_QUARTERS, _UPRIGHT = (0, 1, 2, 3), (0,)


@dataclass(frozen=True, slots=True)
class GangSheetHandler:
    resources: Resources

    def run(self, task: Task) -> Outcome:
        asked = GangSheetInput.read(task.job.input)
        with tempfile.TemporaryDirectory(prefix="gang-sheet-") as folder:
            with task.step("fetch"):
                made = list(self._designs(task, asked, Path(folder)))
            laid = _layout(made, asked)
            with task.step("store"):
                stored = [self._sheet(task, asked, made, sheet) for sheet in _sheets(asked, laid, Path(folder))]
        return _outcome(asked, laid, stored)

    def _designs(self, task: Task, asked: GangSheetInput, folder: Path) -> Iterator[Design]:
        """One after another; raises Failed for what cannot be printed, and SourceMissing for a deleted picture."""
        total = 0
        for number, (asset, item) in enumerate(zip(self._require_all(task, asked.items), asked.items, strict=True), 1):
            label = f"{number}: {item.width_mm:g} mm" if asked.labels else ""
            with pictures.large(asset.width, asset.height), _refusals(number):
                rgba = pictures.load(self.resources, asset)
                design = designs.make(
                    rgba, item.width_mm, folder / f"design{number}", label=label, white=asked.underbase
                )
            total += design.colours.width * design.colours.height
            if total > _MOST_DESIGN_PIXELS:
                raise Failed(JobFailure.TOO_LARGE, "The designs have too many pixels together: print them smaller.")
            yield design

    def _require_all(self, task: Task, items: Sequence[Item]) -> list[Asset]:
        """The pictures of all items. Raises SourceMissing if any was deleted."""
        with self.resources.database.transaction() as connection:
            found = [assets.find(connection, task.job.owner, item.asset_id) for item in items]
        present = [asset for asset in found if asset]
        if len(present) < len(found):
            raise errors.SourceMissing
        return present

    def _sheet(self, task: Task, asked: GangSheetInput, made: Sequence[Design], sheet: "_Laid") -> "_Stored":
        """Write and store the files of one sheet, one at a time on disk."""
        spot, stored = asked.spot if asked.underbase else "", dict[str, Asset]()
        for kind in asked.formats:
            path = sheet.path(kind)
            files.write(path, kind, made, sheet.placements, sheet.size, spot)
            stored[kind] = self._stored(task, path, sheet)
        if spot and {*asked.formats} - {SheetFormat.PDF}:
            path = sheet.path("plate.png")
            files.write_plate(path, made, sheet.placements, sheet.size)
            stored["plate"] = self._stored(task, path, sheet)
        path = sheet.path("webp")
        path.write_bytes(preview.encoded(preview.draw(made, sheet.placements, sheet.size)))
        stored["preview"] = self._stored(task, path, sheet)
        return _Stored(millimetres(sheet.size[1]), stored)

    def _stored(self, task: Task, path: Path, sheet: "_Laid") -> Asset:
        asset = storing.put_file(self.resources, task, path, sheet.size)
        path.unlink()
        return asset


@dataclass(frozen=True, slots=True)
class _Laid:
    """What lies on one sheet, its size in pixels, and where its files are written."""

    placements: tuple[Placement, ...]
    size: tuple[int, int]
    folder: Path

    def path(self, extension: str) -> Path:
        return self.folder / f"sheet.{extension}"


@dataclass(frozen=True, slots=True)
class _Stored:
    """A written sheet and its assets: by format, and as `plate` and `preview`."""

    length_mm: float
    assets: Mapping[str, Asset]

    def sheet(self) -> Sheet:
        plate = self.assets.get("plate")
        return Sheet(
            length_mm=self.length_mm,
            preview_key=self.assets["preview"].key,
            files={kind: self.assets[kind].key for kind in SheetFormat if kind in self.assets},
            plate_key=plate.key if plate else None,
        )


def _sheets(asked: GangSheetInput, laid: Layout, folder: Path) -> list[_Laid]:
    """Raises Failed if there is more film than can be written in time."""
    width = pixels(asked.film.width_mm)
    if sum(map(pixels, laid.lengths)) * width > _MOST_FILM_PIXELS:
        raise Failed(JobFailure.TOO_LARGE, "The sheets would be too long together: order fewer copies at once.")
    return [
        _Laid(tuple(one for one in laid.placements if one.sheet == number), (width, pixels(length)), folder)
        for number, length in enumerate(laid.lengths)
    ]


def _layout(made: Sequence[Design], asked: GangSheetInput) -> Layout:
    shapes = [
        Shape(design.outline, design.width_mm, design.height_mm, item.copies, _QUARTERS if item.rotate else _UPRIGHT)
        for design, item in zip(made, asked.items, strict=True)
    ]
    if asked.placements:
        return Layout(asked.placements, tuple(lengths(shapes, asked.placements, asked.film)), 0.0)
    try:
        return layout.arrange(shapes, asked.film, asked.effort)
    except DoesNotFit as error:
        raise Failed(JobFailure.DOES_NOT_FIT, f"Item {error.item + 1} is larger than a sheet.") from error


@contextmanager
def _refusals(number: int) -> Iterator[None]:
    """What a design is refused for, as a failure of the job."""
    try:
        yield
    except designs.NoInk as error:
        raise Failed(JobFailure.NO_INK, f"Item {number} has nothing to print.") from error
    except designs.TooLarge as error:
        raise Failed(JobFailure.TOO_LARGE, f"Item {number} has too many pixels: print it smaller.") from error


def _outcome(asked: GangSheetInput, laid: Layout, stored: Sequence[_Stored]) -> Outcome:
    used = tuple({item.asset_id: None for item in asked.items})
    made = [replace(asset, origins=used) for one in stored for asset in one.assets.values()]
    length = sum(one.length_mm for one in stored)
    result = GangSheetResult(
        asset_id=made[0].id,
        sheets=tuple(one.sheet() for one in stored),
        placements=laid.placements,
        length_mm=round(length, 4),
        saved=round(laid.saved, 4),
        price_cents=price_cents(length, asked.cents_per_m),
    )
    return Outcome(result.json(), tuple(made), used=used)
