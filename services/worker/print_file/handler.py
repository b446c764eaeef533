"""Print files: a picture as the file that a printer takes, and the plate of its white ink."""

import tempfile
from dataclasses import dataclass
from pathlib import Path

from services.worker import failures, pictures, storing
from services.worker.failures import Failed
from services.worker.handlers import Resources, Task
from services.worker.pictures import Pixels
from services.worker.print_file import writing
from services.worker.print_file.artwork import Artwork, NoInk, TooLarge, artwork
from shared import errors
from shared.images import press_profiles
from shared.models.asset import Asset
from shared.models.job import JobFailure, Outcome
from shared.models.print_file import MAX_PIXELS, MM_PER_INCH, PrintFileInput, PrintFileResult, Underbase


@dataclass(frozen=True, slots=True)
class PrintFileHandler:
    resources: Resources

    def run(self, task: Task) -> Outcome:
        picture, asked = pictures.require(task), PrintFileInput.read(task.job.input)
        profile = self._profile(asked)
        # The file may be of 50 megapixels, however small the picture is.
        with pictures.large(MAX_PIXELS, 1), tempfile.TemporaryDirectory() as folder:
            with task.step("fetch"):
                rgba = pictures.load(self.resources, picture)
            art = _artwork(rgba, asked, profile)
            with task.step("store"):
                file = self._file(task, art, asked, profile, Path(folder))
                plate = self._plate(task, art, asked, Path(folder))
        return Outcome(_result(file, plate, art, asked).json(), (file, plate) if plate else (file,))

    def _profile(self, asked: PrintFileInput) -> bytes:
        """Raises Unavailable, so that the job waits, while the worker lacks the profile that the api has."""
        if asked.profile is None:
            return press_profiles.own()
        profile = self.resources.profiles.find(asked.profile)
        if profile is None:
            raise errors.Unavailable("The printer's profile is not there.")
        return profile

    def _file(self, task: Task, art: Artwork, asked: PrintFileInput, profile: bytes, folder: Path) -> Asset:
        path = folder / f"print.{asked.format}"
        writing.write(path, art, asked, profile)
        return self._stored(task, path, art.colours)

    def _plate(self, task: Task, art: Artwork, asked: PrintFileInput, folder: Path) -> Asset | None:
        if asked.underbase is not Underbase.PLATE or art.plate is None:
            return None
        path = folder / "plate.png"
        writing.write_plate(path, art.plate, asked.dpi)
        return self._stored(task, path, art.plate)

    def _stored(self, task: Task, path: Path, pixels: Pixels) -> Asset:
        return storing.put_file(self.resources, task, path, (pixels.shape[1], pixels.shape[0]))


def _artwork(rgba: Pixels, asked: PrintFileInput, profile: bytes) -> Artwork:
    """Raises Failed for a picture that cannot be printed so."""
    try:
        return artwork(rgba, asked, profile)
    except NoInk:
        raise failures.nothing_to_print() from None
    except TooLarge:
        words = f"The file would have more than {MAX_PIXELS // 1_000_000} megapixels, or a side of more than 5 m."
        raise Failed(JobFailure.TOO_LARGE, words) from None


def _result(file: Asset, plate: Asset | None, art: Artwork, asked: PrintFileInput) -> PrintFileResult:
    mm_per_px = MM_PER_INCH / asked.dpi
    return PrintFileResult(
        asset_id=file.id,
        key=file.key,
        width=file.width,
        height=file.height,
        width_mm=round(file.width * mm_per_px, 3),
        height_mm=round(file.height * mm_per_px, 3),
        bytes=file.bytes,
        plate_id=plate.id if plate else None,
        plate_key=plate.key if plate else None,
        plate_bytes=plate.bytes if plate else 0,
        left_mm=round(art.offset[0] * mm_per_px, 3),
        top_mm=round(art.offset[1] * mm_per_px, 3),
    )
