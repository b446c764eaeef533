"""Looking at processes from outside."""

import os
import subprocess
import sys
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

import psutil
import pytest

WITHIN_S = 15  # far more than any of this takes


def ended(pid: int) -> bool:
    """Whether it is gone, or dead and only not asked about yet."""
    try:
        return bool(psutil.Process(pid).status() == psutil.STATUS_ZOMBIE)
    except psutil.NoSuchProcess:
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
    processes = psutil.process_iter(["cmdline"])
    return [process.pid for process in processes if mark in "\0".join([*(process.info["cmdline"] or ()), ""])]


@contextmanager
def running_with(folder: Path, **environment: str) -> Iterator[None]:
    """A process with this environment that has locked the data folder, as `make run` does."""
    program = (
        "import sys; from pathlib import Path; from deploy.local.data_folder import locked\n"
        "with locked(Path(sys.argv[1])): print('locked', flush=True); sys.stdin.read()"
    )
    command = [sys.executable, "-c", program, str(folder)]
    with subprocess.Popen(
        command, env=os.environ | environment, stdin=subprocess.PIPE, stdout=subprocess.PIPE
    ) as process:
        assert process.stdin
        assert process.stdout
        assert process.stdout.readline() == b"locked\n"
        yield
        process.stdin.close()
