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

CPU_S = 5  # for one picture; 50 megapixels take up to 1.3 s here
# Of addresses; the hungriest, 50 megapixels of PNG with alpha made smaller, takes 550 MB.
MEMORY_BYTES = 768 << 20


def main() -> None:
    for ending in (signal.SIGINT, signal.SIGTERM):  # meant for the api, which still has answers to give
        signal.signal(ending, signal.SIG_IGN)
    with suppress(ValueError):  # macOS refuses any limit of addresses
        resource.setrlimit(resource.RLIMIT_AS, (MEMORY_BYTES, MEMORY_BYTES))
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    with suppress(OSError):  # Linux only
        Path("/proc/self/oom_score_adj").write_text("1000")  # where memory ends, this process ends before the api
    line = socket.socket(fileno=0)
    with suppress(EOFError, OSError):
        while True:
            question, data = protocol.receive(line)
            _allow(CPU_S)
            protocol.send(line, *answer(question, data))


def answer(question: Mapping[str, Any], data: bytes) -> tuple[Mapping[str, object], bytes]:
    """Facts and bytes, or the code of a refusal."""
    try:
        return _do(question, data)
    except (MemoryError, errors.Busy):  # the latter from Pillow's; it has all the memory that a picture may need
        return {"refused": errors.TooComplex.code}, b""
    except errors.Failure as failure:
        return {"refused": failure.code}, b""


def _do(question: Mapping[str, Any], data: bytes) -> tuple[Mapping[str, object], bytes]:
    match question["task"]:
        case "verify":
            images.verify(data, _info(question))
        case "shrink":
            made = images.web_copy(data, _info(question), question["box"])
            return {"contentType": made.content_type}, made.data
    return {}, b""


def _info(question: Mapping[str, Any]) -> images.ImageInfo:
    told = question["judged"]
    return images.ImageInfo(**told | {"format": Format(told["format"])})


def _allow(seconds: int) -> None:
    """That much of the processor from now on; the limit counts whole seconds of the whole process."""
    _, hard = resource.getrlimit(resource.RLIMIT_CPU)
    resource.setrlimit(resource.RLIMIT_CPU, (math.ceil(time.process_time()) + seconds, hard))


if __name__ == "__main__":
    main()
