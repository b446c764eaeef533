"""Artwork as a file: PNG, TIFF or PDF; and its plate as a grey PNG, black = ink, as film and screens want it."""

from pathlib import Path

import numpy as np

from services.worker.print_file import inks
from services.worker.print_file.artwork import Artwork
from services.worker.print_file.fitting import Pixels
from services.worker.print_formats import pdf, png, tiff
from services.worker.print_formats.strips import strips_of
from services.worker.print_formats.tiff import Colours
from shared.models.print_file import MM_PER_INCH, PrintFileInput, PrintFormat, Space, Underbase


def write(path: Path, art: Artwork, asked: PrintFileInput, profile: bytes) -> None:
    """Write the file that was asked for; `profile` is that of CMYK."""
    if asked.format is PrintFormat.PNG:
        png.write(path, strips_of(art.colours), _size(art.colours), asked.dpi)
    elif asked.format is PrintFormat.TIFF:
        _write_tiff(path, art, asked, profile)
    else:
        _write_pdf(path, art, asked, profile)


def write_plate(path: Path, plate: Pixels, dpi: float) -> None:
    strips = (np.invert(strip) for strip in strips_of(plate))
    png.write(path, strips, _size(plate), dpi, samples=1)


def _write_tiff(path: Path, art: Artwork, asked: PrintFileInput, profile: bytes) -> None:
    size = _size(art.colours)
    colours, icc = (Colours.CMYK, profile) if asked.space is Space.CMYK else (Colours.RGB, inks.srgb())
    if asked.underbase is Underbase.SPOT and art.plate is not None:
        flat = inks.flat(art.colours, art.plate)
        tiff.write(path, strips_of(flat), size, asked.dpi, colours=colours, spots=(asked.spot,), icc=icc)
    else:
        tiff.write(path, strips_of(art.colours), size, asked.dpi, colours=colours, icc=icc)


def _write_pdf(path: Path, art: Artwork, asked: PrintFileInput, profile: bytes) -> None:
    width, height = (side * MM_PER_INCH / asked.dpi for side in _size(art.colours))
    whole = pdf.Box(0, 0, width, height)
    white, cmyk = asked.underbase is Underbase.SPOT, asked.space is Space.CMYK
    with pdf.page(path, (width, height), profile if cmyk else None) as page:
        if white and art.plate is not None:
            page.place(page.plate(art.plate, page.spot(asked.spot)), whole)
        picture = page.picture(art.colours, icc=None if cmyk else inks.srgb())
        page.place(picture, whole, over_plate=white)


def _size(pixels: Pixels) -> tuple[int, int]:
    return pixels.shape[1], pixels.shape[0]
