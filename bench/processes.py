"""Processor time and memory of a server's processes, from /proc."""

import os
from pathlib import Path

_MB = 1 << 20


def family(pid: int) -> list[int]:
    """The process and all its descendants, whichever thread started them."""
    found = [pid]
    for parent in found:
        for children in Path(f"/proc/{parent}/task").glob("*/children"):
            found += map(int, children.read_text().split())
    return found


def processor_s(pid: int) -> float:
    """User and system time of the family so far, in seconds."""
    stats = [Path(f"/proc/{each}/stat").read_text().rpartition(")")[2].split() for each in family(pid)]
    return sum(int(stat[11]) + int(stat[12]) for stat in stats) / os.sysconf("SC_CLK_TCK")


def memory_mb(pid: int) -> tuple[int, int]:
    """Resident memory of the family now, and the sum of its peaks."""
    sizes = [_sizes(each) for each in family(pid)]
    return sum(now for now, _ in sizes) // _MB, sum(peak for _, peak in sizes) // _MB


def largest_mb(pid: int) -> int:
    """The peak of the largest process of the family: Postgres' processes share memory that a sum counts for each."""
    return max(_sizes(each)[1] for each in family(pid)) // _MB


def forget_peak(pid: int) -> None:
    """Let the peaks of the family begin again with what it has now."""
    for each in family(pid):
        Path(f"/proc/{each}/clear_refs").write_text("5")


def _sizes(pid: int) -> tuple[int, int]:
    try:
        lines = Path(f"/proc/{pid}/status").read_text().splitlines()
    except OSError:  # it has just ended
        return 0, 0
    fields = {name: value for name, _, value in (line.partition(":") for line in lines)}
    now, peak = (int(fields.get(name, "0 kB").split()[0]) * 1024 for name in ("VmRSS", "VmHWM"))
    return now, peak
