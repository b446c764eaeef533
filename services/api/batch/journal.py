"""What was done, line by line in a file beside the results, so that a kill loses the last fact at most.

    {"url": "...", "options": {}}                              for whom and how
    {"batch": "<id>"}                                          it is being filled, or waited for
    {"done": "a.jpg", "source": "<sha256>", "file": "a.png"}   a result was written
    {"ended": "<id>"}                                          nothing more comes of that batch

For another server, or with other options, all begins anew.
"""

import json
import threading
from collections.abc import Mapping
from pathlib import Path
from typing import Any, Self

NAME = ".batch.jsonl"


class Journal:
    """Thread-safe. Use as a context manager."""

    def __init__(self, out: Path, what: Mapping[str, Any]) -> None:
        self._out = out
        self._path = out / NAME
        self._lock = threading.Lock()
        self._done: dict[str, tuple[str, str]] = {}
        self.batch: str | None = None
        lines = _read(self._path)
        kept = bool(lines) and lines[0] == what
        for line in lines[1:] if kept else []:
            self._apply(line)
        self._file = self._path.open("a" if kept else "w")
        if not kept:
            self._write(what)
        else:
            self._file.write("\n")  # ends a line that a kill cut short

    def is_done(self, name: str, sha256: str) -> bool:
        """Whether the result of the picture with this content is there."""
        source, file = self._done.get(name, ("", ""))
        return source == sha256 and (self._out / file).is_file()

    def done(self, name: str, sha256: str, file: str) -> None:
        self._write({"done": name, "source": sha256, "file": file})

    def begin(self, batch: str) -> None:
        self._write({"batch": batch})

    def end(self, batch: str) -> None:
        self._write({"ended": batch})

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self._file.close()

    def _write(self, line: Mapping[str, Any]) -> None:
        with self._lock:
            self._file.write(json.dumps(line) + "\n")
            self._file.flush()
            self._apply(line)

    def _apply(self, line: Mapping[str, Any]) -> None:
        if "done" in line:
            self._done[line["done"]] = line["source"], line["file"]
        elif "batch" in line:
            self.batch = line["batch"]
        elif "ended" in line:
            self.batch = None


def _read(path: Path) -> list[dict[str, Any]]:
    """The lines that are whole."""
    if not path.exists():
        return []
    lines = []
    for text in path.read_text().splitlines():
        try:
            lines.append(json.loads(text))
        except ValueError:
            continue
    return [line for line in lines if isinstance(line, dict)]
