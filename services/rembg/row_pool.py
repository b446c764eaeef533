"""The threads that work on the rows of one picture, when there are cores for more than one.

Enlarging the mask and encoding go row by row without looking back, so a large picture that is alone is divided among as
many threads as there are cores. While several pictures are in work each keeps to one thread, and so do small pictures,
for which waking a thread costs more than it saves.
"""

from collections.abc import Callable
from concurrent.futures import Future, ThreadPoolExecutor
from itertools import pairwise
from typing import ParamSpec, Self, TypeVar

P = ParamSpec("P")
T = TypeVar("T")

_WORTH_DIVIDING = 2_000_000  # pixels: 10 ms of enlarging and encoding


class RowPool(ThreadPoolExecutor):
    """At most `count` threads, started when needed, for a picture of `pixels`; with one, the caller does the work.

    Where other pictures use the other cores, a second thread would only compete with them.
    """

    def __init__(self, count: int, pixels: int) -> None:
        super().__init__(max(1, count), "rows")
        self._single = count <= 1
        self._count = count if pixels >= _WORTH_DIVIDING else 1

    def __enter__(self) -> Self:
        return self

    def submit(self, work: Callable[P, T], /, *args: P.args, **kwargs: P.kwargs) -> Future[T]:
        if not self._single:
            return super().submit(work, *args, **kwargs)
        done: Future[T] = Future()
        done.set_result(work(*args, **kwargs))
        return done

    def shares(self, first: int, last: int) -> list[tuple[int, int]]:
        """The rows from first to last, divided: one share per thread."""
        edges = [first + (last - first) * part // self._count for part in range(self._count + 1)]
        return [(a, b) for a, b in pairwise(edges) if a < b]
