"""Mock-ups as files: kept in memory by what they show, else drawn from the stored picture, a few at a time.

Two caches bound the work: finished files, and designs prepared for drawing, since reading a picture takes longer than
drawing it. Both forget after an hour, so that a deleted picture does not stay here longer than in a browser.
"""

import io
import threading
import time

from PIL import Image

from services.worker.mockups.cache import Cache
from services.worker.mockups.design import cropped, premultiplied
from services.worker.mockups.mockup_request import MockupRequest
from services.worker.mockups.renderer import render, webp
from shared import errors, malloc, metrics, storage, timeouts
from shared.bulkhead import Bulkhead

SLOTS = 2  # drawn at once; more would only wait for the interpreter
WAITING = 16  # the next one is refused
MAX_SIDE = 2000  # of a stored copy for pages
_KEPT_S = 3600
_FILES_BYTES, _DESIGNS_BYTES = 8 << 20, 16 << 20
_FORMATS = ("WEBP", "JPEG")
BLANK = "blank"
"""In place of a key: the garment without a print."""


class Mockups:
    """Thread-safe."""

    def __init__(self, objects: storage.Storage) -> None:
        self._objects = objects
        self._bulkhead = Bulkhead(SLOTS, WAITING, timeouts.MOCKUP_WAIT_S)
        self._files: Cache[bytes] = Cache(_FILES_BYTES, _KEPT_S)
        self._designs: Cache[Image.Image] = Cache(_DESIGNS_BYTES, _KEPT_S)
        self._reading = threading.Lock()  # so that one picture at a time is decoded

    def file(self, asked: MockupRequest) -> bytes:
        """A WebP. Raises NotFound if the picture is not stored, Busy if too many are being drawn, Unavailable."""
        data = self._files.get(asked)
        metrics.MOCKUPS.labels("drawn" if data is None else "kept").inc()
        if data is None:
            with self._bulkhead.slot():
                data = self._draw(asked)
            self._files.put(asked, data, len(data))
        return data

    def expire(self) -> None:
        """Forget what was kept for an hour; to be called from time to time."""
        self._files.expire()
        self._designs.expire()

    def _draw(self, asked: MockupRequest) -> bytes:
        began = time.perf_counter()
        design = None if asked.key == BLANK else self._design(asked.key)
        read = time.perf_counter()
        picture = render(design, asked.garment, asked.colour, asked.place, asked.width)
        drawn = time.perf_counter()
        data = webp(picture)
        steps = {"read": read - began, "draw": drawn - read, "encode": time.perf_counter() - drawn}
        for step, seconds in steps.items():
            metrics.MOCKUP_SECONDS.labels(step).observe(seconds)
        return data

    def _design(self, key: str) -> Image.Image:
        design = self._designs.get(key)
        if design is None:
            with self._reading:
                design = self._designs.get(key) or self._read(key)  # another thread may have read it meanwhile
            malloc.give_back()  # what decoding took is several times what is kept
            self._designs.put(key, design, 4 * design.width * design.height)
        return design

    def _read(self, key: str) -> Image.Image:
        try:
            data = self._objects.get(key)
        except storage.Missing:
            raise errors.NotFound from None
        return decoded(data)


def decoded(data: bytes) -> Image.Image:
    """The design of a stored copy for pages; one transparent pixel where it has no ink. Raises UnreadableImage."""
    try:
        with Image.open(io.BytesIO(data), formats=_FORMATS) as picture:
            if max(picture.size) > MAX_SIDE:
                raise errors.UnreadableImage
            ink = cropped(picture if picture.mode == "RGBA" else picture.convert("RGBA"))
    except (OSError, SyntaxError, ValueError):
        raise errors.UnreadableImage from None
    del picture  # the decoder's buffers have three times the size of the picture
    return premultiplied(ink) if ink else Image.new("RGBa", (1, 1))
