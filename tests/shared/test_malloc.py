"""Freed memory is reused without page faults, and returned to the system on request."""

import subprocess
import sys

import pytest

PAGES = 4 << 20 >> 12  # bytes of each block of a round
ROUNDS = 50
WORK = f"""
import resource, sys
from shared import malloc
if sys.argv[1] == "reuse":
    malloc.reuse()
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
    malloc.give_back()
print(faults() - before)
"""


HEAPS = """
import ctypes, sys, tempfile, threading
from shared import malloc
libc = ctypes.CDLL(None)
libc.fopen.restype = ctypes.c_void_p
libc.fclose.argtypes = [ctypes.c_void_p]
libc.malloc_info.argtypes = [ctypes.c_int, ctypes.c_void_p]
if sys.argv[1] == "one":
    malloc.share_one_heap()
together = threading.Barrier(5)
def work():
    held = [bytearray(100_000) for _ in range(10)]
    together.wait()
    together.wait()
for _ in range(4):
    threading.Thread(target=work).start()
together.wait()
with tempfile.NamedTemporaryFile() as file:
    stream = libc.fopen(file.name.encode(), b"w")
    libc.malloc_info(0, stream)
    libc.fclose(stream)
    print(file.read().count(b"<heap "))
together.wait()
"""


def faults(how: str) -> int:
    return told(WORK, how)


def told(program: str, how: str) -> int:
    done = subprocess.run([sys.executable, "-c", program, how], capture_output=True, text=True, timeout=60, check=True)
    return int(done.stdout)


@pytest.mark.skipif(sys.platform != "linux", reason="glibc's allocator")
def test_freed_memory_is_reused() -> None:
    assert faults("reuse") < PAGES < faults("leave") / 10


@pytest.mark.skipif(sys.platform != "linux", reason="glibc's allocator")
def test_threads_can_share_one_heap() -> None:
    assert (told(HEAPS, "one"), told(HEAPS, "many")) == (1, 5)  # the main heap, and one for each thread


def test_returning_memory_never_fails() -> None:
    assert faults("give back") >= 0
