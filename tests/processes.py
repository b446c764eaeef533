"""What the kernel tells of processes."""

from pathlib import Path


def children(pid: int | str | None) -> list[str]:
    """Those that its first thread started."""
    return Path(f"/proc/{pid}/task/{pid}/children").read_text().split()


def nicenesses(pid: str) -> list[int]:
    """Of its threads."""
    stats = [file.read_text() for file in Path(f"/proc/{pid}/task").glob("*/stat")]
    return [int(stat.rpartition(")")[2].split()[16]) for stat in stats]
