"""Buckets, beyond the suite for every storage: what they receive, and how their errors are reported."""

import socket
import threading
import time
import uuid
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any

import boto3
import pytest
import requests
from botocore.exceptions import ClientError

from shared import settings, timeouts
from shared.storage import INCOMING, Missing, Unavailable, s3
from shared.storage.bucket import Bucket
from tests.shared import buckets

KEY = "ab" * 32 + ".png"


def each(bucket: Bucket) -> list[Callable[[], object]]:
    """Every operation on objects."""
    return [
        lambda: bucket.put(KEY, b"x", "image/png", {}),
        lambda: bucket.get(KEY),
        lambda: bucket.open(KEY),
        lambda: bucket.delete(KEY),
        lambda: list(bucket.walk("ab")),
    ]


def test_an_object_arrives_with_its_type_cache_control_and_metadata(moto: settings.Storage) -> None:
    Bucket(moto).put(KEY, b"data", "image/webp", {"name": "été \U0001f455.webp", "job": "7"})
    client = boto3.client("s3", endpoint_url=moto.endpoint, region_name="auto", **_credentials(moto))
    found = client.head_object(Bucket=buckets.BUCKET, Key=KEY)
    assert found["ContentType"] == "image/webp"
    assert found["CacheControl"] == "public, max-age=31536000, immutable"
    assert found["Metadata"] == {"name": r"\xe9t\xe9 \U0001f455.webp", "job": "7"}
    assert found["ContentLength"] == 4
    client.close()


def _credentials(given: settings.Storage) -> dict[str, Any]:
    assert given.secret_access_key
    return {
        "aws_access_key_id": given.access_key_id,
        "aws_secret_access_key": given.secret_access_key.get_secret_value(),
    }


def test_the_same_bytes_keep_the_object_and_other_bytes_repair_it(moto: settings.Storage) -> None:
    bucket = Bucket(moto)
    client = boto3.client("s3", endpoint_url=moto.endpoint, region_name="auto", **_credentials(moto))
    for name, data, kept in (("1", b"whole", "1"), ("2", b"whole", "1"), ("3", b"whale", "3")):
        bucket.put(KEY, data, "image/png", {"name": name})
        assert client.head_object(Bucket=buckets.BUCKET, Key=KEY)["Metadata"] == {"name": kept}
        assert bucket.get(KEY) == data
    client.close()


