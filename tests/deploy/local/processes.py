"""Looking at processes from outside."""

import time
from collections.abc import Callable, Sequence
from pathlib import Path

import pytest

WITHIN_S = 15  # far more than any of this takes


def ended(pid: int) -> bool:
    """Whether it is gone, or dead and only not asked about yet."""
    try:
        return "\nState:\tZ" in Path(f"/proc/{pid}/status").read_text()
    except OSError:
        return True


def eventually(condition: Callable[[], object], what: str, within_s: float = WITHIN_S) -> None:
    """Wait until it holds."""
    deadline = time.monotonic() + within_s
    while not condition():
        if time.monotonic() > deadline:
            pytest.fail(f"never: {what}")
        time.sleep(0.02)


def bearing(mark: str) -> Sequence[int]:
    """Processes with these words among their arguments."""
    found = []
    for folder in Path("/proc").glob("[0-9]*"):
        try:
            words = (folder / "cmdline").read_bytes()
        except OSError:
            continue
        if mark.encode() in words and not ended(int(folder.name)):
            found.append(int(folder.name))
    return found
