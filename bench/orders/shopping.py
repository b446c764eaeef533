"""Buyers who send their orders at set times, however long each answer takes: one a second each."""

import socket
import threading
import time
from collections.abc import Sequence

from bench.catalogue.load import Outcome

EVERY_S = 1.0
_TIMEOUT_S = 30.0


def shop(port: int, requests: Sequence[Sequence[bytes]]) -> Outcome:
    """Send each buyer's requests over a connection of its own; the buyers' times are spread over EVERY_S."""
    answers, start = Outcome(), time.monotonic() + 0.2
    threads = [
        threading.Thread(target=_buyer, args=[port, wanted, start + EVERY_S * number / len(requests), answers])
        for number, wanted in enumerate(requests)
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    return answers


def _buyer(port: int, requests: Sequence[bytes], start: float, answers: Outcome) -> None:
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
