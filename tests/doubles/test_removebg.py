"""The double behaves as the vendor documents, or tests that use it would prove nothing."""

import io
import json
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path

import pytest
import requests
from PIL import Image

from tests.doubles.removebg import KEY, RemoveBg
from tests.services import pictures


@pytest.fixture
def double(tmp_path: Path) -> Iterator[RemoveBg]:
    with RemoveBg(tmp_path / "ledger", retry_after_s=7) as running:
        yield running


def ask(url: str, key: str = KEY, **options: object) -> requests.Response:
    with requests.Session() as client:
        client.trust_env = False
        return client.post(
            f"{url}/removebg",
            files={"image_file": ("picture", pictures.jpeg())},
            data={"size": "auto", "format": "png"},
            headers={"X-Api-Key": key, "X-Request-Id": "job.1"},
            timeout=5,
        )


def test_a_picture_is_cut_out_at_its_size_and_charged(double: RemoveBg) -> None:
    answer = ask(double.url)
    assert (answer.status_code, answer.headers["X-Credits-Charged"]) == (200, "1")
    image = Image.open(io.BytesIO(answer.content))
    assert (image.mode, image.size, image.getchannel("A").getextrema()) == ("RGBA", (40, 30), (0, 255))
    assert [(entry.request_id, entry.charged) for entry in double.entries()] == [("job.1", 1.0)]


def test_a_wrong_key_is_refused_without_charge(double: RemoveBg) -> None:
    answer = ask(double.url, key="another")
    assert answer.status_code == 403
    assert answer.json()["errors"][0]["code"] == "auth_failed"
    assert [entry.charged for entry in double.entries()] == [0.0]


@pytest.mark.parametrize(
    ("fault", "status"),
    [("unknown_foreground", 400), ("200:unknown_foreground", 200), ("insufficient_credits", 402)],
)
def test_errors_are_json_and_cost_nothing(double: RemoveBg, fault: str, status: int) -> None:
    double.next.append(fault)
    answer = ask(double.url)
    assert answer.status_code == status
    assert answer.json()["errors"][0]["code"] == fault.rpartition(":")[2]
    assert ask(double.url).status_code == 200, "the fault was for one call"
    assert [entry.charged for entry in double.entries()] == [0.0, 1.0]


def test_too_many_calls_are_told_when_to_retry(double: RemoveBg) -> None:
    double.always = "rate_limit_exceeded"
    assert [ask(double.url).headers["Retry-After"] for _ in range(2)] == ["7", "7"]


@pytest.mark.parametrize("fault", ["cut", "close"])
def test_a_broken_response_is_charged_too(double: RemoveBg, fault: str) -> None:
    double.next.append(fault)
    with pytest.raises((requests.ConnectionError, requests.exceptions.ChunkedEncodingError)):
        ask(double.url)
    assert [entry.charged for entry in double.entries()] == [1.0]


def test_the_ledger_outlives_a_kill(tmp_path: Path, free_port: int) -> None:
    ledger = tmp_path / "ledger"
    url = f"http://127.0.0.1:{free_port}"
    for _ in range(2):
        process = subprocess.Popen([sys.executable, "-m", "tests.doubles.removebg", str(free_port), str(ledger)])
        for _ in range(100):
            with suppress(requests.ConnectionError):
                assert ask(f"{url}/v1.0").status_code == 200
                break
            time.sleep(0.05)
        requests.put(f"{url}/faults", data=json.dumps({"always": "internal_error"}), timeout=5)
        assert ask(f"{url}/v1.0").status_code == 500
        process.send_signal(signal.SIGKILL)
        process.wait()
    with RemoveBg(ledger) as double:
        assert [entry.charged for entry in double.entries()] == [1.0, 0.0] * 2
