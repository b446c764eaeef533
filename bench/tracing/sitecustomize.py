"""Write down the calls of our functions. Python imports this module at start if its folder is on PYTHONPATH.

While the file `on` lies in TRACE_FOLDER, every call of a function of ours becomes one line of JSON: process, thread,
the modules on the stack from the outermost to the one called, the function, and the picture that was handed to it.
"""

import hashlib
import json
import os
import sys
import threading
from pathlib import Path
from types import CodeType, FrameType

_ROOT = f"{Path.cwd()}{os.sep}"
_PACKAGES = tuple(f"{_ROOT}{name}{os.sep}" for name in ("services", "shared"))
_SIGNATURES = {b"\x89PNG": "PNG", b"\xff\xd8\xff": "JPEG", b"RIFF": "WebP"}


class Tracer:
    """The profile function of every thread of a process."""

    def __init__(self, service: str, folder: Path) -> None:
        self._service = service
        self._folder = folder
        self._on = folder / "on"
        self._modules: dict[CodeType, str | None] = {}
        self._entries: dict[CodeType, int] = {}

    def __call__(self, frame: FrameType, event: str, _: object) -> None:
        if event != "call" or (module := self._module(frame.f_code)) is None:
            return
        entry = self._entries.setdefault(frame.f_code, frame.f_lasti)
        if frame.f_lasti != entry or not self._on.exists():  # a generator that goes on is no call
            return
        line = {
            "process": self._service,
            "thread": threading.current_thread().name,
            "stack": [*self._callers(frame), module],
            "function": frame.f_code.co_name,
            "picture": _picture(frame),
        }
        with (self._folder / f"{os.getpid()}.{threading.get_native_id()}.jsonl").open("a") as file:
            file.write(json.dumps(line) + "\n")

    def _module(self, code: CodeType) -> str | None:
        """The path of a function of ours; None for libraries and for what a decorator generated."""
        if code not in self._modules:
            name = code.co_filename.removeprefix(_ROOT).removesuffix(".py").removesuffix(f"{os.sep}__init__")
            self._modules[code] = name if code.co_filename.startswith(_PACKAGES) else None
        return self._modules[code]

    def _callers(self, frame: FrameType) -> list[str]:
        """The modules of ours that wait for this call, the outermost first; libraries between them are left out."""
        found: list[str] = []
        caller = frame.f_back
        while caller:
            module = self._module(caller.f_code)
            if module and (not found or found[-1] != module):
                found.append(module)
            caller = caller.f_back
        return found[::-1]


def _picture(frame: FrameType) -> str | None:
    """Format and digest of the first argument where it is a picture's bytes."""
    code = frame.f_code
    data = frame.f_locals.get(code.co_varnames[0]) if code.co_argcount else None
    if not isinstance(data, bytes) or len(data) < 100:
        return None
    kind = next((name for start, name in _SIGNATURES.items() if data.startswith(start)), None)
    return kind and f"{kind} {hashlib.sha256(data).hexdigest()[:8]}"


def _service() -> str | None:
    """Which of the traced services this process is."""
    return next((name for name in ("worker", "api") if f"services.{name}" in " ".join(sys.orig_argv)), None)


if (_folder := os.environ.get("TRACE_FOLDER")) and (_name := _service()):
    _tracer = Tracer(_name, Path(_folder))
    threading.setprofile(_tracer)
    sys.setprofile(_tracer)
