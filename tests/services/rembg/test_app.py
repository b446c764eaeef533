"""The HTTP API without a server: accepted and refused requests, and their answers."""

import io
from concurrent.futures import ThreadPoolExecutor

import pytest
from flask.testing import FlaskClient
from werkzeug.test import TestResponse

from services.rembg.admission import AdmissionQueue
from services.rembg.app import Dependencies, create_app
from services.rembg.inference import Network
from services.rembg.request_parser import MAX_BYTES
from services.rembg.settings import Settings
from services.rembg.stats import Stats
from shared.health import Health
from tests.services.rembg import pictures

PNG = pictures.encode(pictures.shirt())


@pytest.fixture
def deps(compact: Network, monkeypatch: pytest.MonkeyPatch) -> Dependencies:
    for name in ("REMBG_MODEL", "REMBG_MODEL_PATH", "REMBG_TOKEN", "OPS_TOKEN"):
        monkeypatch.delenv(name, raising=False)
    return Dependencies(
        Settings.read(),
        compact,
        AdmissionQueue(slots=1, max_waiting=0),
        Stats(),
        Health("rembg"),
        ThreadPoolExecutor(4),
    )


@pytest.fixture
def cold(deps: Dependencies) -> FlaskClient:
    return create_app(deps).test_client()


@pytest.fixture
def client(deps: Dependencies, cold: FlaskClient) -> FlaskClient:
    deps.health.mark_ready()
    return cold


def form(data: bytes, field: str) -> dict[str, object]:
    return {field: (io.BytesIO(data), "shirt.png")}


def refusal(response: TestResponse) -> tuple[int, str]:
    error = response.get_json()["error"]
    assert error["requestId"] == response.headers["X-Request-Id"]
    return response.status_code, error["code"]


def test_the_body_the_form_and_the_alias_give_the_same_cutout(client: FlaskClient) -> None:
    raw = client.post("/remove", data=PNG, headers={"X-Request-Id": "mine-1"})
    by_form = client.post("/remove", data=form(PNG, "image_file"))
    by_alias = client.post("/remove-background", data=form(PNG, "image"))
    assert raw.status_code == by_form.status_code == by_alias.status_code == 200
    assert raw.data == by_form.data == by_alias.data
    assert raw.content_type == "image/png"
    assert raw.headers["X-Request-Id"] == "mine-1"


def test_the_facts_are_in_the_headers(client: FlaskClient, compact: Network) -> None:
    headers = client.post("/remove", data=PNG).headers
    assert (headers["X-Model"], headers["X-Model-Digest"]) == ("compact", compact.weights.sha256)
    assert (headers["X-Model-Precision"], headers["X-Mask-Precision"]) == ("float", "none")  # flat artwork
    assert client.post("/remove?method=network", data=PNG).headers["X-Mask-Precision"] == "float"
    assert (headers["X-Width"], headers["X-Height"], headers["X-Passthrough"]) == ("480", "360", "0")
    left, top, right, bottom = pictures.BOX
    assert int(headers["X-Foreground-Left"]) == pytest.approx(left, abs=20)
    assert int(headers["X-Foreground-Top"]) == pytest.approx(top, abs=20)
    assert int(headers["X-Foreground-Width"]) == pytest.approx(right - left, abs=20)
    assert int(headers["X-Foreground-Height"]) == pytest.approx(bottom - top, abs=20)
    assert 0 <= float(headers["X-Uncertainty"]) < 0.2
    assert int(headers["X-Queue-Ms"]) <= int(headers["X-Total-Ms"]) >= int(headers["X-Infer-Ms"])


@pytest.mark.parametrize(
    ("data", "status", "code"),
    [
        (b"", 400, "missing_file"),
        (b"GIF89a" + bytes(40), 415, "unsupported_image"),
        (b"just words", 415, "unsupported_image"),
        (PNG[:-20], 422, "unreadable_image"),
        (PNG[:-60] + bytes(40) + PNG[-20:], 422, "unreadable_image"),
        (pictures.encode(pictures.plain((9, 9, 9))), 422, "unknown_foreground"),
        (pictures.encode(pictures.shirt().resize((8, 8))), 422, "image_too_small"),
    ],
    ids=["empty", "gif", "text", "cut", "damaged", "blank", "tiny"],
)
def test_a_picture_that_cannot_be_cut_out_is_refused_with_its_code(
    client: FlaskClient, data: bytes, status: int, code: str
) -> None:
    assert refusal(client.post("/remove", data=data)) == (status, code)
    assert refusal(client.post("/remove", data=form(data, "image_file"))) == (status, code)
    assert client.get("/stats").get_json()["failures"] == {code: 2}


