"""Objects by key: a local folder and S3-compatible storage behind one Protocol.

Keys are HMACs of owner and content, so the same bytes of one owner are one object, keys cannot be guessed, and
holding a picture does not tell whether it is here. Objects are written whole or not at all and never change, so
reading needs no lock and caching needs no end.
"""

import contextlib
import hashlib
import hmac
import os
import re
import secrets
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import IO, Any, Protocol

import boto3
from botocore.config import Config
from botocore.exceptions import BotoCoreError, ClientError

from shared import errors
from shared.models import Owner
from shared.settings import Storage as Settings

CACHE_CONTROL = "public, max-age=31536000, immutable"  # the bytes behind a key never change
_KEY = re.compile(r"[0-9a-f]{64}\.[a-z]{3,4}")


class Missing(Exception):
    """There is no object under this key."""


class Unavailable(errors.Unavailable):
    """The storage cannot be reached or refuses; trying again later may help."""


@dataclass(frozen=True, slots=True)
class Object:
    """An open object; close `stream` when done."""

    stream: IO[bytes]
    bytes: int


class Storage(Protocol):
    """What every storage does.

    `put` is atomic and may be repeated; `get` and `open` raise Missing; `delete` of nothing is fine; all may raise
    Unavailable.
    """

    def put(self, key: str, data: bytes, content_type: str, metadata: Mapping[str, str]) -> None: ...

    def get(self, key: str) -> bytes: ...

    def open(self, key: str) -> Object: ...

    def delete(self, key: str) -> None: ...

    def check(self) -> Mapping[str, object]:
        """Facts for health; raises when objects cannot be stored."""
        ...


def key_for(secret: str, owner: Owner, sha256: str, extension: str) -> str:
    """The public key of an owner's content, e.g. `<64 hex digits>.png`."""
    digest = hmac.new(secret.encode(), f"{owner}:{sha256}".encode(), hashlib.sha256)
    return f"{digest.hexdigest()}.{extension}"


def connect(settings: Settings) -> Storage:
    """The storage that the settings name. For composition roots only."""
    if settings.endpoint:
        return Bucket(settings)
    return Folder(settings.data_dir / "objects")


class Folder:
    """Files below one folder, spread over 256 subfolders so that none grows unwieldy."""

    def __init__(self, root: Path) -> None:
        self._root = root

    def put(self, key: str, data: bytes, content_type: str, metadata: Mapping[str, str]) -> None:  # noqa: ARG002
        path = self._path(key)
        part = path.with_name(f".{path.name}.{secrets.token_hex(4)}")
        try:
            path.parent.mkdir(parents=True, exist_ok=True)
            with part.open("xb") as file:
                file.write(data)
                file.flush()
                os.fsync(file.fileno())
            part.replace(path)
            _sync_folder(path.parent)
        except OSError as error:
            with contextlib.suppress(OSError):
                part.unlink(missing_ok=True)
            raise Unavailable("The storage cannot be written; please try again.") from error

    def get(self, key: str) -> bytes:
        with self.open(key).stream as stream:
            return stream.read()

    def open(self, key: str) -> Object:
        try:
            stream = self._path(key).open("rb")
        except FileNotFoundError:
            raise Missing(key) from None
        except OSError as error:
            raise Unavailable from error
        return Object(stream, os.fstat(stream.fileno()).st_size)

    def delete(self, key: str) -> None:
        try:
            self._path(key).unlink(missing_ok=True)
        except OSError as error:
            raise Unavailable from error

    def check(self) -> Mapping[str, object]:
        self._root.mkdir(parents=True, exist_ok=True)
        space = os.statvfs(self._root)
        return {"backend": "folder", "freeBytes": space.f_bavail * space.f_frsize}

    def _path(self, key: str) -> Path:
        _refuse_odd(key)
        return self._root / key[:2] / key


class Bucket:
    """An S3-compatible bucket (Cloudflare R2)."""

    def __init__(self, settings: Settings) -> None:
        secret = settings.secret_access_key
        self._bucket = settings.bucket
        self._client: Any = boto3.client(
            "s3",
            endpoint_url=settings.endpoint,
            aws_access_key_id=settings.access_key_id,
            aws_secret_access_key=secret.get_secret_value() if secret else None,
            region_name="auto",
            config=Config(
                connect_timeout=3,
                read_timeout=10,
                retries={"mode": "standard", "total_max_attempts": 3},
                s3={"addressing_style": "path"},
                request_checksum_calculation="when_required",  # R2 does not know the newer checksums
                response_checksum_validation="when_required",
            ),
        )

    def put(self, key: str, data: bytes, content_type: str, metadata: Mapping[str, str]) -> None:
        with _translated(key):
            self._client.put_object(
                Bucket=self._bucket,
                Key=key,
                Body=data,
                ContentType=content_type,
                CacheControl=CACHE_CONTROL,
                Metadata={name: value.encode("ascii", "backslashreplace").decode() for name, value in metadata.items()},
            )

    def get(self, key: str) -> bytes:
        with _translated(key):
            return bytes(self._client.get_object(Bucket=self._bucket, Key=key)["Body"].read())

    def open(self, key: str) -> Object:
        with _translated(key):
            answer = self._client.get_object(Bucket=self._bucket, Key=key)
        return Object(answer["Body"], answer["ContentLength"])

    def delete(self, key: str) -> None:
        with _translated(key):
            self._client.delete_object(Bucket=self._bucket, Key=key)

    def check(self) -> Mapping[str, object]:
        self._client.head_bucket(Bucket=self._bucket)
        return {"backend": "s3"}


@contextlib.contextmanager
def _translated(key: str) -> Any:
    _refuse_odd(key)
    try:
        yield
    except ClientError as error:
        if error.response.get("Error", {}).get("Code") in ("NoSuchKey", "404"):
            raise Missing(key) from None
        raise Unavailable("The storage refused; please try again.") from error
    except (BotoCoreError, OSError) as error:
        raise Unavailable("The storage cannot be reached; please try again.") from error


def _refuse_odd(key: str) -> None:
    """Whatever else it is, it must not become a path or an address."""
    if not _KEY.fullmatch(key):
        raise Missing(key)


def _sync_folder(folder: Path) -> None:
    """A rename survives a power cut only once its folder is written."""
    descriptor = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
