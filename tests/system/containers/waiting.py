"""A caller who was promised cut-outs, and keeps the promises in mind."""

import io
import time

import requests
from PIL import Image

from deploy.local.api_client import SAMPLE
from tests.system.containers.engine import until

SETTLED_S = 120.0  # a lease of 60 s runs out first, where a worker died with it


def picture(number: int, side: int = 1000) -> bytes:
    """The sample, each number with a corner of its own."""
    small, file = Image.open(SAMPLE).resize((side, side)), io.BytesIO()
    small.putpixel((0, 0), (number, number, number))
    small.save(file, "PNG")
    return file.getvalue()


class Promised:
    def __init__(self, address: str) -> None:
        self._address = address
        self._session = requests.Session()
        self._session.trust_env = False
        self.jobs: list[str] = []

    def send(self, picture: bytes, request_id: str | None = None) -> None:
        """Send until it is accepted, as a caller does who is told to try again."""
        url, named = f"{self._address}/api/cutouts", {"X-Request-Id": request_id}
        for _ in range(60):
            sent = self._session.post(url, files={"file": ("p.png", picture)}, headers=named, timeout=20)
            if sent.status_code == 202:
                self.jobs.append(sent.json()["id"])
                return
            assert sent.status_code in (429, 503), sent.text
            time.sleep(0.5)
        raise AssertionError("never accepted")

    def answers(self) -> bool:
        try:
            return self._session.get(f"{self._address}/health/ready", timeout=2).status_code == 200
        except requests.RequestException:
            return False

    def withdraw(self) -> None:
        """Cancel what is not done yet."""
        for job in self.jobs:
            self._session.delete(f"{self._address}/api/jobs/{job}", timeout=20)

    def settle(self) -> float:
        """Seconds until every job is done."""
        return until(lambda: all(self._status(job) == "done" for job in self.jobs), SETTLED_S)

    def _status(self, job: str) -> str:
        answer = self._session.get(f"{self._address}/api/jobs/{job}", timeout=20)
        status = str(answer.json().get("status"))
        assert status not in ("failed", "cancelled"), answer.text
        return status
