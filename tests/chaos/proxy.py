"""A bad network between two programs of this machine: slow, silent or cut."""

import contextlib
import select
import socket
import struct
import threading
import time
from collections.abc import Iterator
from typing import Self

_BLOCK = 1 << 14
_LOOK_S = 0.05  # how often a silent connection checks for a reset
_RESET_ON_CLOSE = struct.pack("ii", 1, 0)  # SO_LINGER: on, zero seconds


class Proxy:
    """Forward to `port` from a port of its own. Attributes take effect at once, for existing connections too.

    latency_s      delay of each block, each way
    bytes_s        bytes per second towards the client
    cut_after      bytes towards the client after which its connection is half closed: a body ends early
    blackhole      nothing passes and nothing is closed, like a pulled cable
    refusing       new connections are reset
    """

    def __init__(self, port: int) -> None:
        self.latency_s = 0.0
        self.bytes_s = 0
        self.cut_after = 0
        self.blackhole = False
        self.refusing = False
        self._target = ("127.0.0.1", port)
        self._age = 0  # counts resets; connections of an earlier age are closed
        self._joints: list[threading.Thread] = []
        self._accepting = threading.Thread(target=self._accept, name="proxy", daemon=True)
        self._listener = socket.create_server(("127.0.0.1", 0))
        self.port: int = self._listener.getsockname()[1]

    def __enter__(self) -> Self:
        self._accepting.start()
        return self

    def __exit__(self, *_: object) -> None:
        with contextlib.suppress(OSError):
            self._listener.shutdown(socket.SHUT_RDWR)  # wakes accept, which close alone would not
        self._accepting.join()
        self._listener.close()
        self.reset()

    def heal(self) -> None:
        """Make the network good again; connections that went through the bad one are reset, as routers do."""
        suffered = any((self.latency_s, self.bytes_s, self.cut_after, self.blackhole, self.refusing))
        self.latency_s, self.bytes_s, self.cut_after, self.blackhole, self.refusing = 0.0, 0, 0, False, False
        if suffered:
            self.reset()

    def reset(self) -> None:
        """Reset all existing connections before returning."""
        self._age += 1
        for joint in self._joints:
            joint.join(5)

    def _accept(self) -> None:
        while True:
            try:
                near, _ = self._listener.accept()
            except OSError:
                return
            try:
                far = None if self.refusing else socket.create_connection(self._target, 2)
            except OSError:
                far = None
            if far is None:
                near.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, _RESET_ON_CLOSE)
                near.close()
                continue
            far.settimeout(None)
            joint = threading.Thread(target=self._join, args=(near, far, self._age), name="proxy", daemon=True)
            joint.start()
            self._joints = [thread for thread in self._joints if thread.is_alive()] + [joint]

    def _join(self, near: socket.socket, far: socket.socket, age: int) -> None:
        """Forward both ways until both sides end or a reset comes."""
        upward = threading.Thread(target=self._pump, args=(near, far, False, age), name="proxy", daemon=True)
        upward.start()
        self._pump(far, near, True, age)
        upward.join()
        for end in (near, far):
            if age != self._age:
                end.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, _RESET_ON_CLOSE)
            end.close()

    def _pump(self, source: socket.socket, sink: socket.socket, downward: bool, age: int) -> None:
        passed = 0
        with contextlib.suppress(OSError):
            for block in self._blocks(source, age):
                time.sleep(self.latency_s + (len(block) / self.bytes_s if downward and self.bytes_s else 0))
                if downward and self.cut_after and passed + len(block) > self.cut_after:
                    sink.sendall(block[: self.cut_after - passed])
                    break
                passed += len(block)
                sink.sendall(block)
        if age == self._age:
            with contextlib.suppress(OSError):
                sink.shutdown(socket.SHUT_WR)

    def _blocks(self, source: socket.socket, age: int) -> Iterator[bytes]:
        """Yield incoming data until its end or a reset."""
        while age == self._age:
            if self.blackhole or not select.select([source], [], [], _LOOK_S)[0]:
                time.sleep(_LOOK_S if self.blackhole else 0)
                continue
            block = source.recv(_BLOCK)
            if not block:
                return
            yield block
