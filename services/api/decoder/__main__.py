"""Runs in a child: decodes one picture after another, within limits that the kernel enforces.

It ends when its connection does, because the api is gone; a picture in progress may first use up its processor time.
"""

import math
import resource
import signal
import socket
import time
from collections.abc import Mapping
from contextlib import suppress
from pathlib import Path
from typing import Any

from services.api.decoder import protocol
from shared import errors, images
from shared.image_format.structure import Format
from shared.images import conversion

CPU_S = 10  # for one picture; 50 megapixels take up to 1.3 s as received, and 5 s from HEIC to PNG
# Of address space; the most expensive task, shrinking a PNG of 50 megapixels with alpha, takes 550 MB.
MEMORY_BYTES = 768 << 20
DRAWING_CPU_S, DRAWING_MEMORY_BYTES = 3, 448 << 20  # an SVG is a program: one line of it can demand any amount of work


def main() -> None:
    for number in (signal.SIGINT, signal.SIGTERM):  # meant for the api, which still has requests to finish
        signal.signal(number, signal.SIG_IGN)
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    with suppress(OSError):  # Linux only
        Path("/proc/self/oom_score_adj").write_text(
            "1000"
        )  # without memory the kernel ends this process before the api
    connection = socket.socket(fileno=0)
    with suppress(EOFError, OSError):
        while True:
            request, data = protocol.receive(connection)
            drawing = request.get("format") == Format.SVG
            _allow(DRAWING_CPU_S if drawing else CPU_S, DRAWING_MEMORY_BYTES if drawing else MEMORY_BYTES)
            protocol.send(connection, *respond(request, data))


def respond(request: Mapping[str, Any], data: bytes) -> tuple[Mapping[str, object], bytes]:
    """Facts and bytes, or a refusal with its code, message and details."""
    try:
        return _do(request, data)
    except (MemoryError, errors.Busy):  # Busy is made from Pillow's errors; a picture may need no more memory than this
        refusal: errors.Failure = errors.TooComplex()
    except errors.Failure as failure:
        refusal = failure
    return {"refused": refusal.code, "message": refusal.public, "details": refusal.details}, b""


def _do(request: Mapping[str, Any], data: bytes) -> tuple[Mapping[str, object], bytes]:
    match request["task"]:
        case "verify":
            images.verify(data, _info(request))
        case "convert":
            return {}, conversion.to_png(data, Format(request["format"]))
        case "shrink":
            made = images.web_copy(data, _info(request), request["box"])
            return {"contentType": made.content_type}, made.data
        case "ink":
            return {"ink": images.ink_size(data, _info(request))}, b""
    return {}, b""


def _info(request: Mapping[str, Any]) -> images.ImageInfo:
    info = request["info"]
    return images.ImageInfo(**info | {"format": Format(info["format"])})


def _allow(seconds: int, memory_bytes: int = MEMORY_BYTES) -> None:
    """Limit processor time from now on, and memory; the kernel counts whole seconds of the whole process."""
    _, hard = resource.getrlimit(resource.RLIMIT_CPU)
    resource.setrlimit(resource.RLIMIT_CPU, (math.ceil(time.process_time()) + seconds, hard))
    with suppress(ValueError):  # macOS refuses any limit of address space
        resource.setrlimit(resource.RLIMIT_AS, (memory_bytes, MEMORY_BYTES))


if __name__ == "__main__":
    main()
