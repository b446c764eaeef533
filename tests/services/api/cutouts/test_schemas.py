"""The options of a cut-out: the same names and bounds in a query, a form, JSON and a job."""

import base64
import json
from typing import Any
from uuid import UUID

import pytest
from flask.testing import FlaskClient
from pydantic import ValidationError

from services.api.cutouts.schemas import CutoutOptions, JobOptions, chosen
from shared.models.cutout import CutoutInput, Method, Transparency
from shared.models.rendering import Format, Rendering, Size
from tests.services import pictures
from tests.services.api.client import body, form, refused, send, upload
from tests.services.api.conftest import Api

BACKGROUND = UUID(int=9)
GIVEN: dict[str, Any] = {
    "transparency": "keep",
    "method": "network",
    "decontaminate": False,
    "matting": True,
    "format": "jpg",
    "size": "hd",
    "crop": True,
    "cropMargin": "5% 20px",
    "bgColor": "tomato",
    "bgAsset": str(BACKGROUND),
    "dpi": 300,
}
FILE = Rendering(
    format=Format.JPG,
    size=Size.HD,
    crop=True,
    crop_margin=((5, "%"), (20, "px"), (5, "%"), (20, "px")),
    bg_color=(255, 99, 71, 255),
    bg_asset=BACKGROUND,
    dpi=300,
)
READ = CutoutInput(None, Transparency.KEEP, Method.NETWORK, decontaminate=False, matting=True, rendering=FILE)
TEXT = {name: value if isinstance(value, str) else json.dumps(value) for name, value in GIVEN.items()}
WRONG: list[tuple[str, Any]] = [
    ("method", "magic"),
    ("transparency", ""),
    ("decontaminate", "7"),
    ("matting", "perhaps"),
    ("format", "gif"),
    ("size", "1200"),
    ("crop", ""),
    ("cropMargin", "51%"),
    ("bgColor", "no such colour"),
    ("bgAsset", "mine"),
    ("dpi", "0"),
    ("dpi", "9601"),
    ("crop_margin", "5%"),
    ("colour", "red"),
]


def _form(fields: dict[str, str], data: bytes | None = None) -> bytes:
    parts = (f'--x\r\nContent-Disposition: form-data; name="{n}"\r\n\r\n{v}\r\n' for n, v in fields.items())
    return "".join(parts).encode() + form(data or pictures.png())


def _with_background(given: dict[str, Any], background: str) -> dict[str, Any]:
    return {**given, "bgAsset": background}


def _stored(api: Api) -> CutoutInput:
    return CutoutInput.read(api.claim().input)


def test_what_is_stored_is_what_the_worker_reads() -> None:
    stored = json.loads(json.dumps(JobOptions.model_validate(GIVEN).input()))
    assert CutoutInput.read(stored) == READ
    assert JobOptions().input() == {}


def test_what_is_shown_can_be_asked_for_again() -> None:
    stored = JobOptions.model_validate(GIVEN).input()
    shown = chosen(stored)
    assert shown.keys() == GIVEN.keys()
    assert JobOptions.model_validate(shown).input() == stored
    assert chosen({"provider": "removebg"}) == {}


@pytest.mark.parametrize("way", ["query", "form", "json", "job"])
def test_each_way_takes_every_option(api: Api, way: str) -> None:
    guest = api.guest()
    asset = upload(guest)
    text, given = (_with_background(options, asset["id"]) for options in (TEXT, GIVEN))
    if way == "query":
        response = guest.post("/api/cutouts", query_string=text, data=pictures.png(), content_type="image/png")
    elif way == "form":
        response = guest.post("/api/cutouts", data=_form(text), content_type="multipart/form-data; boundary=x")
    elif way == "json":
        picture = base64.b64encode(pictures.png()).decode()
        response = guest.post("/api/cutouts", json={"image": picture, **given})
    else:
        response = guest.post("/api/jobs", json={"assetId": asset["id"], "type": "cutout", "options": given})
    assert response.status_code == 202, response.text
    shown = body(guest.get(body(response)["statusUrl"]))["options"]
    assert shown == {**given, "cropMargin": "5% 20px 5% 20px", "bgColor": "#ff6347ff"}
    assert _stored(api).rendering.bg_asset == UUID(asset["id"])


