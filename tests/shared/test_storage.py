"""One suite for every storage: a local folder, S3 by moto and S3 by rclone."""

import hashlib
import secrets
import threading
import uuid
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from shared import errors, settings, storage
from shared.models.owner import Owner, OwnerType
from shared.storage import Folder, Missing, Storage, Unavailable
from shared.storage.bucket import Bucket
from tests.shared import buckets

ME = Owner(OwnerType.GUEST, "a" * 64)
ODD_KEYS = (
    *("../secret", "..", ".", "", "/etc/passwd", "a/../../b", "a\0b", "ab\n", "a" * 64, "a" * 64 + ".", ".png"),
    *("incoming/", "incoming/../x", "incoming/" + "a" * 64 + ".png", "a" * 64 + "-../x.png", "a" * 64 + "-.png"),
    *("a" * 65 + ".png", "A" * 64 + ".png", "a" * 64 + ".png\n", "a" * 64 + ".p/g", "a" * 64 + ".toolong"),
)


@pytest.fixture(scope="module", params=["folder", "moto", "rclone"])
def objects(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Storage:
    """One storage of each kind for all tests, which use different keys."""
    if request.param == "folder":
        return Folder(tmp_path_factory.mktemp("objects"))
    return Bucket(request.getfixturevalue(request.param))


@pytest.fixture
def key() -> str:
    """A key without an object."""
    return storage.key_for("secret", ME, secrets.token_hex(32), "png")


def stored(objects: Storage, key: str, data: bytes = b"some bytes") -> bytes:
    objects.put(key, data, "image/png", {"name": "shirt.png"})
    return data


@pytest.mark.parametrize("size", [0, 1, 3_000_000])
def test_a_stored_object_is_returned(objects: Storage, key: str, size: int) -> None:
    data = stored(objects, key, secrets.token_bytes(size))
    assert objects.get(key) == data
    found = objects.open(key)
    with found.stream as stream:
        assert stream.read() == data
    assert found.bytes == size


@pytest.mark.parametrize("size", [0, 1, 3_000_000, 20_000_000])
def test_a_stored_file_is_returned_and_stays(objects: Storage, key: str, size: int, tmp_path: Path) -> None:
    data, file = secrets.token_bytes(size), tmp_path / "sheet.png"
    file.write_bytes(data)
    for _ in range(2):
        objects.put_file(key, file, "image/png", {"name": "sheet.png"})
        found = objects.open(key)
        with found.stream as stream:
            assert stream.read() == data
        assert found.bytes == size
    assert file.read_bytes() == data


def test_a_file_replaces_other_bytes_of_the_same_length(objects: Storage, key: str, tmp_path: Path) -> None:
    whole, damaged = (tmp_path / name for name in ("whole", "damaged"))
    whole.write_bytes(bytes(20_000_000))
    damaged.write_bytes(bytes(19_999_999) + b"x")
    for file in (damaged, whole):
        objects.put_file(key, file, "image/png", {})
    assert objects.get(key) == bytes(20_000_000)


def test_an_open_object_is_read_in_pieces(objects: Storage, key: str) -> None:
    data = stored(objects, key, secrets.token_bytes(100_000))
    with objects.open(key).stream as stream:
        assert b"".join(iter(lambda: stream.read(7000), b"")) == data


def test_an_unknown_key_is_missing(objects: Storage, key: str) -> None:
    stored(objects, storage.key_for("secret", ME, "another", "png"))
    with pytest.raises(Missing):
        objects.get(key)
    with pytest.raises(Missing):
        objects.open(key)


def test_putting_again_replaces(objects: Storage, key: str) -> None:
    stored(objects, key, b"longer than the next")
    stored(objects, key, b"short")
    assert objects.get(key) == b"short"


def test_objects_are_listed_by_prefix_with_size_and_time(objects: Storage) -> None:
    began, stem = datetime.now(UTC), secrets.token_hex(32)
    keys = [f"{stem}-w400.webp", f"{stem}-w800.webp", f"{stem}.png"]
    for number, key in enumerate([storage.key_for("secret", ME, "other", "png"), *keys]):
        stored(objects, key, bytes(number))
    found = list(objects.walk(stem))
    assert [(entry.key, entry.bytes) for entry in found] == list(zip(keys, (1, 2, 3), strict=True))
    assert all(abs(entry.modified_at - began) < timedelta(minutes=1) for entry in found)
    assert {storage.stem(entry.key) for entry in found} == {stem}
    assert set(keys) <= {entry.key for entry in objects.walk(stem[:2])}
    assert list(objects.walk(secrets.token_hex(32))) == []


def test_pending_uploads_are_listed_separately(objects: Storage) -> None:
    key = f"{storage.INCOMING}{uuid.uuid4()}"
    stored(objects, key)
    assert key in {entry.key for entry in objects.walk(storage.INCOMING)}
    assert all(entry.key.startswith("in") for entry in objects.walk("in"))
    objects.delete(key)
    assert key not in {entry.key for entry in objects.walk(storage.INCOMING)}


def test_a_deleted_object_is_missing(objects: Storage, key: str) -> None:
    stored(objects, key)
    objects.delete(key)
    with pytest.raises(Missing):
        objects.get(key)


def test_deleting_a_missing_object_succeeds(objects: Storage, key: str) -> None:
    objects.delete(key)
    stored(objects, key)
    objects.delete(key)
    objects.delete(key)


def test_an_open_object_outlives_its_deletion(objects: Storage, key: str) -> None:
    data = stored(objects, key)
    with objects.open(key).stream as stream:
        objects.delete(key)
        assert stream.read() == data


@pytest.mark.parametrize("odd", ODD_KEYS)
def test_an_invalid_key_is_missing_and_cannot_be_stored(objects: Storage, odd: str) -> None:
    with pytest.raises(Missing):
        objects.get(odd)
    with pytest.raises(Missing):
        objects.open(odd)
    with pytest.raises(Missing):
        objects.put(odd, b"", "image/png", {})
    with pytest.raises(Missing):
        objects.put_file(odd, Path(__file__), "image/png", {})
    with pytest.raises(Missing):
        objects.delete(odd)


@pytest.mark.parametrize("name", ["ümlaut 漢字 \U0001f455.png", "  two  spaces  ", 'quo"te;a=b', "back\\slash", ""])
def test_a_file_name_may_have_any_characters(objects: Storage, key: str, name: str) -> None:
    objects.put(key, b"x", "image/png", {"name": name})
    assert objects.get(key) == b"x"


def test_concurrent_puts_and_gets_succeed(objects: Storage) -> None:
    def work(number: int) -> bool:
        key = storage.key_for("secret", ME, str(number), "png")
        data = number.to_bytes(4, "big") * 5000
        stored(objects, key, data)
        return objects.get(key) == data

    with ThreadPoolExecutor(8) as workers:
        assert all(workers.map(work, range(24)))


def test_no_reader_sees_half_an_object(objects: Storage, key: str) -> None:
    whole = {bytes([n]) * 400_000 for n in range(4)}
    stored(objects, key, bytes(400_000))
    done = threading.Event()

    def write() -> None:
        for _ in range(3):
            for data in whole:
                stored(objects, key, data)
        done.set()

    with ThreadPoolExecutor(1) as writer:
        writing = writer.submit(write)
        while not done.is_set() and not writing.done():
            assert objects.get(key) in whole
        writing.result()


def test_a_working_storage_reports_its_kind(objects: Storage) -> None:
    facts = objects.check()
    assert facts["backend"] in ("folder", "s3")
    assert "freeBytes" not in facts or int(str(facts["freeBytes"])) > 0


def test_the_settings_select_the_storage(tmp_path: Path) -> None:
    assert isinstance(storage.connect(buckets.settings("http://127.0.0.1:1")), Bucket)
    folder = storage.connect(settings.Storage(DATA_DIR=tmp_path))
    key = storage.key_for("secret", ME, "x", "png")
    stored(folder, key)
    assert (tmp_path / "objects" / key[:2] / key).read_bytes() == b"some bytes"


def test_connecting_closes_to_others_what_earlier_versions_left_open(tmp_path: Path) -> None:
    stored = tmp_path / "objects" / "ab" / f"{'ab' * 32}.png"
    stored.parent.mkdir(parents=True)
    stored.touch()
    for path, mode in ((stored, 0o644), (stored.parent, 0o755), (stored.parents[1], 0o755)):
        path.chmod(mode)
    storage.connect(settings.Storage(DATA_DIR=tmp_path))
    assert [path.stat().st_mode & 0o777 for path in (stored, *stored.parents[:2])] == [0o600, 0o700, 0o700]


def test_an_unavailable_storage_is_a_retryable_failure() -> None:
    assert issubclass(Unavailable, errors.Unavailable)
    assert not issubclass(Missing, errors.Failure)


def test_a_key_depends_only_on_secret_owner_and_content() -> None:
    sha256 = hashlib.sha256(b"content").hexdigest()
    key = storage.key_for("secret", ME, sha256, "png")
    assert key == storage.key_for("secret", Owner(OwnerType.GUEST, "a" * 64), sha256, "png")
    others = {
        storage.key_for("another", ME, sha256, "png"),
        storage.key_for("secret", Owner(OwnerType.GUEST, "b" * 64), sha256, "png"),
        storage.key_for("secret", ME, hashlib.sha256(b"other").hexdigest(), "png"),
        storage.key_for("secret", ME, sha256, "jpeg"),
        f"{sha256}.png",
    }
    assert key not in others
    assert len(others) == 5
