"""Messages between the api and its decoders: a few facts as JSON, then bytes, each preceded by its length.

JSON and not pickle, because a decoder that a picture has taken over must not be able to send code.
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


def exchange(
    connection: socket.socket, facts: Mapping[str, object], data: bytes, until: float
) -> tuple[dict[str, Any], bytes]:
    """Send a request, receive its reply. Raises what `send` and `receive` raise."""
    send(connection, facts, data, until)
    return receive(connection, until)


def send(connection: socket.socket, facts: Mapping[str, object], data: bytes, until: float = math.inf) -> None:
    """Raises OSError; TimeoutError once time.monotonic() reaches `until`."""
    head = json.dumps(facts).encode()
    _limit(connection, until)
    connection.sendall(_LENGTHS.pack(len(head), len(data)) + head)
    _limit(connection, until)
    connection.sendall(data)


def receive(connection: socket.socket, until: float = math.inf) -> tuple[dict[str, Any], bytes]:
    """Raises EOFError when the other side has closed, and what `send` raises."""
    facts_bytes, data_bytes = _LENGTHS.unpack(_exactly(connection, _LENGTHS.size, until))
    if facts_bytes > _MAX_FACTS or data_bytes > _MAX_BYTES:
        raise EOFError
    facts: dict[str, Any] = json.loads(_exactly(connection, facts_bytes, until))
    return facts, bytes(_exactly(connection, data_bytes, until))


def _exactly(connection: socket.socket, size: int, until: float) -> bytearray:
    found = bytearray(size)
    rest = memoryview(found)
    while rest:
        _limit(connection, until)
        count = connection.recv_into(rest)
        if not count:
            raise EOFError
        rest = rest[count:]
    return found


def _limit(connection: socket.socket, until: float) -> None:
    connection.settimeout(None if until == math.inf else max(0.001, until - time.monotonic()))
