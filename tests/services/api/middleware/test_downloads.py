"""Downloads: tagged by digest, in ranges, and never damaged."""

from collections.abc import Iterator
from hashlib import sha256
from pathlib import Path

import pytest
from flask.testing import FlaskClient

from services.api.middleware import downloads
from shared.storage import Folder, integrity
from tests.services import pictures
from tests.services.api.client import key_of, refused, upload
from tests.services.api.conftest import Api

PICTURE = pictures.jpeg(160, 120)  # some 2,000 bytes


def _path(api: Api, url: str) -> Path:
    assert isinstance(api.deps.storage, Folder)
    key = key_of(url)
    return api.deps.storage._root / key[:2] / key


@pytest.fixture
def url(guest: FlaskClient) -> str:
    return str(upload(guest, PICTURE)["url"])


@pytest.fixture
def whole(guest: FlaskClient, url: str) -> bytes:
    return bytes(guest.get(url, buffered=True).data)


@pytest.fixture
def in_small_pieces(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(integrity, "PIECE", 100)


def test_the_etag_is_the_digest_of_the_body(guest: FlaskClient, url: str) -> None:
    answer = guest.get(url, buffered=True)
    assert answer.headers["ETag"] == f'"{sha256(answer.data).hexdigest()}"'
    assert answer.headers["Accept-Ranges"] == "bytes"


@pytest.mark.usefixtures("in_small_pieces")
@pytest.mark.parametrize(
    ("asked", "first", "stop"),
    [
        ("bytes=0-0", 0, 1),
        ("bytes=10-19", 10, 20),
        ("bytes=95-205", 95, 206),
        ("bytes=100-", 100, None),
        ("bytes=-50", -50, None),
        ("bytes=5-9999999", 5, None),
    ],
)
def test_a_range_is_sent_alone(
    guest: FlaskClient, url: str, whole: bytes, asked: str, first: int, stop: int | None
) -> None:
    answer = guest.get(url, headers={"Range": asked}, buffered=True)
    part = whole[first:stop]
    first %= len(whole)
    assert (answer.status_code, answer.data) == (206, part)
    assert answer.headers["Content-Range"] == f"bytes {first}-{first + len(part) - 1}/{len(whole)}"
    assert answer.content_length == len(part)
    assert answer.headers["Cache-Control"] == "private, max-age=3600"


@pytest.mark.parametrize("asked", ["bytes=0-4,10-14", "lines=0-4", "bytes=x", "bytes=9-5", "bytes=0-"])
def test_several_ranges_or_an_invalid_one_get_the_whole_picture(
    guest: FlaskClient, url: str, whole: bytes, asked: str
) -> None:
    answer = guest.get(url, headers={"Range": asked}, buffered=True)
    assert (answer.status_code, answer.data) == (200, whole)


def test_a_range_beyond_the_end_is_refused_with_the_length(guest: FlaskClient, url: str, whole: bytes) -> None:
    answer = guest.get(url, headers={"Range": f"bytes={len(whole)}-"}, buffered=True)
    refused(answer, 416, "requested_range_not_satisfiable")
    assert answer.headers["Content-Range"] == f"bytes */{len(whole)}"


def test_a_range_of_another_version_gets_the_whole_picture(guest: FlaskClient, url: str, whole: bytes) -> None:
    tag = guest.get(url, buffered=True).headers["ETag"]
    for condition, status in ((tag, 206), ('"other"', 200), ("Wed, 21 Oct 2015 07:28:00 GMT", 200)):
        answer = guest.get(url, headers={"Range": "bytes=0-9", "If-Range": condition}, buffered=True)
        assert answer.status_code == status
        assert answer.data == (whole[:10] if status == 206 else whole)


def test_a_damaged_picture_is_not_found(api: Api, guest: FlaskClient, url: str) -> None:
    path = _path(api, url)
    path.write_bytes(path.read_bytes()[:-1] + b"x")
    refused(guest.get(url, buffered=True), 404, "not_found")
    refused(guest.get(url, headers={"Range": "bytes=0-9"}, buffered=True), 404, "not_found")
    assert upload(guest, PICTURE)["url"] == url  # uploading it again repairs it
    assert guest.get(url, buffered=True).status_code == 200


@pytest.mark.usefixtures("in_small_pieces")
def test_a_damaged_large_picture_breaks_off(api: Api, guest: FlaskClient, url: str, whole: bytes) -> None:
    path = _path(api, url)
    path.write_bytes(b"x" + path.read_bytes()[1:])
    for headers in ({}, {"Range": "bytes=0-250"}):
        received: list[str | bytes] = []
        answer = guest.get(url, headers=headers)
        with pytest.raises(integrity.Lost):
            received.extend(answer.response)
        assert 0 < sum(map(len, received)) < (answer.content_length or 0)
        answer.close()


def test_the_object_is_closed_however_the_response_ends(api: Api, guest: FlaskClient, url: str) -> None:
    opened = []
    usual = api.deps.storage.open

    def watched(key: str) -> object:
        opened.append(usual(key))
        return opened[-1]

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(api.deps.storage, "open", watched)
        for headers in ({}, {"Range": "bytes=3-5"}, {"Range": "bytes=9999999-"}):
            guest.get(url, headers=headers, buffered=True)
        guest.get(url, headers={}).close()
        guest.head(url).close()
    assert len(opened) == 5
    assert all(found.stream.closed for found in opened)


def test_a_slice_holds_its_last_part_back_until_the_end() -> None:
    passed = []

    def pieces() -> Iterator[bytes]:
        for piece in (b"abc", b"def", b"ghi"):
            passed.append(piece)
            yield piece

    cut = downloads._slice(pieces(), 2, 5)
    assert next(cut) == b"c"
    assert passed == [b"abc", b"def"]
    assert next(cut) == b"de"
    assert passed == [b"abc", b"def", b"ghi"]
    assert next(cut, None) is None


@pytest.mark.parametrize("known", ['"{tag}"', 'W/"{tag}"', '"other", W/"{tag}"', "*"])
def test_a_known_picture_is_not_sent_again_even_if_its_tag_was_made_weak(
    guest: FlaskClient, url: str, whole: bytes, known: str
) -> None:
    answer = guest.get(url, headers={"If-None-Match": known.format(tag=sha256(whole).hexdigest())})
    assert (answer.status_code, answer.data) == (304, b"")


def test_a_range_needs_the_strong_tag(guest: FlaskClient, url: str, whole: bytes) -> None:
    tag = f'"{sha256(whole).hexdigest()}"'
    for condition, status in ((tag, 206), (f"W/{tag}", 200), ('"other"', 200), ("Sun, 29 Nov 2026 00:00:00 GMT", 200)):
        headers = {"Range": "bytes=0-9", "If-Range": condition}
        assert guest.get(url, headers=headers, buffered=True).status_code == status, condition
