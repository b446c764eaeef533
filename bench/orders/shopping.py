"""Buyers who send their orders at set times, however long each answer takes: one a second each."""

import socket
import threading
import time
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, field

EVERY_S = 1.0
_TIMEOUT_S = 30.0


@dataclass(slots=True)
class Answers:
    statuses: Counter[int] = field(default_factory=Counter)
    seconds: list[float] = field(default_factory=list)


def shop(port: int, requests: Sequence[Sequence[bytes]]) -> Answers:
    """Send each buyer's requests over a connection of its own; the buyers' times are spread over EVERY_S."""
    answers, start = Answers(), time.monotonic() + 0.2
    threads = [
        threading.Thread(target=_buyer, args=[port, wanted, start + EVERY_S * number / len(requests), answers])
        for number, wanted in enumerate(requests)
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    return answers


def _buyer(port: int, requests: Sequence[bytes], start: float, answers: Answers) -> None:
    for number, request in enumerate(requests):
        due = start + number * EVERY_S
        time.sleep(max(0.0, due - time.monotonic()))
        status = _send(port, request)
        answers.seconds.append(time.monotonic() - due)  # from when it was due: a late one counts as slow
        answers.statuses[status] += 1


def _send(port: int, request: bytes) -> int:
    with socket.create_connection(("127.0.0.1", port), _TIMEOUT_S) as client, client.makefile("rb") as answer:
        client.sendall(request)
        status, length = int(answer.readline().split(b" ", 2)[1]), 0
        while (line := answer.readline()) not in (b"\r\n", b""):
            if line.lower().startswith(b"content-length:"):
                length = int(line.split(b":")[1])
        answer.read(length)
    return status
