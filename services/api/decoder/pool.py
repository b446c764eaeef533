"""The decoder as the api holds it: two children behind one bounded line.

Two, so that a picture of a second does not hold up everyone behind it; on two cores more would only share them, and
each may need the memory of one picture.
"""

import queue
from collections.abc import Mapping
from dataclasses import asdict
from typing import Any

from services.api.decoder.process import Child
from services.api.middleware.bulkhead import Bulkhead
from shared import timeouts
from shared.image_format.structure import Format
from shared.images import ImageInfo

CHILDREN = 2
WAITING = 22  # with those in work 24 of gunicorn's 32 threads: some are always left for everything else


class Decoder:
    """Safe to share between threads. What cannot be decoded raises a failure of the picture; a full line Busy."""

    def __init__(self, children: int = CHILDREN) -> None:
        self._line = Bulkhead(children, WAITING, timeouts.DECODE_WAIT_S)
        self._count = children
        self._children: list[Child] = []
        self._idle: queue.LifoQueue[Child] = queue.LifoQueue()  # the one whose caches are warm first

    def start(self) -> None:
        """Returns when every child has its libraries loaded."""
        self._children = [Child() for _ in range(self._count)]
        for child in self._children:
            child.ask({"task": "warm"}, b"")
            self._idle.put(child)

    def stop(self) -> None:
        for child in self._children:
            child.stop()

    def verify(self, data: bytes, info: ImageInfo) -> None:
        """As `images.verify`."""
        self._ask({"task": "verify", "judged": asdict(info)}, data)

    def convert(self, data: bytes, kind: Format) -> bytes:
        """As `conversion.to_png`."""
        return self._ask({"task": "convert", "format": kind}, data)[1]

    def shrink(self, data: bytes, info: ImageInfo, box: tuple[int, int]) -> tuple[bytes, str]:
        """As `images.web_copy`: bytes and content type."""
        told, made = self._ask({"task": "shrink", "judged": asdict(info), "box": box}, data)
        return made, "image/webp" if told["contentType"] == "image/webp" else "image/jpeg"

    def _ask(self, question: Mapping[str, object], data: bytes) -> tuple[dict[str, Any], bytes]:
        with self._line.slot():
            child = self._idle.get_nowait()  # there is one for each place
            try:
                return child.ask(question, data)
            finally:
                self._idle.put(child)
