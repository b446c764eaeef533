"""A bucket with any keys and objects of any size, for migrations.

Deletes nothing and overwrites nothing: `put` only stores new keys.
"""

import base64
import contextlib
import hashlib
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import IO, Any

from shared.settings import Storage as Settings
from shared.storage import s3
from shared.storage.protocol import Missing

READ_S, TRIES = 30, 5  # no caller waits, and a distant bucket may be slow
_PIECE = 1024 * 1024
_KEPT = ("ContentType", "CacheControl", "ContentDisposition", "ContentEncoding", "ContentLanguage", "Metadata")
_MD5 = re.compile(r"[0-9a-f]{32}")  # the ETag of an object that was uploaded in one part and unencrypted


@dataclass(frozen=True, slots=True)
class Listed:
    """An object in a listing."""

    key: str
    bytes: int
    tag: str

    @property
    def md5(self) -> str | None:
        return self.tag if _MD5.fullmatch(self.tag) else None


@dataclass(frozen=True, slots=True)
class Fetched:
    """What was read, and the metadata that the bucket keeps with it."""

    bytes: int
    md5: str
    sha256: str
    facts: Mapping[str, Any]


class MigrationBucket:
    """One bucket; safe to share between threads. Every method may raise Unavailable."""

    def __init__(self, settings: Settings, *, region: str = "auto", connections: int = 10) -> None:
        self._bucket = settings.bucket
        self._client = s3.client(settings, region=region, read_s=READ_S, tries=TRIES, connections=connections)

    def walk(self) -> Iterator[Listed]:
        """Every object, ordered by key."""
        after = ""
        while True:
            with s3.refusals():
                page = self._client.list_objects_v2(Bucket=self._bucket, StartAfter=after)
            found = page.get("Contents", [])
            yield from (Listed(o["Key"], o["Size"], o["ETag"].strip('"')) for o in found)
            if not page["IsTruncated"]:
                return
            after = found[-1]["Key"]

    def head(self, key: str) -> Listed | None:
        """The object with this key, if there is one."""
        with contextlib.suppress(Missing), s3.lookup(key):
            found = self._client.head_object(Bucket=self._bucket, Key=key)
            return Listed(key, found["ContentLength"], found["ETag"].strip('"'))
        return None

    def fetch(self, key: str, into: IO[bytes] | None = None) -> Fetched:
        """Read a whole object, and write it `into` a file if one is given. Raises Missing."""
        md5, sha256, length = hashlib.md5(usedforsecurity=False), hashlib.sha256(), 0
        with s3.lookup(key):
            answer = self._client.get_object(Bucket=self._bucket, Key=key)
            with contextlib.closing(answer["Body"]) as body:
                while piece := body.read(_PIECE):
                    length += len(piece)
                    md5.update(piece)
                    sha256.update(piece)
                    if into:
                        into.write(piece)
        facts = {name: answer[name] for name in _KEPT if answer.get(name)}
        return Fetched(length, md5.hexdigest(), sha256.hexdigest(), facts)

    def put(self, key: str, file: IO[bytes], fetched: Fetched) -> Listed:
        """Store a fetched object with its metadata; the bucket checks the digest of what arrives."""
        file.seek(0)
        digest = base64.b64encode(bytes.fromhex(fetched.md5)).decode()
        with s3.lookup(key):
            answer = self._client.put_object(
                Bucket=self._bucket, Key=key, Body=file, ContentMD5=digest, IfNoneMatch="*", **fetched.facts
            )
        return Listed(key, fetched.bytes, answer["ETag"].strip('"'))
