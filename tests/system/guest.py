"""A guest with a picture, who uses the running system over HTTP only."""

import json
import time
from typing import Any

import pytest
import requests

from deploy.local.api_client import SAMPLE

TIMEOUT_S = 60  # far more than any of this takes


class Guest:
    """A client that keeps its session, as a browser does."""

    def __init__(self, address: str) -> None:
        self.address = address
        self.session = requests.Session()
        self.session.trust_env = False

    def send(self, *, request_id: str | None = None) -> requests.Response:
        """Request a cut-out of the sample."""
        files = {"file": (SAMPLE.name, SAMPLE.read_bytes())}
        headers = {"X-Request-Id": request_id}
        return self.session.post(f"{self.address}/api/cutouts", files=files, headers=headers, timeout=20)

    def accepted(self, *, patient: bool = False) -> str:
        """Send the sample and return the job's id; a patient guest retries when told to."""
        answer = self.send()
        deadline = time.monotonic() + TIMEOUT_S
        while patient and answer.status_code == 503 and time.monotonic() < deadline:
            time.sleep(int(answer.headers["Retry-After"]))
            answer = self.send()
        assert answer.status_code == 202, answer.text
        return str(answer.json()["id"])

    def job(self, job_id: str) -> dict[str, Any]:
        """Return the job, retrying while the api is unavailable."""
        deadline = time.monotonic() + TIMEOUT_S
        while (answer := self.get(f"/api/jobs/{job_id}")).status_code == 503:
            if time.monotonic() > deadline:
                pytest.fail(f"the api is still not available: {answer.text}")
            time.sleep(0.2)
        return dict(answer.json())

    def eventually(self, job_id: str, status: str) -> dict[str, Any]:
        """Return the job once it has the status."""
        deadline = time.monotonic() + TIMEOUT_S
        while (job := self.job(job_id))["status"] != status:
            assert job["status"] not in ("done", "failed", "cancelled"), job
            if time.monotonic() > deadline:
                pytest.fail(f"not {status} within {TIMEOUT_S} s: {job}")
            time.sleep(0.05)
        return job

    def settled(self, job_id: str) -> dict[str, Any]:
        """Return the job once it is done, and what follows it has ended."""
        deadline = time.monotonic() + TIMEOUT_S
        job = self.eventually(job_id, "done") if self.job(job_id)["status"] != "done" else self.job(job_id)
        while any(step["status"] in ("queued", "running") for step in job["steps"]):
            if time.monotonic() > deadline:
                pytest.fail(f"its steps have not ended within {TIMEOUT_S} s: {job}")
            time.sleep(0.05)
            job = self.job(job_id)
        return job

    def events(self, job_id: str) -> list[tuple[int, dict[str, Any]]]:
        """Return all events of the stream: id and job."""
        url = f"{self.address}/api/jobs/{job_id}/events"
        with self.session.get(url, stream=True, timeout=35) as stream:
            assert stream.headers["Content-Type"].startswith("text/event-stream")
            fields = [line.partition(": ") for line in stream.iter_lines(decode_unicode=True) if line]
        numbers = [int(value) for name, _, value in fields if name == "id"]
        return list(zip(numbers, (json.loads(value) for name, _, value in fields if name == "data"), strict=True))

    def get(self, path: str) -> requests.Response:
        return self.session.get(f"{self.address}{path}", timeout=20)
