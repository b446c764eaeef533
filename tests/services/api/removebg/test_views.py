"""Calls of remove.bg's API and their answers, in all encodings."""

import io
from base64 import b64encode
from collections.abc import Callable
from typing import Any

import pytest
from flask.testing import FlaskClient
from werkzeug.test import TestResponse

from shared.models.composition import Composition, Format
from shared.models.job import JobFailure
from shared.models.owner import Scope
from tests.hostile import build
from tests.services import pictures
from tests.services.api.client import body
from tests.services.api.conftest import Api, Start
from tests.services.api.customers import with_key
from tests.services.api.removebg.conftest import RESULT, Worker

PATH = "/v1.0/removebg"
_PICTURE = b64encode(pictures.png()).decode()
FACTS = {
    "X-Type": "product",
    "X-Width": "40",
    "X-Height": "30",
    "X-Max-Width": "400",
    "X-Max-Height": "300",
    "X-Credits-Charged": "0.25",
    "X-Foreground-Top": "7",
    "X-Foreground-Left": "10",
    "X-Foreground-Width": "20",
    "X-Foreground-Height": "15",
}


def _file(data: bytes, name: str = "photo.jpg") -> tuple[io.BytesIO, str]:
    return io.BytesIO(data), name


def _post(client: FlaskClient, path: str = PATH, **sent: Any) -> TestResponse:
    """The response, read to its end."""
    response = client.post(path, **sent)
    assert response.data
    response.close()
    return response


def _problems(response: TestResponse) -> list[dict[str, Any]]:
    assert response.content_type == "application/json; charset=utf-8"
    assert set(body(response)) == {"errors"}
    listed: list[dict[str, Any]] = body(response)["errors"]
    return listed


def _code(response: TestResponse, status: int = 400) -> str:
    assert response.status_code == status, response.text
    return str(_problems(response)[0]["code"])


@pytest.mark.usefixtures("worker")
@pytest.mark.parametrize("path", [PATH, f"/api{PATH}"])
def test_a_file_in_a_form_is_answered_with_bytes_and_their_facts(shop: FlaskClient, path: str) -> None:
    response = _post(shop, path, data={"image_file": _file(pictures.jpeg())})
    assert (response.status_code, response.data, response.content_type) == (200, RESULT, "image/png")
    assert FACTS.items() <= dict(response.headers).items()
    assert response.headers["X-RateLimit-Limit"] == "500"
    assert response.headers["X-RateLimit-Remaining"] == "499"


@pytest.mark.usefixtures("worker")
def test_base64_in_a_form_or_in_json_is_answered_alike(shop: FlaskClient) -> None:
    encoded = b64encode(pictures.jpeg()).decode()
    assert _post(shop, data={"image_file_b64": encoded, "size": "regular"}).data == RESULT
    assert _post(shop, json={"image_file_b64": encoded, "size": "auto", "crop": False}).data == RESULT


@pytest.mark.usefixtures("worker")
def test_accept_json_gets_base64_and_the_box_of_the_subject(shop: FlaskClient) -> None:
    sent = {"image_file": _file(pictures.jpeg())}
    response = _post(shop, data=sent, headers={"Accept": "application/json"})
    box = {"foreground_top": 7, "foreground_left": 10, "foreground_width": 20, "foreground_height": 15}
    assert body(response) == {"data": {"result_b64": b64encode(RESULT).decode(), **box}}
    assert response.headers["X-Width"] == "40"


def test_what_was_asked_for_reaches_the_worker(shop: FlaskClient, worker: Worker) -> None:
    _post(shop, data={"image_file": _file(pictures.jpeg()), "size": "hd", "format": "zip"})
    assert worker.seen[0].composition == Composition(max_pixels=4_000_000, format=Format.ZIP)


def test_a_background_is_stored_and_named(api: Api, shop: FlaskClient, worker: Worker) -> None:
    ground = _file(pictures.png(shade=9), "ground.png")
    _post(shop, data={"image_file": _file(pictures.jpeg()), "bg_image_file": ground})
    composition = worker.seen[0].composition
    assert composition
    assert composition.bg_asset


@pytest.mark.parametrize(
    ("failure", "status", "code"),
    [
        (JobFailure.UNKNOWN_FOREGROUND, 400, "unknown_foreground"),
        (JobFailure.POISON, 400, "failed_to_read_image"),
        (JobFailure.PROVIDER_FAILED, 503, "unavailable"),
    ],
)
def test_a_failed_job_is_told_and_costs_nothing(
    limited: Callable[[int], FlaskClient], worker: Worker, failure: JobFailure, status: int, code: str
) -> None:
    worker.fails = failure
    client = limited(1)
    assert _code(_post(client, data={"image_file": _file(pictures.jpeg())}), status) == code
    assert _total(client) == 1


def _total(client: FlaskClient) -> float:
    return float(body(client.get("/v1.0/account"))["data"]["attributes"]["credits"]["total"])


