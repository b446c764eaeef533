"""The threads that work on one picture, when there are cores for more than one.

Enlarging the mask and encoding go row by row and never look back, so a large picture that is alone is divided among as
many threads as there are cores; where several pictures are in work each keeps to one, and so do small ones, for which
waking a thread costs more than it saves.
"""

from concurrent.futures import ThreadPoolExecutor
from itertools import pairwise
from typing import Self

_WORTH_DIVIDING = 2_000_000  # pixels: 10 ms of enlarging and encoding


class Hands(ThreadPoolExecutor):
    """`count` threads for a picture of so many pixels; each is started when first needed."""

    def __init__(self, count: int, pixels: int) -> None:
        super().__init__(max(1, count), "hand")
        self._count = count if pixels >= _WORTH_DIVIDING else 1

    def __enter__(self) -> Self:
        return self

    def shares(self, first: int, last: int) -> list[tuple[int, int]]:
        """The rows from first to last, divided: one share a thread."""
        edges = [first + (last - first) * part // self._count for part in range(self._count + 1)]
        return [(a, b) for a, b in pairwise(edges) if a < b]
