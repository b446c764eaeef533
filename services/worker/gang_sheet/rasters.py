"""Pixels on disk, read in rows: memory holds a strip of each design, however many there are."""

import os
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from services.worker.prepress.arrays import Pixels

_BLOCK_PIXELS = 1 << 20


@dataclass(frozen=True, slots=True)
class Raster:
    """Pixels (height, width, samples), row after row in a file that its owner deletes."""

    path: Path
    width: int
    height: int
    samples: int

    @classmethod
    def write(cls, path: Path, strips: Iterable[Pixels], width: int, samples: int) -> "Raster":
        """`strips` are (rows, width, samples), or (rows, width) of one sample."""
        height = 0
        with path.open("wb") as file:
            for strip in strips:
                file.write(np.ascontiguousarray(strip).data)
                height += len(strip)
        return cls(path, width, height, samples)

    def rows(self, top: int, bottom: int) -> Pixels:
        row_bytes = self.width * self.samples
        with self.path.open("rb", buffering=0) as file:
            data = os.pread(file.fileno(), (bottom - top) * row_bytes, top * row_bytes)
        return np.frombuffer(data, np.uint8).reshape(bottom - top, self.width, self.samples)

    def strips(self) -> Iterator[Pixels]:
        step = max(1, _BLOCK_PIXELS // self.width)
        return (self.rows(top, min(top + step, self.height)) for top in range(0, self.height, step))

    def mapped(self) -> Pixels:
        """The whole; the system reads what is used of it, and may drop it again."""
        return np.memmap(self.path, np.uint8, "r", shape=(self.height, self.width, self.samples))

    def turned(self) -> "Raster":
        """By 90 degrees clockwise, in a file beside this one, which is made once."""
        path = Path(f"{self.path}.turned")
        if not path.exists():
            self._turn(path)
        return Raster(path, self.height, self.width, self.samples)

    def _turn(self, path: Path) -> None:
        step = max(1, _BLOCK_PIXELS // self.height)
        made = Path(f"{path}.part")
        with made.open("wb") as file:
            for left in range(0, self.width, step):
                columns = self.mapped()[:, left : left + step]  # mapped anew, so that what was read can be dropped
                file.write(np.ascontiguousarray(np.rot90(columns, -1)).data)
        made.rename(path)


@dataclass(frozen=True, slots=True)
class Laid:
    """A raster turned by quarters, with its top left corner at (x, y) of a sheet, in pixels."""

    raster: Raster
    x: int
    y: int
    upside_down: bool

    @classmethod
    def of(cls, raster: Raster, x: int, y: int, quarters: int) -> "Laid":
        return cls(raster.turned() if quarters % 2 else raster, x, y, quarters % 4 >= 2)

    @property
    def bottom(self) -> int:
        return self.y + self.raster.height

    def rows(self, top: int, bottom: int) -> Pixels:
        """Rows of the sheet, which must lie within the picture."""
        first, last = top - self.y, bottom - self.y
        if not self.upside_down:
            return self.raster.rows(first, last)
        height = self.raster.height
        return self.raster.rows(height - last, height - first)[::-1, ::-1]
