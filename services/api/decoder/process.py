"""One child as the api sees it: started, sent requests, and replaced when it dies or has done its share."""

import signal
import socket
import subprocess
import sys
import time
from collections.abc import Mapping
from contextlib import suppress
from pathlib import Path
from typing import Any

from services.api.decoder import protocol
from shared import errors, log, metrics, timeouts

SHARE = 1_000  # pictures; memory that a library has leaked ends with the child
_ROOT = Path(__file__).parents[3]
_REFUSALS: Mapping[object, type[errors.Failure]] = {
    kind.code: kind
    for kind in (
        errors.AnimatedImage,
        errors.ImageTooLarge,
        errors.ImageTooSmall,
        errors.NoInk,
        errors.TooComplex,
        errors.UnreadableImage,
        errors.UnsupportedImage,
    )
}

_log = log.get("decoder")


class Child:
    """For one thread at a time. Creating one does not wait: the child reads its first request once it has started."""

    def __init__(self) -> None:
        self._start()

    def stop(self, wait_s: float = 0) -> int:
        """End the child, with SIGKILL after `wait_s`, and return its exit status."""
        self._connection.close()
        with suppress(subprocess.TimeoutExpired):
            return self._process.wait(wait_s)
        self._process.kill()
        return self._process.wait()

    def request(self, request: Mapping[str, object], data: bytes) -> tuple[dict[str, Any], bytes]:
        """Return facts and bytes. Raises a failure of the picture, or Busy if the child died for another reason."""
        if self._process.poll() is not None or self._requests >= SHARE:
            self._renew()
        self._requests += 1
        until = time.monotonic() + timeouts.DECODE_S
        try:
            facts, made = protocol.exchange(self._connection, request, data, until)
        except (OSError, EOFError, ValueError) as error:
            raise self._replaced(error) from None
        if "refused" in facts:
            kind = _REFUSALS.get(facts["refused"], errors.UnreadableImage)
            raise kind(str(facts["message"]), details=facts["details"])
        return facts, made

    def _replaced(self, error: Exception) -> errors.Failure:
        """Start a new child, and return the failure of the request that lost the old one."""
        status = self.stop(wait_s=0 if isinstance(error, TimeoutError) else 1)  # its connection closes before it exits
        failure = _failure(status)
        metrics.DECODER_DEATHS.labels(failure.code).inc()
        _log.warning("decoder_died", status=status, error=type(error).__name__, answer=failure.code)
        with suppress(errors.Busy):  # the next request tries again
            self._renew()
        return failure

    def _renew(self) -> None:
        self.stop()
        try:
            self._start()
        except OSError:  # the machine has no more processes or memory
            raise errors.Busy from None

    def _start(self) -> None:
        self._connection, theirs = socket.socketpair()
        with theirs:
            self._process = subprocess.Popen(
                [sys.executable, "-m", "services.api.decoder"],
                stdin=theirs.fileno(),
                stdout=subprocess.DEVNULL,
                cwd=_ROOT,
                env={},  # ours holds secrets
            )
        self._requests = 0


def _failure(status: int) -> errors.Failure:
    """An error of the picture if the child ran out of processor time or crashed; Busy if it hung or was killed."""
    if status == -signal.SIGXCPU:
        return errors.TooComplex()
    if status in (-signal.SIGSEGV, -signal.SIGBUS, -signal.SIGABRT, -signal.SIGILL, -signal.SIGFPE, 1):
        return errors.UnreadableImage()  # 1: an uncaught Python exception
    return errors.Busy()
