"""Snapped pixels traced into an SVG of curves, by vtracer in a process of its own.

vtracer keeps Python's lock while it works, for seconds with many parts: leases of other jobs could not be renewed
meanwhile. Its process also bounds time and memory, and a crash of it ends one attempt of one job.

    python -m services.worker.vector.tracing < picture.png > drawing.svg
"""

import re
import subprocess
import sys

import numpy as np

from services.worker.prepress.arrays import Pixels
from services.worker.vector.snapping import CLEAR, Snapped
from shared import fast_png

_MOST_S = 120.0  # 4,000 parts take 3 s of a processor
_FRAME = 1  # clear pixels around: without some, vtracer paints clear areas black
_PARTS_ACROSS = 200  # segments shorter than this part of a side are not split
_ROOT = re.compile(r"<svg[^>]*>")
_FILL = re.compile(r'fill="#([0-9A-Fa-f]{6})"')


def svg(snapped: Snapped, colours: Pixels, width_mm: float) -> str:
    """A drawing of this width, whose fills are exactly the inks; units are pixels of the snapped picture.

    Raises subprocess.SubprocessError if the tracer crashed or took too long.
    """
    height, width = snapped.inks.shape
    traced = subprocess.run(
        [sys.executable, "-m", __name__],
        input=fast_png.encode(_framed(snapped.inks, colours)),
        capture_output=True,
        check=True,
        timeout=_MOST_S,
    ).stdout.decode()
    height_mm = width_mm * height / width
    root = (
        f'<svg xmlns="http://www.w3.org/2000/svg" width="{width_mm:.3f}mm" height="{height_mm:.3f}mm"'
        f' viewBox="{_FRAME} {_FRAME} {width} {height}">'
    )
    return _ROOT.sub(root, _FILL.sub(lambda fill: f'fill="{_nearest(fill[1], colours)}"', traced), count=1)


def _framed(inks: Pixels, colours: Pixels) -> Pixels:
    table = np.zeros((256, 4), np.uint8)
    table[: len(colours), :3], table[: len(colours), 3] = colours, 255
    return table[np.pad(inks, _FRAME, constant_values=CLEAR)]


def _nearest(found: str, colours: Pixels) -> str:
    """The ink meant by a fill: the tracer averages, and may be off by one code."""
    off = np.abs(colours.astype(int) - list(bytes.fromhex(found))).sum(1)
    return hex_of(colours[off.argmin()])


def hex_of(colour: Pixels) -> str:
    return f"#{bytes(colour).hex()}"


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
