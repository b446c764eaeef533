"""The service over HTTP: its token, its failures, and many callers at once."""

import io
from collections import Counter
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor

import pytest
import requests
from PIL import Image

from services.worker.mockups.files import SLOTS
from tests.services.worker.mockups.served import MockupProcess
from tests.services.worker.mockups.test_files import KEY, encoded

PATH = f"/mockups/mug/3366cc/{KEY}"


@pytest.fixture(scope="module")
def served(tmp_path_factory: pytest.TempPathFactory) -> Iterator[MockupProcess]:
    process = MockupProcess(tmp_path_factory.mktemp("served"))
    process.objects.put(KEY, encoded(Image.new("RGBA", (900, 700), (220, 180, 20, 255))), "image/webp", {})
    yield process
    process.stop()


def test_a_mock_up_is_a_webp_that_no_cache_keeps(served: MockupProcess) -> None:
    answer = served.get(PATH, w=300, widthMm=50.5, rotate=12)
    assert (answer.status_code, answer.headers["Content-Type"]) == (200, "image/webp")
    assert answer.headers["Cache-Control"] == "no-store"
    assert Image.open(io.BytesIO(answer.content)).size == (300, 300)


@pytest.mark.parametrize("token", ["", "another", "a token of the tests, long enougH"])
def test_without_the_token_nothing_is_drawn(served: MockupProcess, token: str) -> None:
    answer = served.get(PATH, token)
    assert (answer.status_code, answer.json()["error"]["code"]) == (401, "unauthorized")


@pytest.mark.parametrize(
    ("path", "status", "code"),
    [
        (PATH.replace("a", "b"), 404, "not_found"),
        (PATH.replace("mug", "kilt"), 404, "not_found"),
        (PATH.replace("3366cc", "blue"), 400, "invalid_request"),
        (f"{PATH}?w=5", 400, "invalid_request"),
        (f"{PATH}?widthMm=NaN", 400, "invalid_request"),
        ("/", 404, "not_found"),
    ],
)
def test_failures_have_their_codes(served: MockupProcess, path: str, status: int, code: str) -> None:
    answer = served.get(path)
    assert (answer.status_code, answer.json()["error"]["code"]) == (status, code)


def test_two_hundred_callers_at_once_get_a_picture_or_are_told_to_come_back(served: MockupProcess) -> None:
    def call(number: int) -> requests.Response:
        return served.get(PATH, w=600, dx=number / 10)

    with ThreadPoolExecutor(200) as pool:
        answers = list(pool.map(call, range(200)))
    counts = Counter(answer.status_code for answer in answers)
    assert counts.keys() <= {200, 503}
    assert counts[200] >= SLOTS
    assert all(int(answer.headers["Retry-After"]) >= 1 for answer in answers if answer.status_code == 503)
    assert served.get(PATH, w=600, dx=0).status_code == 200


def test_metrics_count_what_was_drawn_and_what_was_kept(served: MockupProcess) -> None:
    for _ in range(2):
        assert served.get(PATH, w=77).ok
    scraped = requests.get(f"{served.url}/metrics", timeout=30).text
    counts = {
        line.split()[0]: float(line.split()[1]) for line in scraped.splitlines() if "mockup" in line and "{" in line
    }
    assert counts['stolentee_mockups_total{origin="drawn"}'] >= 1
    assert counts['stolentee_mockups_total{origin="kept"}'] >= 1
    assert {"read", "draw", "encode"} == {
        name.split('"')[1] for name in counts if name.startswith("stolentee_mockup_step_seconds_count")
    }
