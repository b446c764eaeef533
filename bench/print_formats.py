"""What writing a sheet of film costs: 560 mm x 5 m at 300 dpi, 390 megapixels, as PNG, TIFF and PDF.

Run `python -m bench.print_formats`. Each format is written in a process of its own; beside the time stands its peak
resident memory over what it had when its modules were loaded (VmHWM, reset then; Linux), designs included. The sheet
is a band of cut-out photographs, flat artwork and noise, repeated; strips are copied out of it as a gang sheet's would
be. Then other programs read the files: sizes, resolution and crops must be those written.
"""

import multiprocessing
import os
import shutil
import subprocess
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from services.worker.print_formats import pdf, png, tiff

SAMPLE = Path("deploy/local/sample.jpg")
DPI, SIZE_MM = 300, (560, 5000)
WIDTH, HEIGHT = SIZE = (6614, 59_055)
TARGET_S, TARGET_MB = 12.0, 120.0
_ROWS = 64  # of a strip
_CELL = 630  # pixels a side of one design
_CROPS = ((0, 0), (3000, 30_000), (WIDTH - 200, HEIGHT - 200))

Pixels = NDArray[np.uint8]


def main() -> None:
    gigabytes = WIDTH * HEIGHT * 4 / 1e9
    print(f"{os.cpu_count()} cores, load {os.getloadavg()[0]:.1f}; {WIDTH} x {HEIGHT} pixels, {gigabytes:.2f} GB raw\n")
    print(f"{'':10}{'seconds':>9}{'CPU':>7}{'target':>8}{'memory':>11}{'target':>10}{'file':>10}")
    with (
        tempfile.TemporaryDirectory() as folder,
        multiprocessing.get_context("spawn").Pool(1, maxtasksperchild=1) as one,
    ):
        for kind in ("png", "tif", "pdf"):
            path = Path(folder, f"sheet.{kind}")
            wall, cpu, memory = one.apply(written, (path,))
            size = path.stat().st_size / 1e6
            print(f"{kind:10}{wall:9.1f}{cpu:7.1f}{TARGET_S:8.0f}{memory:8.0f} MB{TARGET_MB:7.0f} MB{size:7.1f} MB")
            print(f"{'':10}{one.apply(read_back, (path,))}", flush=True)
            path.unlink()


def written(path: Path) -> tuple[float, float, float]:
    """Wall seconds, processor seconds, and megabytes of resident memory over the start."""
    before = _status("VmRSS")
    Path("/proc/self/clear_refs").write_text("5")  # the peak starts again from here
    designs = _designs()
    strips = _strips(_band(designs))
    wall, cpu = time.perf_counter(), time.process_time()
    if path.suffix == ".png":
        png.write(path, strips, SIZE, DPI)
    elif path.suffix == ".tif":
        tiff.write(path, strips, SIZE, DPI)
    else:
        _write_pdf(path, designs)
    return time.perf_counter() - wall, time.process_time() - cpu, _status("VmHWM") - before


def _designs() -> list[Pixels]:
    """14 designs: cut-out photographs, flat artwork, noise."""
    y, x = np.mgrid[:_CELL, :_CELL] - _CELL / 2
    photo = np.asarray(Image.open(SAMPLE).convert("RGB").resize((_CELL, _CELL)))
    noise = np.random.default_rng(1).integers(0, 256, photo.shape, dtype=np.uint8)
    made = []
    for number in range(14):
        flat = np.broadcast_to(np.array([number * 18, 200, 90], np.uint8), photo.shape)
        disc = np.hypot(x, y) < _CELL * (0.25 + 0.015 * number)
        colours = (photo, flat, noise)[number % 3]
        made.append(np.dstack([np.where(disc[..., None], colours, 0), disc * np.uint8(255)]))
    return made


def _band(designs: list[Pixels]) -> Pixels:
    """One row of ten designs, as wide as the film."""
    row = np.concatenate([np.pad(design, ((0, 40), (0, 31), (0, 0))) for design in designs[:10]], 1)
    return np.pad(row, ((0, 0), (0, WIDTH - row.shape[1]), (0, 0)))


def _strips(band: Pixels) -> Iterator[Pixels]:
    for top in range(0, HEIGHT, _ROWS):
        rows = np.arange(top, min(top + _ROWS, HEIGHT)) % len(band)
        yield band[rows]


def _write_pdf(path: Path, designs: list[Pixels]) -> None:
    side = _CELL * 25.4 / DPI
    with pdf.page(path, SIZE_MM) as page:
        pictures = [page.picture(design) for design in designs]
        for number in range(10 * 87):
            row, column = divmod(number, 10)
            box = pdf.Box(column * (side + 2), row * (side + 3), side, side, number)
            page.place(pictures[number % 14], box)


def _status(name: str) -> float:
    """A figure of this process in MB."""
    lines = Path("/proc/self/status").read_text().splitlines()
    return next(int(line.split()[1]) for line in lines if line.startswith(name)) / 1000


def read_back(path: Path) -> str:
    """What other programs see. Raises AssertionError where it is not what was written."""
    if path.suffix == ".pdf":
        return _page_size(path)
    Image.MAX_IMAGE_PIXELS = None  # raised knowingly: we made the file
    band = _band(_designs())
    wanted = [band[np.arange(y, y + 200) % len(band), x : x + 200] for x, y in _CROPS]
    with Image.open(path) as found:
        assert found.size == SIZE
        assert all(abs(value - DPI) < 0.001 for value in found.info["dpi"])
        crops = [np.asarray(found.crop((x, y, x + 200, y + 200))) for x, y in _CROPS]
    assert all(map(np.array_equal, crops, wanted))
    return "Pillow: size, resolution and crops equal" + _by_vips(path, wanted)


def _by_vips(path: Path, wanted: list[Pixels]) -> str:
    if shutil.which("vips") is None:
        return "; libvips is not installed"
    for (x, y), crop in zip(_CROPS, wanted, strict=True):
        raw = path.with_suffix(".raw")
        source = f"{path}[access=sequential]"
        subprocess.run(["vips", "crop", source, f"{path}.crop.v", str(x), str(y), "200", "200"], check=True)
        subprocess.run(["vips", "rawsave", f"{path}.crop.v", str(raw)], check=True)
        assert np.array_equal(np.fromfile(raw, np.uint8).reshape(crop.shape), crop)
    return "; libvips, sequential: crops equal"


def _page_size(path: Path) -> str:
    if shutil.which("pdfinfo") is None:
        return "pdfinfo is not installed"
    told = subprocess.run(["pdfinfo", str(path)], capture_output=True, text=True, check=True).stdout
    words = next(line for line in told.splitlines() if line.startswith("Page size")).split()
    size = [float(words[at]) / 72 * 25.4 for at in (2, 4)]
    assert all(abs(one - other) < 0.1 for one, other in zip(size, SIZE_MM, strict=True))
    return f"poppler: {size[0]:.2f} x {size[1]:.2f} mm"


if __name__ == "__main__":
    main()
