"""Honest files with a few bytes changed, removed or inserted: mostly harmless, but not thought up by anyone."""

import itertools
import random
from collections.abc import Iterator

from tests.hostile import benign

_MAX_BYTES = 20_000  # of a file: decoders decide nearly everything there


def files(count: int, seed: int = 3) -> Iterator[bytes]:
    """Yield the same files in every run; a smaller count yields the first of them."""
    chance = random.Random(seed)
    for case in itertools.islice(itertools.cycle(benign.files()), count):
        data = bytearray(case.data[:_MAX_BYTES])
        for _ in range(chance.randrange(1, 6)):
            start = chance.randrange(len(data))
            data[start : start + chance.choice((0, 1, 4))] = chance.randbytes(chance.choice((0, 1, 4)))
        yield bytes(data)
