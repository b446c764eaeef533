"""Catalogue groups A1 and A9 and the hostile corpus, over HTTP: every honest file is cut out, every other refused."""

import io
from concurrent.futures import ThreadPoolExecutor

import pytest
from flask.testing import FlaskClient
from PIL import Image

from services.rembg.admission import AdmissionQueue
from services.rembg.app import Dependencies, create_app
from services.rembg.inference import Network
from services.rembg.settings import Settings
from services.rembg.stats import Stats
from shared.health import Health
from tests.hostile import benign, convertible, corpus
from tests.hostile.benign import SECRET, Benign
from tests.hostile.corpus import Hostile
from tests.services.rembg import pictures


@pytest.fixture(scope="module")
def client(compact: Network) -> FlaskClient:
    health = Health("rembg")
    health.mark_ready()
    return create_app(
        Dependencies(Settings.read(), compact, AdmissionQueue(1, 0), Stats(), health, ThreadPoolExecutor(4))
    ).test_client()


@pytest.mark.parametrize("file", benign.files(), ids=str)
def test_every_benign_file_is_cut_out_upright_or_has_no_subject(client: FlaskClient, file: Benign) -> None:
    answer = client.post("/remove", data=file.data)
    if answer.status_code == 422:
        assert answer.get_json()["error"]["code"] == "unknown_foreground"  # four flat quarters are no subject
        return
    assert answer.status_code == 200
    with Image.open(io.BytesIO(answer.data)) as image:
        assert image.size == file.size
    assert SECRET.encode() not in answer.data


@pytest.mark.parametrize("file", corpus.files(), ids=str)
def test_every_hostile_file_is_refused_with_its_code(client: FlaskClient, file: Hostile) -> None:
    answer = client.post("/remove", data=file.data)
    code = file.code if file.data else "missing_file"
    assert (answer.status_code // 100, answer.get_json()["error"]["code"]) == (4, code)


@pytest.mark.parametrize("file", convertible.honest(), ids=str)
def test_formats_that_the_api_converts_are_named_and_refused(client: FlaskClient, file: Benign) -> None:
    answer = client.post("/remove", data=file.data)
    assert (answer.status_code, answer.get_json()["error"]["code"]) == (415, "unsupported_image")
    assert "accepted are JPEG, PNG and WebP" in answer.get_json()["error"]["message"]


@pytest.mark.parametrize("colour", [(0, 0, 0), (255, 255, 255), (10, 200, 30)], ids=["black", "white", "green"])
@pytest.mark.parametrize("kind", ["PNG", "JPEG", "WEBP"])
def test_one_colour_all_over_has_no_subject(client: FlaskClient, colour: tuple[int, int, int], kind: str) -> None:
    answer = client.post("/remove", data=pictures.encode(pictures.plain(colour), kind))
    assert (answer.status_code, answer.get_json()["error"]["code"]) == (422, "unknown_foreground")


def test_a_wholly_clear_picture_has_no_subject(client: FlaskClient) -> None:
    answer = client.post("/remove", data=pictures.encode(Image.new("RGBA", pictures.SIZE)))
    assert (answer.status_code, answer.get_json()["error"]["code"]) == (422, "unknown_foreground")


def test_the_route_of_rembg_s_accepts_its_fields(client: FlaskClient) -> None:
    data = pictures.encode(pictures.shirt())

    def ask(path: str = "/api/remove", **fields: str) -> tuple[int, str]:
        answer = client.post(path, data={"file": (io.BytesIO(data), "p.png"), **fields})
        if answer.status_code != 200:
            return answer.status_code, answer.get_json()["error"]["code"]
        with Image.open(io.BytesIO(answer.data)) as image:
            return 200, image.mode

    assert ask(model="compact") == (200, "RGBA")
    assert ask(om="true", ppm="true") == (200, "L")
    assert ask("/api/remove?bgc=255,0,0,255", a="true", ae="3") == (200, "RGBA")
    assert ask(model="u2net") == (400, "invalid_request")
    assert ask(a="true", ae="99999") == (400, "invalid_request")