@pytest.mark.usefixtures("worker")
def test_credits_end_and_the_account_says_what_is_left(limited: Callable[[int], FlaskClient]) -> None:
    client = limited(1)
    assert _post(client, data={"image_file": _file(pictures.jpeg())}).status_code == 200
    assert _total(client) == 0.75
    refused = _post(client, data={"image_file": _file(pictures.jpeg()), "size": "full"})
    assert _code(refused, 402) == "insufficient_credits"
    assert _total(client) == 0.75


def test_the_account_has_exactly_the_recorded_fields(shop: FlaskClient) -> None:
    attributes = body(shop.get("/api/v1.0/account"))["data"]["attributes"]
    assert set(attributes["credits"]) == {"subscription", "payg", "enterprise", "total"}
    assert attributes["api"] == {"free_calls": 0, "sizes": "all"}


def test_callers_without_a_key_of_this_shop_are_refused_as_recorded(api: Api, guest: FlaskClient) -> None:
    missing = _post(guest, data={"image_file": _file(pictures.jpeg())})
    assert missing.status_code == 403
    assert _problems(missing) == [{"title": "Missing API Key", "code": "auth_failed"}]
    for key in ("undefined", "sk_wrong", ""):
        wrong = guest.get("/v1.0/account", headers={"x-api-key": key})
        assert (wrong.status_code, _problems(wrong)[0]["title"]) == (403, "API Key invalid")
    assert "X-RateLimit-Limit" not in missing.headers


@pytest.mark.parametrize(
    ("sent", "code"),
    [
        ({}, "missing_source"),
        ({"image_file": "text"}, "missing_source"),
        ({"image_url": "", "image_file_b64": ""}, "missing_source"),
        ({"image_url": "https://a.example/a.png", "image_file_b64": "AAAA"}, "multiple_sources"),
        ({"image_url": "file:///etc/passwd"}, "invalid_image_url"),
        ({"image_url": "http://127.0.0.1/a.png"}, "invalid_image_url"),
        ({"image_file_b64": "?"}, "failed_to_read_image"),
        ({"image_file_b64": b64encode(b"no picture").decode()}, "invalid_file_type"),
        ({"image_file_b64": b64encode(pictures.png(15, 15)).decode()}, "invalid_dimensions"),
        ({"image_file_b64": b64encode(pictures.png()[:-40]).decode()}, "failed_to_read_image"),
        ({"image_file_b64": b64encode(build.claiming_png(8000, 6251, 1, 0)).decode()}, "resolution_too_high"),
        ({"image_url": "https://nowhere.invalid/a.png"}, "failed_image_download"),
        ({"image_file_b64": _PICTURE, "bg_image_url": "https://nowhere.invalid/a.png"}, "failed_bg_download"),
        ({"image_file_b64": _PICTURE, "bg_image_url": "http://127.0.0.1/a.png"}, "invalid_bg_image_url"),
        ({"image_file_b64": _PICTURE, "roi": "0% 0% 50px 10px"}, "roi_exceeds_bounds"),
        ({"image_file_b64": _PICTURE, "roi": "9px 9px 9px 9px"}, "roi_region_empty"),
        ({"image_file_b64": "AAAA", "size": "giant"}, "invalid_size"),
        ({"image_file_b64": "AAAA", "bg_color": "red", "bg_image_url": "https://a.example"}, "multiple_bg_sources"),
    ],
)
def test_each_fault_has_remove_bg_s_code_in_a_form_and_in_json(
    shop: FlaskClient, sent: dict[str, str], code: str
) -> None:
    assert _code(_post(shop, data=sent)) == code
    assert _code(_post(shop, json=sent)) == code


def test_megapixels_a_minute_are_limited_and_the_wait_stands_in_the_body(
    start: Start, environment: pytest.MonkeyPatch
) -> None:
    environment.setenv("RATE_LIMIT_MEGAPIXELS", "2/m")
    client = with_key(start(), Scope.PREMIUM)
    for _ in range(2):
        assert _code(_post(client)) == "missing_source"
    refused = _post(client)
    assert _code(refused, 429) == "rate_limit_exceeded"
    assert _problems(refused)[0]["retry_after"] == int(refused.headers["Retry-After"]) <= 60
    assert refused.headers["X-RateLimit-Remaining"] == "0"


def test_a_bad_result_is_stored_with_its_label(api: Api, shop: FlaskClient) -> None:
    sent = {"image_file": _file(pictures.jpeg()), "image_filename": "car.jpg", "tag": "wheels"}
    bad = body(_post(shop, "/v1.0/improve", data=sent))["id"]
    with api.deps.database.transaction() as connection:
        row = connection.execute("select filename, tag from bad_results where id = %s", [bad]).fetchone()
    assert row == {"filename": "car.jpg", "tag": "wheels"}


def test_other_errors_below_the_prefix_are_in_the_same_envelope(guest: FlaskClient) -> None:
    assert _code(guest.get(PATH), 405) == "method_not_allowed"
    assert _code(guest.get("/v1.0/nothing"), 404) == "not_found"
