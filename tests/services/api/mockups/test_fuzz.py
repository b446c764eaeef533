"""Odd pictures and many callers end in a mock-up or in a stated refusal, never in an error of ours."""

import hashlib
import io
from collections import Counter
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace

import numpy as np
import pytest
from flask.testing import FlaskClient
from PIL import Image

from services.api.mockups import views
from shared import errors, storage
from shared.db import assets, ids
from shared.models.asset import AssetKind
from shared.models.garment import GARMENTS
from tests.services.api.client import bearer, body, refused, upload
from tests.services.api.conftest import Api


def _noise(width: int, height: int) -> Image.Image:
    return Image.fromarray(np.random.default_rng(1).integers(0, 256, (height, width, 4), dtype=np.uint8))


ODD = {
    "smallest": Image.new("RGBA", (16, 16), (200, 0, 0, 255)),
    "24 megapixels": Image.new("RGBA", (6000, 4000), (20, 90, 200, 255)),
    "a line": Image.new("RGBA", (9000, 16), (0, 0, 0, 255)),
    "a pillar": Image.new("RGBA", (16, 9000), (0, 0, 0, 255)),
    "empty": Image.new("RGBA", (300, 200), (200, 0, 0, 0)),
    "faint": Image.new("RGBA", (300, 200), (200, 0, 0, 5)),
    "noise": _noise(500, 400),
    "grey": Image.new("L", (300, 200), 90),
    "grey with alpha": Image.new("LA", (300, 200), (90, 128)),
    "palette": _noise(64, 64).convert("RGB").quantize(16),
    "two colours": Image.new("1", (64, 64)),
    "16 bits": Image.fromarray(np.full((64, 64), 40_000, np.uint16)),
}


def _png(picture: Image.Image) -> bytes:
    data = io.BytesIO()
    picture.save(data, "PNG", compress_level=1)
    return data.getvalue()


@pytest.mark.parametrize("kind", ODD)
def test_every_odd_picture_is_shown(guest: FlaskClient, kind: str) -> None:
    asset = upload(guest, _png(ODD[kind]))["id"]
    for garment in ("tshirt-back", "laptop-sticker"):
        response = guest.get(f"/mockups/{garment}/1c1c1f/{asset}.webp?w=100&rotate=20&widthMm=77")
        assert response.status_code == 200, response.text
        assert Image.open(io.BytesIO(response.data)).size == (100, 100)


def _cutout(api: Api, guest: FlaskClient, data: bytes) -> str:
    """A cut-out as a job could have made it."""
    owner_of = upload(guest)["id"]
    with api.deps.database.transaction() as connection:
        source = assets.find(connection, None, owner_of)
        assert source is not None
        digest = hashlib.sha256(data).hexdigest()
        key = storage.key_for(api.deps.secret, source.owner, digest, "png")
        made = replace(
            source,
            id=ids.new(),
            kind=AssetKind.CUTOUT,
            key=key,
            sha256=digest,
            content_type="image/png",
            stored_sha256=None,
        )
        assets.add(connection, made)
    api.deps.storage.put(key, data, "image/png", {})
    return str(made.id)


def test_a_cut_out_smaller_than_any_picture_that_is_accepted_is_refused(api: Api, guest: FlaskClient) -> None:
    asset = _cutout(api, guest, _png(Image.new("RGBA", (1, 1), (9, 9, 9, 255))))
    refused(guest.get(f"/mockups/mug/ffffff/{asset}.webp"), 422, "image_too_small")


def test_a_damaged_picture_is_refused(api: Api, guest: FlaskClient) -> None:
    asset = _cutout(api, guest, _png(_noise(200, 200))[:5000])
    refused(guest.get(f"/mockups/mug/ffffff/{asset}.webp"), 422, "unreadable_image")


def test_a_file_made_from_a_picture_is_refused(api: Api, guest: FlaskClient) -> None:
    with api.deps.database.transaction() as connection:
        asset = assets.find(connection, None, upload(guest)["id"])
    assert asset is not None
    with pytest.raises(errors.InvalidRequest):
        views._shown(replace(asset, kind=AssetKind.FILE))


@pytest.mark.parametrize("seed", range(8))
def test_random_requests_are_answered(guest: FlaskClient, seed: int) -> None:
    random, asset = np.random.default_rng(seed), upload(guest, _png(ODD["noise"]))["id"]
    odd = ["0", "-1", "1", "50", "1200", "7.5", "1e3", "1e309", "nan", "", "%00", "\u0661\u0662", "' or 1", "9" * 300]
    for _ in range(25):
        names = random.choice(["w", "widthMm", "dx", "dy", "rotate", "x"], int(random.integers(0, 5)), replace=False)
        query = "&".join(f"{name}={random.choice(odd)}" for name in names)
        garment = random.choice([*GARMENTS, "kilt"])
        color = random.choice(["ffffff", "000000", "12aB9f", "red"])
        response = guest.get(f"/mockups/{garment}/{color}/{asset}.webp?{query}")
        assert response.status_code in (200, 400, 404), response.text


def test_many_callers_at_once_get_a_mock_up_or_are_told_to_come_back(api: Api, guest: FlaskClient) -> None:
    asset, token = upload(guest, _png(ODD["noise"]))["id"], bearer(guest)
    assert guest.get(f"/mockups/mug/ffffff/{asset}.webp?w=50").status_code == 200

    def call(number: int) -> tuple[int, str]:
        response = api.guest().get(f"/mockups/mug/ffffff/{asset}.webp?w=400&dx={number / 10}", headers=token)
        return response.status_code, body(response)["error"]["code"] if response.status_code >= 400 else ""

    with ThreadPoolExecutor(200) as pool:
        counts = Counter(pool.map(call, range(200)))
    assert counts.keys() <= {(200, ""), (503, "busy"), (503, "unavailable")}  # the latter from the database's pool
    assert counts[200, ""] >= 1
