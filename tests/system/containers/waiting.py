"""A client that remembers the cut-outs it was promised."""

import io
import time

import requests
from PIL import Image

from deploy.local.api_client import SAMPLE
from tests.system.containers.engine import until

SETTLED_S = 120.0  # includes the 60 s lease of a worker that died


def picture(number: int, side: int = 1000) -> bytes:
    """Return the sample, with a different corner for each number."""
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
        """Send until accepted, retrying when told to."""
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
        """Cancel unfinished jobs."""
        for job in self.jobs:
            self._session.delete(f"{self._address}/api/jobs/{job}", timeout=20)

    def settle(self) -> float:
        """Wait until every job is done and return the seconds it took."""
        return until(lambda: all(self._status(job) == "done" for job in self.jobs), SETTLED_S)

    def _status(self, job: str) -> str:
        answer = self._session.get(f"{self._address}/api/jobs/{job}", timeout=20)
        status = str(answer.json().get("status"))
        assert status not in ("failed", "cancelled"), answer.text
        return status
