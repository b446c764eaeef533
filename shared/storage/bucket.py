"""An S3-compatible bucket (Cloudflare R2) as a storage."""

import contextlib
import hashlib
import io
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from botocore.exceptions import ClientError

from shared import timeouts
from shared.settings import Storage as Settings
from shared.storage import multipart, s3
from shared.storage.protocol import CACHE_CONTROL, KEY, Entry, Missing, Object

_TAKEN = ("PreconditionFailed", "ConditionalRequestConflict")  # the object exists, or is being written at this moment
_PAGE = 1000  # the most that one listing returns


class Bucket:
    """One bucket."""

    def __init__(self, settings: Settings) -> None:
        self._settings = settings
        self._bucket = settings.bucket
        self._client = s3.client(settings)

    def put(self, key: str, data: bytes, content_type: str, metadata: Mapping[str, str]) -> None:
        wanted = self._wanted(key, content_type, metadata)
        with _translated(key):
            try:
                # A server that ignores the condition replaces.
                self._client.put_object(**wanted, Body=s3.Timed(data), IfNoneMatch="*")
            except ClientError as error:
                if s3.code(error) not in _TAKEN:
                    raise
                if self._tag(key) != hashlib.md5(data, usedforsecurity=False).hexdigest():
                    self._client.put_object(**wanted, Body=s3.Timed(data))

    def put_file(self, key: str, file: Path, content_type: str, metadata: Mapping[str, str]) -> None:
        if file.stat().st_size <= multipart.PART_BYTES:
            self.put(key, file.read_bytes(), content_type, metadata)
            return
        with _translated(key):
            if self._tag(key) != multipart.tag(file):
                patient = s3.client(self._settings, read_s=timeouts.STORAGE_JOIN_S)
                multipart.upload(patient, file, self._wanted(key, content_type, metadata))

    def _wanted(self, key: str, content_type: str, metadata: Mapping[str, str]) -> dict[str, Any]:
        return {
            "Bucket": self._bucket,
            "Key": key,
            "ContentType": content_type,
            "CacheControl": CACHE_CONTROL,
            "Metadata": {name: value.encode("ascii", "backslashreplace").decode() for name, value in metadata.items()},
        }

    def _tag(self, key: str) -> str | None:
        """The tag of the stored bytes. If it cannot be known, they are stored again, which does no harm."""
        try:
            return str(self._client.head_object(Bucket=self._bucket, Key=key)["ETag"]).strip('"')
        except ClientError:
            return None

    def get(self, key: str) -> bytes:
        with _translated(key):
            answer = self._client.get_object(Bucket=self._bucket, Key=key)
            with contextlib.closing(answer["Body"]) as body:
                return s3.read_in_time(body, answer["ContentLength"])

    def open(self, key: str) -> Object:
        with _translated(key):
            answer = self._client.get_object(Bucket=self._bucket, Key=key)
        return Object(io.BufferedReader(s3.Body(answer["Body"])), answer["ContentLength"])

    def delete(self, key: str) -> None:
        with _translated(key):
            self._client.delete_object(Bucket=self._bucket, Key=key)

    def sign_put(self, key: str, content_type: str, length: int, expires_s: int) -> str:
        """Signs both headers, so that the bucket refuses other values."""
        wanted = {"Bucket": self._bucket, "Key": key, "ContentType": content_type, "ContentLength": length}
        with _translated(key):
            return str(self._client.generate_presigned_url("put_object", Params=wanted, ExpiresIn=expires_s))

    def walk(self, prefix: str) -> Iterator[Entry]:
        after = ""
        while True:
            with s3.refusals():
                page = self._client.list_objects_v2(Bucket=self._bucket, Prefix=prefix, StartAfter=after, MaxKeys=_PAGE)
            found = page.get("Contents", [])
            yield from (Entry(o["Key"], o["Size"], o["LastModified"]) for o in found if KEY.fullmatch(o["Key"]))
            if not page["IsTruncated"]:
                return
            after = found[-1]["Key"]

    def check(self) -> Mapping[str, object]:
        self._client.head_bucket(Bucket=self._bucket)
        return {"backend": "s3"}


@contextlib.contextmanager
def _translated(key: str) -> Iterator[None]:
    """Refuse a key that is not ours, and translate the errors of one object."""
    if not KEY.fullmatch(key):  # it must not become part of any other request
        raise Missing(key)
    with s3.lookup(key):
        yield
