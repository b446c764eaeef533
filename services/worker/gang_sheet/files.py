"""A sheet as a file: PNG and TIFF from strips, PDF with each design once, however often it is laid down."""

from collections.abc import Sequence
from pathlib import Path

import numpy as np

from services.worker.gang_sheet import composing
from services.worker.gang_sheet.designs import MM_PER_PX, Design
from services.worker.print_file import inks
from services.worker.print_formats import pdf, png, tiff
from shared.models.gang_sheet import DPI, Placement, SheetFormat


def write(
    path: Path,
    format: SheetFormat,  # noqa: A002 - the API's word
    designs: Sequence[Design],
    placements: Sequence[Placement],
    size: tuple[int, int],
    spot: str = "",
) -> None:
    """Write a sheet of `size` (width, height) in pixels at DPI.

    `spot` names the white ink of designs that have a plate, a Separation of a PDF; PNG and TIFF are RGBA. Raises
    composing.InkLost, and the file is no good then.
    """
    if format is SheetFormat.PDF:
        _write_pdf(path, designs, placements, size, spot)
    elif format is SheetFormat.PNG:
        png.write(path, composing.colours(designs, placements, size), size, DPI)
    else:
        tiff.write(path, composing.colours(designs, placements, size), size, DPI, icc=inks.srgb())


def write_plate(path: Path, designs: Sequence[Design], placements: Sequence[Placement], size: tuple[int, int]) -> None:
    """The white plate alone as a grey PNG, black = ink, as print files have it."""
    strips = (np.invert(strip) for strip in composing.plates(designs, placements, size))
    png.write(path, strips, size, DPI, samples=1)


def _write_pdf(
    path: Path, designs: Sequence[Design], placements: Sequence[Placement], size: tuple[int, int], spot: str
) -> None:
    used = sorted({placement.item for placement in placements})
    with pdf.page(path, (size[0] * MM_PER_PX, size[1] * MM_PER_PX)) as page:
        icc, white = inks.srgb(), page.spot(spot) if spot else None
        plates, images = dict[int, pdf.Image](), dict[int, pdf.Image]()
        for item in used:
            plate = designs[item].plate
            if plate and white is not None:
                plates[item] = page.plate(plate.mapped()[..., 0], white)
            images[item] = page.picture(designs[item].colours.mapped(), icc=icc)
        for placement in placements:
            box = _box(designs[placement.item], placement)
            if placement.item in plates:
                page.place(plates[placement.item], box)
            page.place(images[placement.item], box, over_plate=placement.item in plates)


def _box(design: Design, placement: Placement) -> pdf.Box:
    return pdf.Box(placement.x_mm, placement.y_mm, design.width_mm, design.height_mm, placement.quarters)
