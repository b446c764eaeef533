"""What the person sees: every process' lines under its name, the structured ones made readable.

For example:

    12:34:56.789 api      http_request method=GET path=/ status=200 ms=1.2
"""

import json
import os
import sys
import threading
from collections import deque
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import TextIO

_TOLD = ("time", "level", "service", "event", "exception")  # in their own way, not as key=value
_LEVELS = {"debug": "2", "warning": "33", "error": "31", "critical": "1;31"}
_NAMES = {"api": "36", "worker": "35", "rembg": "32"}  # cyan, magenta, green; everybody else is blue


class Console:
    """Writes whole lines from any thread. `quiet` withholds what is less than a warning, until `confess`."""

    def __init__(self, stream: TextIO = sys.stdout, *, quiet: bool = False) -> None:
        self._stream = stream
        self._withheld: deque[str] | None = deque(maxlen=40) if quiet else None
        self._colours = stream.isatty() and "NO_COLOR" not in os.environ
        self._lock = threading.Lock()

    def say(self, text: str) -> None:
        """Print something of our own."""
        self._write(text)

    def teller(self, name: str) -> Callable[[str], None]:
        """Who prints the lines of the process called `name`."""
        return lambda line: self._tell(name, line)

    def confess(self) -> None:
        """Print the latest of what was withheld."""
        while self._withheld:
            self._write(self._withheld.popleft())

    def _tell(self, name: str, line: str) -> None:
        if not line.strip():
            return
        facts = parsed(line)
        shown = self._readable(name, facts) if facts else f"{'':12} {self._name(name)} {line}"
        if self._withheld is not None and facts.get("level", "info") in ("debug", "info"):
            self._withheld.append(shown)
        else:
            self._write(shown)

    def _readable(self, name: str, facts: Mapping[str, object]) -> str:
        time = self._coloured(f"{str(facts.get('time', ''))[11:23]:12}", "2")
        event = self._coloured(str(facts["event"]), _LEVELS.get(str(facts.get("level")), ""))
        rest = "".join(f" {key}={value}" for key, value in facts.items() if key not in _TOLD)
        trace = "".join(f"\n{'':22}{line}" for line in str(facts.get("exception", "")).splitlines())
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
            except BrokenPipeError:  # as in `make run | head`: nobody reads on, which is no reason to fail
                with Path(os.devnull).open("w") as nowhere:
                    os.dup2(nowhere.fileno(), self._stream.fileno())


def parsed(line: str) -> Mapping[str, object]:
    """The facts of a structured line; empty for any other."""
    try:
        facts = json.loads(line) if line.startswith("{") else {}
    except ValueError:
        return {}
    return facts if isinstance(facts, dict) and "event" in facts else {}