def test_a_body_over_the_limit_is_refused_by_its_length(client: FlaskClient) -> None:
    unread = {"wsgi.input": io.BytesIO(), "CONTENT_LENGTH": str(MAX_BYTES + 1)}
    assert refusal(client.post("/remove", environ_overrides=unread)) == (413, "body_too_large")


def test_a_form_without_the_field_is_refused(client: FlaskClient) -> None:
    assert refusal(client.post("/remove", data=form(PNG, "image"))) == (400, "missing_file")
    assert refusal(client.post("/remove", data={"image_file": "not a file"}, content_type="multipart/form-data")) == (
        400,
        "missing_file",
    )


def test_a_body_without_its_length_is_refused(client: FlaskClient) -> None:
    stream = {"wsgi.input": io.BytesIO(PNG), "wsgi.input_terminated": True}
    answer = client.post("/remove", environ_overrides=stream, headers={"Transfer-Encoding": "chunked"})
    assert refusal(answer) == (411, "length_required")


def test_a_full_queue_is_busy_with_retry_after(client: FlaskClient, deps: Dependencies) -> None:
    with deps.queue.admit():
        answer = client.post("/remove", data=PNG)
    assert refusal(answer) == (503, "busy")
    assert int(answer.headers["Retry-After"]) >= 1
    assert client.get("/stats").get_json()["rejected"] == 1
    assert client.post("/remove", data=PNG).status_code == 200


def test_before_the_first_inference_the_service_is_live_but_not_ready(cold: FlaskClient, deps: Dependencies) -> None:
    assert cold.get("/health/live").status_code == 200
    assert cold.get("/health/ready").status_code == 503
    assert cold.post("/remove", data=PNG).status_code == 200  # this is the first inference
    deps.health.mark_ready()
    assert cold.get("/health/ready").status_code == 200


def test_stats_report_counts_and_the_network(client: FlaskClient, compact: Network) -> None:
    cutout = client.post("/remove", data=PNG).data
    figures = client.get("/stats").get_json()
    assert (figures["requests"], figures["successes"], figures["inFlight"], figures["waiting"]) == (1, 1, 0, 0)
    assert (figures["bytesIn"], figures["bytesOut"]) == (len(PNG), len(cutout))
    assert figures["precisions"] == {"none": 1}
    assert (figures["model"], figures["digest"], figures["precision"]) == ("compact", compact.weights.sha256, "float")


def test_every_step_is_measured(client: FlaskClient) -> None:
    client.post("/remove", data=PNG)
    scraped = client.get("/metrics").get_data(as_text=True)
    for step in ("queue", "decode", "infer", "encode"):
        assert f'stolentee_removal_step_seconds_count{{step="{step}"}}' in scraped


def test_the_root_describes_the_service(client: FlaskClient) -> None:
    figures = client.get("/").get_json()
    assert figures["model"] == "compact"
    assert {"POST /remove", "POST /remove-background", "GET /stats", "GET /health/ready"} <= set(figures["endpoints"])


def test_a_token_is_required_if_set(compact: Network, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("REMBG_TOKEN", "quiet-please")
    deps = Dependencies(Settings.read(), compact, AdmissionQueue(1, 0), Stats(), Health("rembg"), ThreadPoolExecutor(4))
    deps.health.mark_ready()
    client = create_app(deps).test_client()
    assert refusal(client.post("/remove", data=PNG)) == (401, "unauthorized")
    assert refusal(client.get("/stats", headers={"Authorization": "Bearer loud"})) == (401, "unauthorized")
    assert client.post("/remove", data=PNG, headers={"Authorization": "Bearer quiet-please"}).status_code == 200
    assert client.get("/health/ready").status_code == 200
