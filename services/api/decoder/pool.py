"""The pool of decoders: two children behind one bounded queue.

Two, so that a picture that takes a second does not delay all others; more would only share the two cores, and each may
need the memory of one picture.
"""

import queue
from collections.abc import Mapping
from dataclasses import asdict
from typing import Any

from services.api.decoder.process import Child
from shared import timeouts
from shared.bulkhead import Bulkhead
from shared.image_format.structure import Format
from shared.images import ImageInfo

CHILDREN = 2
WAITING = 22  # with those being decoded 24 of gunicorn's 32 threads; the others stay free for other requests


class Decoder:
    """Safe to share between threads. A picture that cannot be decoded raises its failure, a full queue Busy."""

    def __init__(self, children: int = CHILDREN) -> None:
        self._bulkhead = Bulkhead(children, WAITING, timeouts.DECODE_WAIT_S)
        self._count = children
        self._children: list[Child] = []
        self._idle: queue.LifoQueue[Child] = queue.LifoQueue()  # the child used last first: its caches are warm

    def start(self) -> None:
        """Returns when every child has loaded its libraries."""
        self._children = [Child() for _ in range(self._count)]
        for child in self._children:
            child.request({"task": "warm"}, b"")
            self._idle.put(child)

    def stop(self) -> None:
        for child in self._children:
            child.stop()

    def verify(self, data: bytes, info: ImageInfo) -> None:
        """As `images.verify`."""
        self._request({"task": "verify", "info": asdict(info)}, data)

    def convert(self, data: bytes, kind: Format) -> bytes:
        """As `conversion.to_png`."""
        return self._request({"task": "convert", "format": kind}, data)[1]

    def shrink(self, data: bytes, info: ImageInfo, box: tuple[int, int]) -> tuple[bytes, str]:
        """As `images.web_copy`: bytes and content type."""
        facts, copy = self._request({"task": "shrink", "info": asdict(info), "box": box}, data)
        return copy, "image/webp" if facts["contentType"] == "image/webp" else "image/jpeg"

    def ink_size(self, data: bytes, info: ImageInfo) -> tuple[int, int]:
        """As `images.ink_size`."""
        width, height = self._request({"task": "ink", "info": asdict(info)}, data)[0]["ink"]
        return int(width), int(height)

    def _request(self, request: Mapping[str, object], data: bytes) -> tuple[dict[str, Any], bytes]:
        with self._bulkhead.slot():
            child = self._idle.get_nowait()  # there is one for each slot
            try:
                return child.request(request, data)
            finally:
                self._idle.put(child)
