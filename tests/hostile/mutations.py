"""Honest files with a few bytes changed, cut out or doubled: mostly harmless, and some that no recipe would find."""

import itertools
import random
from collections.abc import Iterator

from tests.hostile import benign

_MAX_BYTES = 20_000  # of a file: where nearly everything a decoder decides on lies


def files(count: int, seed: int = 3) -> Iterator[bytes]:
    """The same in every run, and the first ones the same for every count."""
    chance = random.Random(seed)
    for case in itertools.islice(itertools.cycle(benign.files()), count):
        data = bytearray(case.data[:_MAX_BYTES])
        for _ in range(chance.randrange(1, 6)):
            start = chance.randrange(len(data))
            data[start : start + chance.choice((0, 1, 4))] = chance.randbytes(chance.choice((0, 1, 4)))
        yield bytes(data)
