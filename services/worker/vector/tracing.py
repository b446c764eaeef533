"""Snapped pixels traced into outlines of curves, by vtracer in a process of its own.

vtracer keeps Python's lock while it works, for seconds with many parts: leases of other jobs could not be renewed
meanwhile. Its process also bounds time and memory, and a crash of it ends one attempt of one job.

    python -m services.worker.vector.tracing < picture.png > drawing.svg
"""

import re
import subprocess
import sys
from dataclasses import dataclass

import numpy as np

from services.worker.prepress.arrays import Pixels
from services.worker.vector.snapping import CLEAR, Snapped
from shared import fast_png

_MOST_S = 120.0  # 4,000 parts take 3 s of a processor
_FRAME = 1  # clear pixels around: without some, vtracer paints clear areas black
_PARTS_ACROSS = 200  # segments shorter than this part of a side are not split
_PATH = re.compile(r'<path d="([^"]*)" fill="#([0-9A-Fa-f]{6})" transform="translate\(([-\d.]+),([-\d.]+)\)"/>')


@dataclass(frozen=True, slots=True)
class Shape:
    """An area of one ink, above those before it. `curves` are SVG's M, C and Z, from `x` and `y` on.

    Units are pixels of the snapped picture, from its upper left corner.
    """

    ink: int
    x: float
    y: float
    curves: str


def shapes(snapped: Snapped, colours: Pixels) -> tuple[Shape, ...]:
    """The drawing. Raises subprocess.SubprocessError if the tracer crashed or took too long."""
    traced = subprocess.run(
        [sys.executable, "-m", __name__],
        input=fast_png.encode(_framed(snapped.inks, colours)),
        capture_output=True,
        check=True,
        timeout=_MOST_S,
    ).stdout.decode()
    return tuple(
        Shape(_nearest(fill, colours), float(x) - _FRAME, float(y) - _FRAME, curves.strip())
        for curves, fill, x, y in _PATH.findall(traced)
    )


def _framed(inks: Pixels, colours: Pixels) -> Pixels:
    table = np.zeros((256, 4), np.uint8)
    table[: len(colours), :3], table[: len(colours), 3] = colours, 255
    return table[np.pad(inks, _FRAME, constant_values=CLEAR)]


def _nearest(found: str, colours: Pixels) -> int:
    """The ink meant by a fill: the tracer averages, and may be off by one code."""
    return int(np.abs(colours.astype(int) - list(bytes.fromhex(found))).sum(1).argmin())


def _trace() -> None:
    import vtracer

    data = sys.stdin.buffer.read()
    side = int.from_bytes(data[20:24], "big")  # the height in a PNG's header
    sys.stdout.write(
        vtracer.convert_raw_image_to_svg(
            data,
            img_format="png",
            colormode="color",
            hierarchical="stacked",
            mode="spline",
            filter_speckle=4,
            color_precision=8,
            layer_difference=1,
            corner_threshold=60,
            length_threshold=max(4.0, side / _PARTS_ACROSS),
            splice_threshold=45,
            path_precision=2,
        )
    )


if __name__ == "__main__":
    _trace()
