"""An S3-compatible bucket (Cloudflare R2) as a storage."""

import contextlib
import hashlib
from collections.abc import Iterator, Mapping
from typing import Any

import boto3
from botocore.config import Config
from botocore.exceptions import BotoCoreError, ClientError

from shared import deadlines
from shared.settings import Storage as Settings
from shared.storage.objects import CACHE_CONTROL, Entry, Missing, Object, Unavailable, known, require

_TAKEN = ("PreconditionFailed", "ConditionalRequestConflict")  # there is an object, or somebody is writing it now
_PAGE = 1000  # what a listing answers at most


class Bucket:
    """One bucket."""

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
                connect_timeout=deadlines.STORAGE_CONNECT_S,
                read_timeout=deadlines.STORAGE_READ_S,
                retries={"mode": "standard", "total_max_attempts": deadlines.STORAGE_TRIES},
                s3={"addressing_style": "path"},
                signature_version="s3v4",  # the older one signs no length
                request_checksum_calculation="when_required",  # R2 does not know the newer checksums
                response_checksum_validation="when_required",
            ),
        )

    def put(self, key: str, data: bytes, content_type: str, metadata: Mapping[str, str]) -> None:
        wanted = {
            "Bucket": self._bucket,
            "Key": key,
            "Body": data,
            "ContentType": content_type,
            "CacheControl": CACHE_CONTROL,
            "Metadata": {name: value.encode("ascii", "backslashreplace").decode() for name, value in metadata.items()},
        }
        with _translated(key):
            try:
                self._client.put_object(**wanted, IfNoneMatch="*")  # a server that ignores this replaces
            except ClientError as error:
                if _code(error) not in _TAKEN:
                    raise
                if not self._holds(key, data):
                    self._client.put_object(**wanted)

    def _holds(self, key: str, data: bytes) -> bool:
        """Whether the object is these bytes; not knowing it is no harm, as they are then stored again."""
        try:
            tag = self._client.head_object(Bucket=self._bucket, Key=key)["ETag"]
        except ClientError:
            return False
        return bool(tag.strip('"') == hashlib.md5(data, usedforsecurity=False).hexdigest())

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

    def sign_put(self, key: str, content_type: str, length: int, expires_s: int) -> str:
        """Both headers are signed, so that the bucket refuses others."""
        require(key)
        wanted = {"Bucket": self._bucket, "Key": key, "ContentType": content_type, "ContentLength": length}
        return str(self._client.generate_presigned_url("put_object", Params=wanted, ExpiresIn=expires_s))

    def walk(self, prefix: str) -> Iterator[Entry]:
        after = ""
        while True:
            with _refusals():
                page = self._client.list_objects_v2(Bucket=self._bucket, Prefix=prefix, StartAfter=after, MaxKeys=_PAGE)
            found = page.get("Contents", [])
            yield from (Entry(o["Key"], o["Size"], o["LastModified"]) for o in found if known(o["Key"]))
            if not page["IsTruncated"]:
                return
            after = found[-1]["Key"]

    def check(self) -> Mapping[str, object]:
        self._client.head_bucket(Bucket=self._bucket)
        return {"backend": "s3"}


@contextlib.contextmanager
def _translated(key: str) -> Iterator[None]:
    """Failures of one object."""
    require(key)
    with _refusals():
        try:
            yield
        except ClientError as error:
            if _code(error) in ("NoSuchKey", "404"):
                raise Missing(key) from None
            raise


@contextlib.contextmanager
def _refusals() -> Iterator[None]:
    try:
        yield
    except ClientError as error:
        raise Unavailable("The storage refused; please try again.") from error
    except (BotoCoreError, OSError) as error:
        raise Unavailable("The storage cannot be reached; please try again.") from error


def _code(error: ClientError) -> str:
    return str(error.response.get("Error", {}).get("Code"))
