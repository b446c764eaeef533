"""Masks shrunk and grown, by whole-array operations: each step costs a few reads of the mask.

Distances are octagonal: steps to four and to eight neighbours take turns, which stays within 6 % of Euclid's.
Beyond the border of the array a mask goes on as it ends there.
"""

from functools import cache

import numpy as np

from services.worker.prepress.arrays import Mask, Pixels


def eroded(mask: Mask, steps: int = 1) -> Mask:
    out = mask
    for step in range(steps):
        out = _square(out) if step % 2 else _cross(out)
    return out


def dilated(mask: Mask, steps: int = 1) -> Mask:
    return ~eroded(~mask, steps)


def depth(mask: Mask, most: int) -> Pixels:
    """Steps to the outside, 1 at the edge of the mask, 0 outside; not above `most`."""
    left = mask
    steps = mask.astype(np.uint8)
    for step in range(most - 1):
        left = _square(left) if step % 2 else _cross(left)
        steps += left
    return steps


def edge(mask: Mask) -> Mask:
    """The pixels of the mask beside its outside."""
    return mask & ~_cross(mask)


def without_thin(mask: Mask, diameter: int) -> Mask:
    """The opening of a mask: what a disk of this diameter can reach. Wrong within a diameter of the array's border."""
    if diameter > min(mask.shape):
        return np.zeros_like(mask)
    kept = _under_disk(mask, diameter)
    return ~_under_disk(np.pad(~kept, diameter - 1, constant_values=True), diameter)


def _cross(mask: Mask) -> Mask:
    out = mask.copy()
    out[1:] &= mask[:-1]
    out[:-1] &= mask[1:]
    out[:, 1:] &= mask[:, :-1]
    out[:, :-1] &= mask[:, 1:]
    return out


def _square(mask: Mask) -> Mask:
    rows = mask.copy()
    rows[1:] &= mask[:-1]
    rows[:-1] &= mask[1:]
    out = rows.copy()
    out[:, 1:] &= rows[:, :-1]
    out[:, :-1] &= rows[:, 1:]
    return out


def _under_disk(mask: Mask, diameter: int) -> Mask:
    """Where the whole disk lies in the mask; the result is smaller by a diameter less one."""
    height, width = (side - diameter + 1 for side in mask.shape)
    out = np.ones((height, width), np.bool_)
    runs = _runs(mask, {length for _, length in _disk(diameter)})
    for row, (start, length) in enumerate(_disk(diameter)):
        out &= runs[length][row : row + height, start : start + width]
    return out


def _runs(mask: Mask, lengths: set[int]) -> dict[int, Mask]:
    """For each length, where so many pixels from here to the right are set."""
    have, out, runs = 1, mask, {}
    for length in sorted(lengths):
        while have < length:
            step = min(have, length - have)
            out = out[:, : out.shape[1] - step] & out[:, step:]
            have += step
        runs[length] = out
    return runs


@cache
def _disk(diameter: int) -> tuple[tuple[int, int], ...]:
    """First column and length of each row of a digital disk: 3 is a plus, 5 a square without its corners."""
    offsets = np.arange(diameter) - (diameter - 1) / 2
    inside = np.hypot(offsets[:, None], offsets) <= (diameter - 1) / 2 + 0.25
    return tuple((int(row.argmax()), int(row.sum())) for row in inside)
