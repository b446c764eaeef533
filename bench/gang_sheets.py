"""What gang sheets save and cost: film beside rectpack's best, and time and memory of a sheet of 560 mm x 5 m.

Run `python -m bench.gang_sheets`. rectpack packs the bounding boxes of the same outlines with the same gap and margin;
its best of five algorithms and four orders counts. Each file is written in a process of its own, whose largest memory
is read from the kernel.
"""

import itertools
import os
import pickle
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import rectpack

from services.worker.gang_sheet import designs, files, layout, proof
from services.worker.gang_sheet.designs import Design
from services.worker.gang_sheet.geometry import Shape, on_pixels
from shared.models.gang_sheet import Effort, Film, Placement, SheetFormat, pixels
from tests.services.worker.gang_sheet.shapes import KINDS, drawn

FILM = Film(558.8, 5080, 5, 5)
SHORTER_TARGET, MANY_TARGET_S = 0.20, 60.0
WRITE_TARGET_S, MEMORY_TARGET_MB = 12.0, 120
_SHEET_MM = (560, 5000)
_ALGORITHMS = (
    rectpack.MaxRectsBssf,
    rectpack.MaxRectsBl,
    rectpack.SkylineMwf,
    rectpack.SkylineBl,
    rectpack.GuillotineBssfSas,
)
_ORDERS = (rectpack.SORT_AREA, rectpack.SORT_LSIDE, rectpack.SORT_SSIDE, rectpack.SORT_DIFF)


def main() -> None:
    print(f"{os.cpu_count()} cores, load {os.getloadavg()[0]:.1f}; film of {FILM.width_mm} mm\n")
    with tempfile.TemporaryDirectory() as folder:
        _nest("22 mixed shapes", _shapes(Path(folder), 22, 1, (60, 280)))
        _nest("200 copies of 40 designs", _shapes(Path(folder), 40, 5, (40, 160)))
        _write(Path(folder))


def _shapes(folder: Path, count: int, copies: int, widths: tuple[float, float]) -> list[Shape]:
    random = np.random.default_rng(5)
    made = []
    for at in range(count):
        rgba = drawn(KINDS[at % len(KINDS)], random.uniform(*widths), 100, at)
        design = designs.make(rgba, float(random.uniform(*widths)), folder / "design")
        made.append(Shape(design.outline, design.width_mm, design.height_mm, copies, (0, 1, 2, 3)))
        Path(design.colours.path).unlink()
    return made


def _nest(name: str, shapes: list[Shape]) -> None:
    rows = layout.arrange(shapes, FILM, Effort.INSTANT)
    began = time.perf_counter()
    found = layout.arrange(shapes, FILM, Effort.TIGHT)
    took_s = time.perf_counter() - began
    boxes, length = _rectpack(shapes), sum(found.lengths)
    wrong = proof.problems(shapes, found.placements, FILM)
    print(
        f"{name} on {FILM.width_mm} mm: rows {sum(rows.lengths):.0f} mm, rectpack {boxes:.0f}, nested {length:.0f} mm"
    )
    print(
        f"  {1 - length / boxes:.1%} shorter than rectpack (target {SHORTER_TARGET:.0%} for 22), in {took_s:.1f} s"
        f" (target {MANY_TARGET_S:.0f} for 200); proof: {wrong or 'clean'}\n",
        flush=True,
    )


def _rectpack(shapes: list[Shape]) -> float:
    """The least length of film over all algorithms and orders."""
    return min(_packed(shapes, *how) for how in itertools.product(_ALGORITHMS, _ORDERS))


def _packed(shapes: list[Shape], algorithm: type, order: object) -> float:
    packer = rectpack.newPacker(pack_algo=algorithm, sort_algo=order, rotation=True)
    width = FILM.width_mm - 2 * FILM.margin_mm + FILM.gap_mm
    packer.add_bin(rectpack.float2dec(width, 2), rectpack.float2dec(100_000, 2))
    for shape in shapes:
        left, top, right, bottom = shape.outline.bounds
        for _ in range(shape.copies):
            packer.add_rect(*(rectpack.float2dec(side + FILM.gap_mm, 2) for side in (right - left, bottom - top)))
    packer.pack()
    return float(max(y + height for _, _, y, _, height, _ in packer.rect_list())) - FILM.gap_mm + 2 * FILM.margin_mm


def _write(folder: Path) -> None:
    """Write each format in a process of its own, from designs that another has made."""
    print(
        f"a sheet of {_SHEET_MM[0]} x {_SHEET_MM[1]} mm at 300 dpi; targets {WRITE_TARGET_S} s, {MEMORY_TARGET_MB} MB"
    )
    with (folder / "sheet.pickle").open("wb") as file:
        pickle.dump(_sheet(folder), file)
    for kind in SheetFormat:
        subprocess.run([sys.executable, "-m", "bench.gang_sheets", kind, str(folder)], check=True)


def _write_one(kind: SheetFormat, folder: Path) -> None:
    made, placements, size = pickle.loads((folder / "sheet.pickle").read_bytes())
    for design in made:
        design.colours.turned()
    print(f"  {kind:5}{_memory_mb():.0f} MB before; ", end="")
    path, began, cpu = folder / f"sheet.{kind}", time.perf_counter(), time.process_time()
    files.write(path, kind, made, placements, size)
    took_s, cpu_s = time.perf_counter() - began, time.process_time() - cpu
    print(f"{took_s:5.1f} s, {cpu_s:.1f} s of a processor, {_memory_mb():.0f} MB of memory, ", end="")
    print(f"{path.stat().st_size / 1e6:.1f} MB on disk", flush=True)


def _memory_mb() -> float:
    """The most that this process has held, with its libraries; Linux only."""
    status = Path("/proc/self/status").read_text()
    return int(status.split("VmHWM:")[1].split()[0]) / 1024


def _sheet(folder: Path) -> tuple[list[Design], list[Placement], tuple[int, int]]:
    """126 copies of 14 designs in rows of seven, a quarter of them turned each way."""
    pictures = [drawn(KINDS[at % len(KINDS)], 75, 300, at) for at in range(14)]
    made = [designs.make(rgba, 74, folder / f"sheet{at}") for at, rgba in enumerate(pictures)]
    return made, list(_rows()), (pixels(_SHEET_MM[0]), pixels(_SHEET_MM[1]))


def _rows() -> Iterator[Placement]:
    for at in range(126):
        yield Placement(at % 14, 0, *on_pixels(5 + 79 * (at % 7), 5 + 277 * (at // 7)), at // 7 % 4)


if __name__ == "__main__":
    if len(sys.argv) > 1:
        _write_one(SheetFormat(sys.argv[1]), Path(sys.argv[2]))
    else:
        main()
