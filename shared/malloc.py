"""What the allocator does with freed memory. glibc only; elsewhere nothing happens.

By itself glibc gives a picture's memory back as soon as it is free and asks for it again for the next one, page by
page, and each thread may get a heap of its own, which keeps the largest picture that it ever saw.
"""

import ctypes
from typing import Any

_TRIM_THRESHOLD, _MMAP_THRESHOLD, _ARENA_MAX = -1, -3, -8  # malloc.h
_KEPT, _LARGE, _HEAPS = 16 << 20, 4 << 20, 2


def reuse() -> None:
    """Keep up to 16 MB for the next picture, in each of two heaps; give larger pieces back at once.

    Measured on the worker: 8 of 58 ms less for a half-megapixel job; 570 instead of 1,090 MB at most over 60 pictures
    of up to 48 megapixels, four at a time, and 130 instead of 410 MB afterwards.
    """
    _set((_TRIM_THRESHOLD, _KEPT), (_MMAP_THRESHOLD, _LARGE), (_ARENA_MAX, _HEAPS))


def share_one_heap() -> None:
    """Let all threads take from one heap, but for those that have another already.

    Measured on rembg, whose memory is mostly the network's own: 385 MB before and after a flood of 12-megapixel photos
    and 560 at most, instead of 440, 490 and 860; in the same time.
    """
    _set((_ARENA_MAX, 1))


def give_back() -> None:
    """Return what is free to the machine."""
    libc = _libc()
    if hasattr(libc, "malloc_trim"):
        libc.malloc_trim(0)


def _set(*options: tuple[int, int]) -> None:
    libc = _libc()
    if hasattr(libc, "mallopt"):
        for option, value in options:
            libc.mallopt(option, value)


def _libc() -> Any:
    return ctypes.CDLL(None)
