"""Processes seen from outside."""

import os
import sys
from pathlib import Path

import psutil
import pytest

linux_only = pytest.mark.skipif(sys.platform != "linux", reason="looks at or limits a process as only Linux can")


def children(pid: int | str | None) -> list[str]:
    """Return the ids of its child processes."""
    return [str(child.pid) for child in psutil.Process(int(pid or 0)).children()]


def nicenesses(pid: str) -> list[int]:
    """Return the niceness of each of its threads."""
    if sys.platform != "linux":
        pytest.skip("only on Linux has each thread a niceness of its own")
    stats = [file.read_text() for file in Path(f"/proc/{pid}/task").glob("*/stat")]
    return [int(stat.rpartition(")")[2].split()[16]) for stat in stats]


def lowered(by: int) -> int:
    """Return the niceness of what lowers its priority by so much, started from here."""
    return min(19, os.getpriority(os.PRIO_PROCESS, 0) + by)