def test_a_bucket_is_listed_page_by_page(
    moto: settings.Storage, rclone: settings.Storage, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("shared.storage.bucket._PAGE", 2)
    keys = [f"{'cd' * 32}-w{number}.webp" for number in range(5)]
    for given in (moto, rclone):
        bucket = Bucket(given)
        for key in keys:
            bucket.put(key, b"x", "image/webp", {})
        assert [entry.key for entry in bucket.walk("cd" * 32)] == keys


def test_objects_with_other_keys_are_not_listed(moto: settings.Storage) -> None:
    client = boto3.client("s3", endpoint_url=moto.endpoint, region_name="auto", **_credentials(moto))
    client.put_object(Bucket=buckets.BUCKET, Key="ef/readme.txt", Body=b"somebody else's")
    client.close()
    assert list(Bucket(moto).walk("ef")) == []


def test_a_wrong_secret_is_unavailable_and_changes_nothing(rclone: settings.Storage) -> None:
    right = Bucket(rclone)
    right.put(KEY, b"kept", "image/png", {})
    assert rclone.endpoint
    wrong = Bucket(buckets.settings(rclone.endpoint, "a guess"))
    for operation in each(wrong):
        with pytest.raises(Unavailable):
            operation()
    with pytest.raises(ClientError):
        wrong.check()
    assert right.get(KEY) == b"kept"


def _sent(url: str, data: bytes = b"signed", content_type: str = "image/png") -> int:
    return requests.put(url, data=data, headers={"Content-Type": content_type}, timeout=10).status_code


def test_a_signed_url_accepts_only_what_was_signed(rclone: settings.Storage) -> None:
    key = f"{INCOMING}{uuid.uuid4()}"
    bucket = Bucket(rclone)
    assert rclone.endpoint
    forged = Bucket(buckets.settings(rclone.endpoint, "a guess")).sign_put(key, "image/png", 6, 60)
    url, brief = (bucket.sign_put(key, "image/png", 6, seconds) for seconds in (60, 1))
    time.sleep(2.1)  # the signature counts whole seconds
    refused = [
        _sent(forged),
        _sent(brief),
        _sent(url.replace(key, f"{INCOMING}{uuid.uuid4()}")),
        _sent(url, b"longer than signed"),
        _sent(url, content_type="text/html"),
        requests.get(url, timeout=10).status_code,
    ]
    assert all(status in (400, 403) for status in refused), refused
    assert key not in {entry.key for entry in bucket.walk(INCOMING)}
    assert _sent(url) == 200
    assert bucket.get(key) == b"signed"


def test_a_bucket_that_does_not_exist_is_unavailable_and_not_a_missing_object(
    moto: settings.Storage, rclone: settings.Storage
) -> None:
    for given in (moto, rclone):
        bucket = Bucket(given.model_copy(update={"bucket": "elsewhere"}))
        for operation in (*each(bucket)[:3], each(bucket)[-1]):
            with pytest.raises(Unavailable):
                operation()
        with pytest.raises(ClientError):
            bucket.check()


def test_a_refused_connection_is_unavailable_soon(free_port: int) -> None:
    bucket = Bucket(buckets.settings(f"http://127.0.0.1:{free_port}"))
    start = time.monotonic()
    with pytest.raises(Unavailable):
        bucket.get(KEY)
    assert time.monotonic() - start < 10  # three tries with a second or two between them


def test_a_silent_storage_times_out(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(timeouts, "STORAGE_READ_S", 0.1)
    with socket.create_server(("127.0.0.1", 0)) as server:  # accepts connections and never answers
        bucket = Bucket(buckets.settings(f"http://127.0.0.1:{server.getsockname()[1]}"))
        start = time.monotonic()
        with pytest.raises(Unavailable):
            bucket.get(KEY)
        assert time.monotonic() - start < 10


@contextmanager
def crawling() -> Iterator[Bucket]:
    """A bucket whose server never stops sending and receiving, but only a few bytes at a time."""
    done = threading.Event()

    def crawl(connection: socket.socket) -> None:
        with connection, suppress(OSError):
            connection.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
            wanted = connection.recv(4096).startswith(b"GET")
            if wanted:
                connection.sendall(b"HTTP/1.1 200 OK\r\nContent-Length: 9000000\r\n\r\n")
            while not done.wait(0.02):
                connection.sendall(b"x" * 500) if wanted else connection.recv(500)

    def serve(server: socket.socket) -> None:
        with suppress(OSError):
            while True:
                threading.Thread(target=crawl, args=[server.accept()[0]], daemon=True).start()

    with socket.create_server(("127.0.0.1", 0)) as server:
        threading.Thread(target=serve, args=[server], daemon=True).start()
        yield Bucket(buckets.settings(f"http://127.0.0.1:{server.getsockname()[1]}"))
        done.set()
        server.shutdown(socket.SHUT_RDWR)


def test_a_slow_storage_times_out(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(timeouts, "STORAGE_TRANSFER_S", 0.5)
    monkeypatch.setattr(timeouts, "STORAGE_BYTES_S", 1e9)
    with crawling() as bucket:
        for operation in (lambda: bucket.get(KEY), lambda: bucket.put(KEY, bytes(9_000_000), "image/png", {})):
            start = time.monotonic()
            with pytest.raises(Unavailable):
                operation()
            assert time.monotonic() - start < 10


def test_an_upload_that_takes_too_long_is_aborted(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(timeouts, "STORAGE_TRANSFER_S", 0.2)
    monkeypatch.setattr(timeouts, "STORAGE_BYTES_S", 1e9)
    body = s3.Timed(b"x" * 100)
    assert body.read(10) == b"x" * 10
    time.sleep(0.25)
    with pytest.raises(TimeoutError):
        body.read(10)


@contextmanager
def answering(*answers: bytes) -> Iterator[Bucket]:
    """A bucket whose server gives one of these answers to each connection, whatever the request."""
    with socket.create_server(("127.0.0.1", 0)) as server:

        def serve() -> None:
            for answer in answers:
                connection, _ = server.accept()
                with connection:
                    connection.recv(65536)
                    connection.sendall(answer)

        thread = threading.Thread(target=serve, daemon=True)
        thread.start()
        yield Bucket(buckets.settings(f"http://127.0.0.1:{server.getsockname()[1]}"))
        thread.join(10)


OK = b"HTTP/1.1 200 OK\r\nContent-Length: 4\r\nConnection: close\r\n\r\ndata"
SLOW_DOWN = b"HTTP/1.1 503 Slow Down\r\nContent-Length: 0\r\nConnection: close\r\n\r\n"
CUT_OFF = b"HTTP/1.1 200 OK\r\nContent-Length: 4000\r\nConnection: close\r\n\r\ndata"
FORBIDDEN = b"HTTP/1.1 403 Forbidden\r\nContent-Type: text/html\r\nContent-Length: 6\r\nConnection: close\r\n\r\n<html>"
GONE = b"HTTP/1.1 404 Not Found\r\nContent-Length: 0\r\nConnection: close\r\n\r\n"


def test_a_temporary_error_is_retried_silently() -> None:
    with answering(SLOW_DOWN, OK) as bucket:
        assert bucket.get(KEY) == b"data"


def test_a_truncated_object_is_unavailable_and_never_returned() -> None:
    with answering(CUT_OFF) as bucket, pytest.raises(Unavailable):
        bucket.get(KEY)


def test_an_unknown_error_is_unavailable() -> None:
    with answering(FORBIDDEN) as bucket, pytest.raises(Unavailable):
        bucket.get(KEY)


def test_a_bare_404_is_a_missing_object() -> None:
    with answering(GONE) as bucket, pytest.raises(Missing):
        bucket.get(KEY)


def test_the_secret_is_never_in_an_error(tmp_path: Path, free_port: int) -> None:
    bucket = Bucket(buckets.settings(f"http://127.0.0.1:{free_port}", "swordfish"))
    with pytest.raises(Unavailable) as caught:
        bucket.put(KEY, b"", "image/png", {})
    assert "swordfish" not in f"{caught.value!r} {caught.value.__cause__!r}"
    assert "127.0.0.1" not in caught.value.public
