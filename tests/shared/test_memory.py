"""Freed memory is used again, instead of being asked for anew page by page; and goes back when told."""

import subprocess
import sys

import pytest

PAGES = 4 << 20 >> 12  # of the pieces of one round
ROUNDS = 50
WORK = f"""
import resource, sys
from shared import memory
if sys.argv[1] == "reuse":
    memory.reuse()
def round():
    held = [bytearray(1 << 20) for _ in range(4)]
    for piece in held:
        piece[:: 1 << 12] = b"x" * (1 << 8)
faults = lambda: resource.getrusage(resource.RUSAGE_SELF).ru_minflt
round()
before = faults()
for _ in range({ROUNDS}):
    round()
if sys.argv[1] == "give back":
    memory.give_back()
print(faults() - before)
"""


def faults(how: str) -> int:
    done = subprocess.run([sys.executable, "-c", WORK, how], capture_output=True, text=True, timeout=60, check=True)
    return int(done.stdout)


@pytest.mark.skipif(sys.platform != "linux", reason="glibc's allocator")
def test_freed_memory_is_used_again() -> None:
    assert faults("reuse") < PAGES < faults("leave") / 10


def test_giving_back_is_always_possible() -> None:
    assert faults("give back") >= 0
