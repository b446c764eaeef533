"""What runs in a child: one picture after the other, within limits that the kernel keeps.

It ends with its line: when the api is gone there is nobody to read to, and in the middle of a picture its share of
the processor ends it.
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

CPU_S = 10  # for one picture; 50 megapixels take up to 1.3 s as they are, and 5 from HEIC to PNG here
# Of addresses; the hungriest, 50 megapixels of PNG with alpha made smaller, takes 550 MB.
MEMORY_BYTES = 768 << 20
DRAWING_CPU_S, DRAWING_MEMORY_BYTES = 3, 448 << 20  # an SVG is a program: a line of it may ask for any work


def main() -> None:
    for ending in (signal.SIGINT, signal.SIGTERM):  # meant for the api, which still has answers to give
        signal.signal(ending, signal.SIG_IGN)
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    with suppress(OSError):  # Linux only
        Path("/proc/self/oom_score_adj").write_text("1000")  # where memory ends, this process ends before the api
    line = socket.socket(fileno=0)
    with suppress(EOFError, OSError):
        while True:
            question, data = protocol.receive(line)
            drawing = question.get("format") == Format.SVG
            _allow(DRAWING_CPU_S if drawing else CPU_S, DRAWING_MEMORY_BYTES if drawing else MEMORY_BYTES)
            protocol.send(line, *answer(question, data))


def answer(question: Mapping[str, Any], data: bytes) -> tuple[Mapping[str, object], bytes]:
    """Facts and bytes, or a refusal with its code, words and details."""
    try:
        return _do(question, data)
    except (MemoryError, errors.Busy):  # the latter from Pillow's; it has all the memory that a picture may need
        refusal: errors.Failure = errors.TooComplex()
    except errors.Failure as failure:
        refusal = failure
    return {"refused": refusal.code, "words": refusal.public, "details": refusal.details}, b""


def _do(question: Mapping[str, Any], data: bytes) -> tuple[Mapping[str, object], bytes]:
    match question["task"]:
        case "verify":
            images.verify(data, _info(question))
        case "convert":
            return {}, conversion.to_png(data, Format(question["format"]))
        case "shrink":
            made = images.web_copy(data, _info(question), question["box"])
            return {"contentType": made.content_type}, made.data
    return {}, b""


def _info(question: Mapping[str, Any]) -> images.ImageInfo:
    told = question["judged"]
    return images.ImageInfo(**told | {"format": Format(told["format"])})


def _allow(seconds: int, memory_bytes: int = MEMORY_BYTES) -> None:
    """That much of the processor from now on; the limit counts whole seconds of the whole process."""
    _, hard = resource.getrlimit(resource.RLIMIT_CPU)
    resource.setrlimit(resource.RLIMIT_CPU, (math.ceil(time.process_time()) + seconds, hard))
    with suppress(ValueError):  # macOS refuses any limit of addresses
        resource.setrlimit(resource.RLIMIT_AS, (memory_bytes, MEMORY_BYTES))


if __name__ == "__main__":
    main()
