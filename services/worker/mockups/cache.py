"""A cache in memory, bounded in bytes and in age."""

import threading
import time
from collections import OrderedDict
from typing import Generic, TypeVar

Value = TypeVar("Value")  # the newer syntax needs Python 3.12


class Cache(Generic[Value]):
    """The most recently used values, at most `max_bytes` together, each for at most `max_age_s`. Thread-safe."""

    def __init__(self, max_bytes: int, max_age_s: float) -> None:
        self._max_bytes = max_bytes
        self._max_age_s = max_age_s
        self._lock = threading.Lock()
        self._kept: OrderedDict[object, tuple[float, int, Value]] = OrderedDict()  # when it came, bytes, value
        self.bytes = 0

    def get(self, key: object) -> Value | None:
        with self._lock:
            found = self._kept.get(key)
            if found is None or self._expired(found[0]):
                return None
            self._kept.move_to_end(key)
            return found[2]

    def put(self, key: object, value: Value, size: int) -> None:
        """Keep a value of `size` bytes; one that is larger than the whole cache is not kept."""
        if size > self._max_bytes:
            return
        with self._lock:
            self._drop(key)
            self._kept[key] = time.monotonic(), size, value
            self.bytes += size
            while self.bytes > self._max_bytes:
                self._drop(next(iter(self._kept)))

    def expire(self) -> None:
        """Drop what is too old; to be called from time to time."""
        with self._lock:
            for key in [key for key, (came, *_) in self._kept.items() if self._expired(came)]:
                self._drop(key)

    def _expired(self, came: float) -> bool:
        return time.monotonic() - came > self._max_age_s

    def _drop(self, key: object) -> None:
        found = self._kept.pop(key, None)
        self.bytes -= found[1] if found else 0
