"""An S3-compatible bucket (Cloudflare R2) as a storage."""

import contextlib
import hashlib
import io
from collections.abc import Iterator, Mapping

from botocore.exceptions import ClientError

from shared.settings import Storage as Settings
from shared.storage import s3
from shared.storage.protocol import CACHE_CONTROL, KEY, Entry, Missing, Object

_TAKEN = ("PreconditionFailed", "ConditionalRequestConflict")  # the object exists, or is being written at this moment
_PAGE = 1000  # the most that one listing returns


class Bucket:
    """One bucket."""

    def __init__(self, settings: Settings) -> None:
        self._bucket = settings.bucket
        self._client = s3.client(settings)

    def put(self, key: str, data: bytes, content_type: str, metadata: Mapping[str, str]) -> None:
        wanted = {
            "Bucket": self._bucket,
            "Key": key,
            "ContentType": content_type,
            "CacheControl": CACHE_CONTROL,
            "Metadata": {name: value.encode("ascii", "backslashreplace").decode() for name, value in metadata.items()},
        }
        with _translated(key):
            try:
                # A server that ignores the condition replaces.
                self._client.put_object(**wanted, Body=s3.Timed(data), IfNoneMatch="*")
            except ClientError as error:
                if s3.code(error) not in _TAKEN:
                    raise
                if not self._holds(key, data):
                    self._client.put_object(**wanted, Body=s3.Timed(data))

    def _holds(self, key: str, data: bytes) -> bool:
        """Whether the object has these bytes. If that cannot be known, they are stored again, which does no harm."""
        try:
            tag = self._client.head_object(Bucket=self._bucket, Key=key)["ETag"]
        except ClientError:
            return False
        return bool(tag.strip('"') == hashlib.md5(data, usedforsecurity=False).hexdigest())

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
