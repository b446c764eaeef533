"""Guests who send pictures and remember every accepted job."""

import io
import threading
from collections import Counter
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime
from uuid import UUID

import requests
from PIL import Image, ImageDraw

_ANSWER_S = 12  # every request must be answered within 10


class Crowd:
    """Guests of the api at `address`. `accepted` are the jobs that answered 202, `statuses` counts all answers.

    A broken connection counts as status 0: no job was accepted, although it may exist.
    """

    def __init__(self, address: str) -> None:
        self.address = address
        self.since = datetime.now(UTC)
        self.accepted: list[UUID] = []
        self.statuses: Counter[int] = Counter()
        self.slowest_s = 0.0
        self._lock = threading.Lock()
        self._numbers = 0

    def send(self, *, guest: requests.Session | None = None, address: str = "", number: int = 0) -> UUID | None:
        """Request a cut-out of a new picture, or of the numbered one, and return the job's id."""
        if guest is None:
            with a_guest() as stranger:
                return self.send(guest=stranger, address=address)
        with self._lock:
            self._numbers += 1
            number = number or self._numbers
        try:
            files = {"file": ("shirt.jpg", shirt(number))}
            answer = guest.post(f"{address or self.address}/api/cutouts", files=files, timeout=_ANSWER_S)
        except requests.RequestException:
            self._note(0, float(_ANSWER_S))
            return None
        self._note(answer.status_code, answer.elapsed.total_seconds())
        if answer.status_code != 202:
            return None
        job_id = UUID(answer.json()["id"])
        with self._lock:
            self.accepted.append(job_id)
        return job_id

    def send_many(self, count: int, *, at_once: int = 4) -> None:
        with ThreadPoolExecutor(at_once) as pool:
            for future in [pool.submit(self.send) for _ in range(count)]:
                future.result()

    def _note(self, status: int, took_s: float) -> None:
        with self._lock:
            self.statuses[status] += 1
            self.slowest_s = max(self.slowest_s, took_s if status else 0.0)


def a_guest() -> requests.Session:
    """Return a new guest; close it after use."""
    session = requests.Session()
    session.trust_env = False
    return session


def a_guest_with_key(address: str) -> requests.Session:
    """Return a guest who sends every request with the same idempotency key."""
    guest = a_guest()
    first = guest.post(f"{address}/api/uploads/presign", json={"bytes": 1}, timeout=_ANSWER_S)
    guest.headers["Authorization"] = f"Bearer {first.headers['X-Session-Token']}"
    guest.headers["Idempotency-Key"] = "the-same-again"
    return guest


def shirt(number: int, width: int = 200, height: int = 150) -> bytes:
    """Return a picture, different for each number, with a subject that every provider finds."""
    image = Image.new("RGB", (width, height), (235, 235, 238))
    colour = (180, number * 7 % 200, number // 200 * 40 % 200)
    ImageDraw.Draw(image).ellipse((width // 4, height // 6, width * 3 // 4, height * 5 // 6), fill=colour)
    image.putpixel((0, 0), (number % 256, number // 256 % 256, 0))
    out = io.BytesIO()
    image.save(out, "PNG")
    return out.getvalue()
