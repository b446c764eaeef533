"""A live api and what each request costs its processes."""

import os
import re
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import requests

from tests.services.api.served import Served

_TICKS = os.sysconf("SC_CLK_TCK")


@dataclass(frozen=True, slots=True)
class Cost:
    """Of all the server's processes; `megabytes` is their growth."""

    cpu_s: float
    megabytes: int


class Live:
    """One guest of one server."""

    def __init__(self, server: Served) -> None:
        self.address = f"http://127.0.0.1:{server.port}"
        self._root = server.process.pid
        self._session = requests.Session()
        self._session.trust_env = False
        until = time.monotonic() + 60
        while self.get("/health/live").status_code != 200:  # it listens before it is ready
            assert time.monotonic() < until

    def close(self) -> None:
        self._session.close()

    def upload(self, data: bytes, name: str = "photo.jpg") -> requests.Response:
        return self._session.post(f"{self.address}/api/uploads", files={"file": (name, data)}, timeout=60)

    def get(self, path: str) -> requests.Response:
        return self._session.get(f"{self.address}{path}", timeout=60)

    def weighed(self, data: bytes) -> tuple[requests.Response, Cost]:
        """Upload the data; return the response and its cost."""
        processes = self.processes()
        for process in processes:
            (process / "clear_refs").write_text("5")  # resets the peak
        before = [(_cpu_s(process), _megabytes(process, "VmRSS")) for process in processes]
        answer = self.upload(data)
        spent = sum(_cpu_s(process) - cpu_s for process, (cpu_s, _) in zip(processes, before, strict=True))
        grown = sum(_megabytes(process, "VmHWM") - held for process, (_, held) in zip(processes, before, strict=True))
        return answer, Cost(spent, grown)

    def processes(self) -> list[Path]:
        """Return the server, its worker and the decoder's children."""
        return list(_family(self._root))

    def megabytes(self) -> int:
        return sum(_megabytes(process, "VmRSS") for process in self.processes())


def _family(pid: int) -> Iterator[Path]:
    yield Path(f"/proc/{pid}")
    for task in Path(f"/proc/{pid}/task").iterdir():
        for child in (task / "children").read_text().split():
            yield from _family(int(child))


def _cpu_s(process: Path) -> float:
    fields: list[Any] = (process / "stat").read_text().rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / _TICKS


def _megabytes(process: Path, name: str) -> int:
    found = re.search(rf"{name}:\s+(\d+)", (process / "status").read_text())
    assert found
    return int(found[1]) // 1024
