"""Runs in a child process: reads a nesting problem from standard input, writes placements to standard output.

Whatever the nester does, the kernel ends this process after a time, and its memory is limited. Nothing in it is secret:
it has no environment and reads no file.
"""

import json
import resource
import signal
import sys
from contextlib import suppress
from typing import Any

import shapely

from services.worker.gang_sheet import nesting
from services.worker.gang_sheet.geometry import Shape
from shared.models.gang_sheet import Film

_LAST_S = 3  # no search begins that could not end in time
_MEMORY_BYTES = 2 << 30  # of address space; the nester takes 180 MB for 200 pieces


def main() -> None:
    asked = json.load(sys.stdin)
    signal.alarm(asked["within_s"])  # an end even if the worker is gone
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    with suppress(ValueError):  # macOS refuses any limit of address space
        resource.setrlimit(resource.RLIMIT_AS, (_MEMORY_BYTES, _MEMORY_BYTES))
    shapes = [_shape(stored) for stored in asked["shapes"]]
    placements = nesting.nest(shapes, Film(**asked["film"]), asked["seconds"], asked["within_s"] - _LAST_S)
    json.dump([placement.json() for placement in placements], sys.stdout)


def _shape(stored: dict[str, Any]) -> Shape:
    outline = shapely.Polygon(stored.pop("outline"))
    return Shape(outline, turns=tuple(stored.pop("turns")), **stored)


if __name__ == "__main__":
    main()
