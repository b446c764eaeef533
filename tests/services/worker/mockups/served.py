"""The service that draws mock-ups behind its real server."""

import os
import subprocess
import sys
import time
from pathlib import Path

import requests

from deploy.local import ports
from shared.storage import Folder

START_S = 60
TOKEN = "a token of the tests, long enough"
_ROOT = Path(__file__).parents[4]


class MockupProcess:
    """One gunicorn, as deployed, over a folder."""

    def __init__(self, data: Path) -> None:
        self.data = data
        self.objects = Folder(data / "objects")
        self.url = f"http://127.0.0.1:{ports.free()}"
        port = self.url.rpartition(":")[2]
        kept = {name: value for name, value in os.environ.items() if not name.startswith(("R2_", "MOCKUPS_"))}
        self.process = subprocess.Popen(
            [sys.executable, "-m", "gunicorn", "-c", "deploy/gunicorn.conf.py", "services.worker.mockups.wsgi:app"],
            cwd=_ROOT,
            env={**kept, "PORT": port, "BIND_HOST": "127.0.0.1", "DATA_DIR": str(data), "MOCKUPS_TOKEN": TOKEN},
            stdout=subprocess.DEVNULL,
        )
        until = time.monotonic() + START_S
        while not self._ready():
            assert self.process.poll() is None
            assert time.monotonic() < until
            time.sleep(0.05)

    def get(self, path: str, token: str = TOKEN, **query: object) -> requests.Response:
        parameters = {name: str(value) for name, value in query.items()}
        headers = {"Authorization": f"Bearer {token}"}
        return requests.get(self.url + path, headers=headers, params=parameters, timeout=START_S)

    def stop(self) -> None:
        self.process.terminate()
        self.process.wait(START_S)

    def _ready(self) -> bool:
        try:
            return requests.get(f"{self.url}/health/ready", timeout=START_S).ok
        except requests.ConnectionError:
            return False
