"""What the api and its decoder say to each other: a few facts as JSON, then bytes, each with its length in front.

JSON and not pickle: what comes from a decoder that a picture has taken over must stay mere data.
"""

import json
import math
import socket
import struct
import time
from collections.abc import Mapping
from typing import Any

_LENGTHS = struct.Struct(">II")
_MAX_FACTS, _MAX_BYTES = 4096, 1 << 30


def send(line: socket.socket, facts: Mapping[str, object], data: bytes, until: float = math.inf) -> None:
    """Raises OSError; TimeoutError when the clock shows `until`."""
    head = json.dumps(facts).encode()
    _wait(line, until)
    line.sendall(_LENGTHS.pack(len(head), len(data)) + head)
    _wait(line, until)
    line.sendall(data)


def receive(line: socket.socket, until: float = math.inf) -> tuple[dict[str, Any], bytes]:
    """Raises EOFError when the other side is gone, and what `send` raises."""
    facts_bytes, data_bytes = _LENGTHS.unpack(_exactly(line, _LENGTHS.size, until))
    if facts_bytes > _MAX_FACTS or data_bytes > _MAX_BYTES:
        raise EOFError
    facts: dict[str, Any] = json.loads(_exactly(line, facts_bytes, until))
    return facts, bytes(_exactly(line, data_bytes, until))


def _exactly(line: socket.socket, size: int, until: float) -> bytearray:
    found = bytearray(size)
    rest = memoryview(found)
    while rest:
        _wait(line, until)
        count = line.recv_into(rest)
        if not count:
            raise EOFError
        rest = rest[count:]
    return found


def _wait(line: socket.socket, until: float) -> None:
    line.settimeout(None if until == math.inf else max(0.001, until - time.monotonic()))
