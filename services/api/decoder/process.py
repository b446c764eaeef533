"""One child as the api sees it: started, asked, and started again when it is lost or has done its share."""

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

SHARE = 1_000  # pictures; whatever a library has leaked by then goes with the child
_ROOT = Path(__file__).parents[3]
_REFUSALS: Mapping[object, type[errors.Failure]] = {
    kind.code: kind
    for kind in (
        errors.AnimatedImage,
        errors.ImageTooLarge,
        errors.ImageTooSmall,
        errors.TooComplex,
        errors.UnreadableImage,
        errors.UnsupportedImage,
    )
}

_log = log.get("decoder")


class Child:
    """For one thread at a time. It hears what it is asked when it has come up, so making one costs no wait."""

    def __init__(self) -> None:
        self._start()

    def stop(self, patience_s: float = 0) -> int:
        """Its exit status: that of its own end, if it comes to one within `patience_s`."""
        self._line.close()
        with suppress(subprocess.TimeoutExpired):
            return self._process.wait(patience_s)
        self._process.kill()
        return self._process.wait()

    def ask(self, question: Mapping[str, object], data: bytes) -> tuple[dict[str, Any], bytes]:
        """Facts and bytes. Raises a failure of the picture, or Busy if the child is lost by no fault of the picture."""
        if self._process.poll() is not None or self._asked >= SHARE:
            self._renew()
        self._asked += 1
        until = time.monotonic() + timeouts.DECODE_S
        try:
            protocol.send(self._line, question, data, until)
            answer, made = protocol.receive(self._line, until)
        except (OSError, EOFError, ValueError) as error:
            raise self._replaced(error) from None
        if "refused" in answer:
            kind = _REFUSALS.get(answer["refused"], errors.UnreadableImage)
            raise kind(str(answer["words"]), details=answer["details"])
        return answer, made

    def _replaced(self, error: Exception) -> errors.Failure:
        """Start a new child; what to tell whoever has lost the old one."""
        status = self.stop(patience_s=0 if isinstance(error, TimeoutError) else 1)  # its line ends before it does
        failure = _blame(status)
        metrics.DECODER_DEATHS.labels(failure.code).inc()
        _log.warning("decoder_died", status=status, error=type(error).__name__, answer=failure.code)
        with suppress(errors.Busy):  # whoever asks next tries again
            self._renew()
        return failure

    def _renew(self) -> None:
        self.stop()
        try:
            self._start()
        except OSError:  # the machine has no process or memory to spare
            raise errors.Busy from None

    def _start(self) -> None:
        self._line, theirs = socket.socketpair()
        with theirs:
            self._process = subprocess.Popen(
                [sys.executable, "-m", "services.api.decoder"],
                stdin=theirs.fileno(),
                stdout=subprocess.DEVNULL,
                cwd=_ROOT,
                env={},  # ours holds secrets
            )
        self._asked = 0


def _blame(status: int) -> errors.Failure:
    """Beyond its share of the processor, or crashed: the picture's fault; frozen, or killed by somebody: not."""
    if status == -signal.SIGXCPU:
        return errors.TooComplex()
    if status in (-signal.SIGSEGV, -signal.SIGBUS, -signal.SIGABRT, -signal.SIGILL, -signal.SIGFPE, 1):
        return errors.UnreadableImage()  # 1: an error of Python's that nobody has thought of
    return errors.Busy()