def test_a_form_counts_before_the_query(api: Api) -> None:
    data = _form({"format": "webp"})
    guest = api.guest()
    path = "/api/cutouts?format=jpg&dpi=72"
    assert guest.post(path, data=data, content_type="multipart/form-data; boundary=x").status_code == 202
    assert _stored(api).rendering == Rendering(format=Format.WEBP, dpi=72)


@pytest.mark.parametrize(("name", "value"), WRONG)
def test_what_is_out_of_bounds_is_refused_by_name_in_each_way(guest: FlaskClient, name: str, value: str) -> None:
    picture = base64.b64encode(pictures.png()).decode()
    wanted = {"assetId": str(UUID(int=1)), "type": "cutout", "options": {name: value}}
    for response, field in (
        (guest.post("/api/cutouts", query_string={name: value}, data=pictures.png(), content_type="image/png"), name),
        (guest.post("/api/cutouts", data=_form({name: value}), content_type="multipart/form-data; boundary=x"), name),
        (guest.post("/api/cutouts", json={"image": picture, name: value}), name),
        (guest.post("/api/jobs", json=wanted), f"options.{name}"),
    ):
        details = refused(response, 400, "invalid_request")
        assert list(details["fields"]) == [field]
        assert "Value error" not in details["fields"][field]


@pytest.mark.parametrize(
    ("given", "words"),
    [
        ({"bgColor": "tomatoe"}, "bgColor: a colour is a CSS name, "),
        ({"bgcolor": "tomato"}, "bgcolor: There is no such field."),
    ],
)
def test_the_message_says_what_is_wrong_with_the_first_field(
    guest: FlaskClient, given: dict[str, str], words: str
) -> None:
    sent = guest.post("/api/cutouts", query_string=given, data=pictures.png(), content_type="image/png")
    assert sent.json and words in sent.json["error"]["message"]  # noqa: PT018


def test_jpeg_is_another_name_of_jpg() -> None:
    assert CutoutOptions.model_validate({"format": "jpeg"}).format is Format.JPG


@pytest.mark.parametrize("given", [{"crop": "true"}, {"dpi": "300"}, {"dpi": 300.0}, {"bgColor": 7}, {"matting": 1}])
def test_json_is_strict(given: dict[str, Any]) -> None:
    with pytest.raises(ValidationError):
        JobOptions.model_validate(given)


@pytest.mark.parametrize("path", ["/api/cutouts", "/api/uploads"])
def test_a_second_file_under_another_name_is_refused_by_name(guest: FlaskClient, path: str) -> None:
    head = b'--x\r\nContent-Disposition: form-data; name="bgImage"; filename="b.png"\r\n\r\n'
    data = head + pictures.png() + b"\r\n" + form(pictures.png())
    response = guest.post(path, data=data, content_type="multipart/form-data; boundary=x")
    assert list(refused(response, 400, "invalid_request")["fields"]) == ["bgImage"]


def test_an_upload_takes_no_options(guest: FlaskClient) -> None:
    picture = base64.b64encode(pictures.png()).decode()
    for response in (
        guest.post("/api/uploads", data=_form({"format": "jpg"}), content_type="multipart/form-data; boundary=x"),
        guest.post("/api/uploads", json={"image": picture, "format": "jpg"}),
    ):
        assert list(refused(response, 400, "invalid_request")["fields"]) == ["format"]


def test_requests_of_the_release_before_are_recognised_when_they_are_repeated() -> None:
    """They are compared with what that release recorded of them."""
    assert CutoutOptions().model_dump_json() == '{"transparency":"auto","method":"auto","decontaminate":true}'
    assert '"format":"jpg"' in CutoutOptions.model_validate({"format": "jpg"}).model_dump_json()


def test_a_repeated_request_with_another_file_is_another_request(guest: FlaskClient) -> None:
    upload(guest)  # so that both are the same guest's
    key = {"Idempotency-Key": "one"}
    assert send(guest, "/api/cutouts", pictures.jpeg(), headers=key).status_code == 202
    refused(send(guest, "/api/cutouts?format=jpg", pictures.jpeg(), headers=key), 422, "key_reused")
