"""The terminal: each process' log lines under its name, the structured ones made readable.

For example:

    12:34:56.789 api      http_request method=GET route=/ status=200 ms=1.2
"""

import json
import os
import sys
import threading
from collections import deque
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import TextIO

_FORMATTED = ("time", "level", "service", "event", "exception")  # in their own way, not as key=value
_LEVELS = {"debug": "2", "warning": "33", "error": "31", "critical": "1;31"}
_QUIET_LEVELS = ("debug", "info")
_CELERY_STOPS = "worker: Warm shutdown (MainProcess)"  # printed, not logged
_NAMES = {"api": "36", "worker": "35", "rembg": "32"}  # cyan, magenta, green; all others are blue


class Console:
    """Writes whole lines from any thread. `quiet` withholds log lines below a warning, until `show_all`."""

    def __init__(self, stream: TextIO = sys.stdout, *, quiet: bool = False) -> None:
        self._stream = stream
        self._withheld: deque[str] | None = deque(maxlen=40) if quiet else None
        self._stopping = False
        self._colours = stream.isatty() and "NO_COLOR" not in os.environ
        self._lock = threading.Lock()

    def say(self, text: str) -> None:
        """Print something of our own."""
        self._write(text)

    def line_writer(self, name: str) -> Callable[[str], None]:
        """Return a function that prints a log line of the process `name`."""
        return lambda line: self._write_log(name, line)

    def show_withheld(self) -> None:
        """Print the latest log lines that were withheld."""
        while self._withheld:
            self._write(self._withheld.popleft())

    def show_all(self) -> None:
        """Withhold nothing from now on."""
        self._withheld = None

    def stopping(self) -> None:
        """Withhold log lines below a warning again. Other output is shown: it may be a traceback."""
        self._withheld, self._stopping = deque(maxlen=40), True

    def _write_log(self, name: str, line: str) -> None:
        if not line.strip():
            return
        fields = parsed(line)
        shown = self._readable(name, fields) if fields else f"{'':12} {self._name(name)} {line}"
        withheld = self._withheld
        if withheld is not None and self._is_quiet(line, fields):
            withheld.append(shown)
        else:
            self._write(shown)

    def _is_quiet(self, line: str, fields: Mapping[str, object]) -> bool:
        if self._stopping and not fields:
            return line.strip() == _CELERY_STOPS
        return fields.get("level", "info") in _QUIET_LEVELS

    def _readable(self, name: str, fields: Mapping[str, object]) -> str:
        time = self._coloured(f"{str(fields.get('time', ''))[11:23]:12}", "2")
        event = self._coloured(str(fields["event"]), _LEVELS.get(str(fields.get("level")), ""))
        rest = "".join(f" {key}={value}" for key, value in fields.items() if key not in _FORMATTED)
        trace = "".join(f"\n{'':22}{line}" for line in str(fields.get("exception", "")).splitlines())
        return f"{time} {self._name(name)} {event}{self._coloured(rest, '2')}{trace}"

    def _name(self, name: str) -> str:
        return self._coloured(f"{name:8}", _NAMES.get(name, "34"))

    def _coloured(self, text: str, code: str) -> str:
        return f"\x1b[{code}m{text}\x1b[0m" if self._colours and text and code else text

    def _write(self, text: str) -> None:
        with self._lock:
            try:
                self._stream.write(f"{text}\n")
                self._stream.flush()
            except BrokenPipeError:  # the reader has gone, as in `make run | head`
                with Path(os.devnull).open("w") as nowhere:
                    os.dup2(nowhere.fileno(), self._stream.fileno())


def parsed(line: str) -> Mapping[str, object]:
    """The fields of a structured line; empty for any other."""
    try:
        fields = json.loads(line) if line.startswith("{") else {}
    except ValueError:
        return {}
    return fields if isinstance(fields, dict) and "event" in fields else {}
