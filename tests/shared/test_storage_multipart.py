"""Large files in a bucket: sent in parts, in bounded memory, and nothing stays behind when that fails."""

import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import boto3
import pytest

from shared import settings, timeouts
from shared.storage import Missing, Unavailable, multipart
from shared.storage.bucket import Bucket
from tests.shared import buckets

KEY = "ab" * 32 + ".png"


@pytest.fixture
def client(moto: settings.Storage) -> Iterator[Any]:
    assert moto.secret_access_key
    client = boto3.client(
        "s3",
        endpoint_url=moto.endpoint,
        region_name="auto",
        aws_access_key_id=moto.access_key_id,
        aws_secret_access_key=moto.secret_access_key.get_secret_value(),
    )
    yield client
    client.close()


def test_a_large_file_is_sent_in_parts_and_kept_if_the_bytes_are_the_same(
    moto: settings.Storage, client: Any, tmp_path: Path
) -> None:
    file, bucket = tmp_path / "sheet.png", Bucket(moto)
    for name, data, kept in (("1", b"a", "1"), ("2", b"a", "1"), ("3", b"b", "3")):
        file.write_bytes(data * (2 * multipart.PART_BYTES + 1))
        bucket.put_file(KEY, file, "image/png", {"name": name})
        found = client.head_object(Bucket=buckets.BUCKET, Key=KEY)
        assert found["Metadata"] == {"name": kept}
        assert found["ETag"].endswith('-3"')
        assert (found["ContentType"], found["CacheControl"]) == ("image/png", "public, max-age=31536000, immutable")


def test_memory_holds_one_part_of_a_large_file(moto: settings.Storage, tmp_path: Path) -> None:
    """Counted in a process of its own: the server of the tests holds whole objects."""
    file = tmp_path / "sheet.png"
    with file.open("wb") as stream:
        stream.truncate(6 * multipart.PART_BYTES)
    script = f"""
import sys, tracemalloc
from pathlib import Path
from shared.storage.bucket import Bucket
from tests.shared import buckets
bucket = Bucket(buckets.settings({moto.endpoint!r}))
tracemalloc.start()
bucket.put_file({KEY!r}, Path(sys.argv[1]), "image/png", {{}})
print(tracemalloc.get_traced_memory()[1])
"""
    done = subprocess.run([sys.executable, "-c", script, str(file)], capture_output=True, text=True, check=True)
    assert int(done.stdout) < 3 * multipart.PART_BYTES


def test_a_file_that_cannot_be_sent_whole_leaves_nothing_unfinished(
    moto: settings.Storage, client: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    file, key = tmp_path / "sheet.png", "ba" * 32 + ".png"
    file.write_bytes(bytes(2 * multipart.PART_BYTES))
    monkeypatch.setattr(timeouts, "STORAGE_TRANSFER_S", 0)
    monkeypatch.setattr(timeouts, "STORAGE_BYTES_S", 1e12)
    with pytest.raises(Unavailable):
        Bucket(moto).put_file(key, file, "image/png", {})
    assert "Uploads" not in client.list_multipart_uploads(Bucket=buckets.BUCKET)
    with pytest.raises(Missing):
        Bucket(moto).get(key)
