"""Random requests in every encoding: no answer is 5xx, and each has the shape of remove.bg's; 20,000 with --long."""

import io
import random
from base64 import b64encode
from collections import Counter
from typing import Any

import pytest
from flask.testing import FlaskClient
from werkzeug.test import TestResponse

from shared.models.owner import Scope
from tests.services import pictures
from tests.services.api.client import body
from tests.services.api.conftest import Start
from tests.services.api.customers import with_key
from tests.services.api.removebg.conftest import RESULT, Worker, working
from tests.services.api.removebg.test_fields import MEANINGS, WRONG

CODES = {  # of the list that remove.bg documents, and of what it does not
    *("failed_bg_download", "failed_image_download", "failed_to_read_image", "file_too_large", "invalid_bg_color"),
    *("invalid_bg_image_url", "invalid_channels", "invalid_crop_margin", "invalid_dimensions", "invalid_file_type"),
    *("invalid_format", "invalid_image_url", "invalid_position", "invalid_roi", "invalid_scale", "invalid_size"),
    *("invalid_semitransparency", "missing_source", "multiple_bg_sources", "multiple_sources", "roi_exceeds_bounds"),
    *("roi_region_empty", "unknown_foreground", "resolution_too_high"),
    *("invalid_type", "invalid_type_level", "invalid_shadow_type", "invalid_shadow_opacity", "invalid_add_shadow"),
    *("invalid_crop", "invalid_request", "auth_failed", "not_found", "method_not_allowed"),
}
_GOOD = [pictures.png(), pictures.jpeg(), pictures.png(200, 20), pictures.cutout()]
_FILES = [*_GOOD, b"", b"GIF89a", _GOOD[0][:60], _GOOD[1][:-9], pictures.png(15, 15), b"<svg>", b"\x89PNG\r\n\x1a\n"]
_TEXTS = ["", "x", "\x00", "http://127.0.0.1/", "ftp://a", "https://", "data:image/png;base64,", "ä" * 300, "0"]
_FIELDS = [(name, text) for name, text, *_ in MEANINGS]
_FAULTS = [(name, text) for name, text, *_ in WRONG]
_PATHS = ["/v1.0/removebg"] * 8 + ["/api/v1.0/removebg", "/v1.0/improve", "/v1.0/account", "/v1.0/nothing"]


class Sender:
    """Makes requests from a seed."""

    def __init__(self, client: FlaskClient, seed: int) -> None:
        self._client = client
        self._random = random.Random(seed)

    def send(self) -> TestResponse:
        pick = self._random
        accept = pick.choice(["*/*", "application/json", "image/png", "application/json;q=0", "nonsense", ""])
        way = pick.choice([self._form, self._form, self._urlencoded, self._json, self._raw])
        return self._client.post(pick.choice(_PATHS), headers={"Accept": accept}, **way())

    def _fields(self) -> dict[str, str]:
        pick = self._random
        chosen = dict(pick.sample(_FIELDS, pick.randrange(4)))
        if not pick.randrange(4):
            chosen |= [pick.choice(_FAULTS)]
        if not pick.randrange(8):
            chosen[pick.choice(["image_url", "bg_image_url", "image_file", "tag", "size"])] = pick.choice(_TEXTS)
        return chosen

    def _picture(self) -> bytes:
        return self._random.choice(_GOOD if self._random.randrange(2) else _FILES)

    def _encoded(self) -> dict[str, str]:
        return {"image_file_b64": b64encode(self._picture()).decode()} if self._random.randrange(8) else {}

    def _form(self) -> dict[str, Any]:
        pick = self._random
        names = pick.choices(
            ["image_file", "bg_image_file", "image_file_b64"], (8, 1, 1), k=pick.choice([1, 1, 1, 2, 0])
        )
        files = {name: (io.BytesIO(self._picture()), pick.choice(["a.png", "", "../x\0"])) for name in names}
        return {"data": {**self._fields(), **files}, "content_type": "multipart/form-data"}

    def _urlencoded(self) -> dict[str, Any]:
        return {"data": {**self._fields(), **self._encoded()}}

    def _json(self) -> dict[str, Any]:
        odd: dict[str, Any] = self._random.choice(
            [{}, {}, {}, {"crop": True}, {"scale": 1.5}, {"roi": [1]}, {"shadow_type": {"car": 3}}]
        )
        return {"json": {**self._fields(), **self._encoded(), **odd}}

    def _raw(self) -> dict[str, Any]:
        pick = self._random
        kinds = [
            "application/json",
            "multipart/form-data",
            "multipart/form-data; boundary=x",
            "image/png",
            "",
            "text/x",
        ]
        data = pick.choice([b"", b"{", b"[]", b'"x"', b"null", b'{"a":1,"a":2}', b"--x\r\n", pick.randbytes(50)])
        return {"data": data, "content_type": pick.choice(kinds)}


def _check(response: TestResponse) -> None:
    if response.status_code == 200:
        assert response.data == RESULT or response.is_json
        return
    assert response.content_type == "application/json; charset=utf-8"
    assert set(body(response)) == {"errors"}
    assert body(response)["errors"]
    for problem in body(response)["errors"]:
        assert {"title", "code"} <= problem.keys() <= {"title", "code", "detail"}
        assert problem["code"] in CODES


def test_no_random_request_fails_on_our_side(start: Start, environment: pytest.MonkeyPatch, long: bool) -> None:
    environment.setenv("RATE_LIMIT_MEGAPIXELS", "0")
    environment.setenv("QUOTA_UNFINISHED_JOBS", "0")
    api = start()
    sender, statuses = Sender(with_key(api, Scope.PREMIUM), seed=21), Counter[int]()
    with working(Worker(api)):
        for _ in range(20_000 if long else 150):
            response = sender.send()
            statuses[response.status_code] += 1
            _check(response)
            response.close()
    print(dict(statuses))
    assert statuses[200] > 10
    assert statuses[400] > 10
    assert [status for status in statuses if status >= 500] == []
