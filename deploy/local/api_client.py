"""A client of the api: uploads a picture, follows the job's events and downloads the cut-out."""

import json
import time
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import requests

from deploy.local.errors import CommandError

SAMPLE = Path(__file__).with_name("sample.jpg")
_ACCEPTED_S = 60  # inspecting the largest picture on a busy machine
_SILENT_S = 15  # the event stream sends something every 10 s
_GIVE_UP_S = 300
_LOOK_S = 0.5
_FINAL = ("done", "failed", "cancelled")


@dataclass(frozen=True, slots=True)
class Outcome:
    """A finished job and its cutout.

    `accepted_ms` ends when the api recorded the job, where the job's own timings begin: its answer arrives later, while
    a worker may be at work.
    """

    job: Mapping[str, Any]
    cutout: bytes
    accepted_ms: int
    total_ms: int


class ApiClient:
    """A guest of the api at `address`, with a session of its own."""

    def __init__(self, address: str) -> None:
        self._address = address
        self._session = requests.Session()
        self._session.trust_env = False  # a proxy for the internet does not reach this machine

    def cut_out(self, picture: bytes, name: str) -> Outcome:
        """Raises CommandError with the server's message when it refuses or fails."""
        began, began_at = time.monotonic(), datetime.now(UTC)
        try:
            sent = {"file": (name, picture)}
            answer = self._session.post(f"{self._address}/api/cutouts", files=sent, timeout=_ACCEPTED_S)
            answered_ms = _ms_since(began)
            accepted = self._json(answer)
            # Not the cookie: with an https PUBLIC_URL it is Secure, and this client reaches the api over http.
            self._session.headers["Authorization"] = f"Bearer {answer.headers['X-Session-Token']}"
            job = self._settled(accepted)
            cutout = self.download(job["result"]["cutoutUrl"])
        except requests.RequestException as error:
            raise self._silent(error) from None
        recorded = datetime.fromisoformat(job["createdAt"]) - began_at
        accepted_ms = min(max(0, round(recorded.total_seconds() * 1000)), answered_ms)  # another clock may be wrong
        return Outcome(job, cutout, accepted_ms, _ms_since(began))

    def made(self, path: str) -> Mapping[str, Any]:
        """What is made of a picture when asked for; waits until its job is done. Raises CommandError."""
        deadline = time.monotonic() + _GIVE_UP_S
        while time.monotonic() < deadline:
            answer = self._get(path)
            if answer.status_code != requests.codes.accepted:
                return self._json(answer)
            self._settled(self._json(answer))
        raise CommandError(f"{path} is not made after {_GIVE_UP_S} s")

    def with_steps(self, job: Mapping[str, Any]) -> Mapping[str, Any]:
        """The job once what follows it has ended as well. Raises CommandError."""
        deadline = time.monotonic() + _GIVE_UP_S
        while time.monotonic() < deadline:
            job = self._json(self._get(f"/api/jobs/{job['id']}"))
            if all(step["status"] in _FINAL for step in job["steps"]):
                return job
            time.sleep(_LOOK_S)
        raise CommandError(f"what follows the job is not done after {_GIVE_UP_S} s")

    def download(self, url: str) -> bytes:
        """The bytes at an address that a response told. Raises CommandError."""
        return self._get(url).content

    def _settled(self, accepted: Mapping[str, Any]) -> Mapping[str, Any]:
        deadline = time.monotonic() + _GIVE_UP_S
        while time.monotonic() < deadline:  # a stream ends after 30 s; the next one goes on
            for job in self._events(accepted["eventsUrl"]):
                if job["status"] == "done":
                    return job
                if job["status"] in _FINAL:
                    error = job["error"] or {"code": job["status"], "message": "The job was cancelled."}
                    raise CommandError(f"{error['code']}: {error['message']}")
        raise CommandError(f"the job is not done after {_GIVE_UP_S} s")

    def _events(self, url: str) -> Iterator[Mapping[str, Any]]:
        with self._get(url, stream=True) as stream:
            for line in stream.iter_lines():
                if line.startswith(b"data:"):
                    yield json.loads(line[5:])

    def _get(self, url: str, *, stream: bool = False) -> requests.Response:
        at = urlsplit(url)
        here = f"{self._address}{at.path}?{at.query}"  # with PUBLIC_URL set, answers name another host
        try:
            answer = self._session.get(here, stream=stream, timeout=_SILENT_S)
        except requests.RequestException as error:
            raise self._silent(error) from None
        if not answer.ok:
            self._json(answer)
        return answer

    def _silent(self, error: Exception) -> CommandError:
        return CommandError(f"the api at {self._address} stopped answering ({type(error).__name__})")

    @staticmethod
    def _json(answer: requests.Response) -> Mapping[str, Any]:
        try:
            body = answer.json()
        except requests.JSONDecodeError:
            raise CommandError(f"{answer.url} answered {answer.status_code}, and no JSON") from None
        if not answer.ok:
            error = body.get("error", {})
            raise CommandError(f"{error.get('code', answer.status_code)}: {error.get('message', 'the server refused')}")
        return dict(body)


def _ms_since(began: float) -> int:
    return round((time.monotonic() - began) * 1000)
