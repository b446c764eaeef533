"""Uploads of large files to a bucket, part by part: memory holds one part, and each part has a deadline of its own.

The object appears whole, once the last part has arrived. What a crash leaves unfinished is no object and never listed;
R2 discards it after a week.
"""

import contextlib
import hashlib
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from botocore.exceptions import BotoCoreError, ClientError

from shared.storage import s3

PART_BYTES = 8 * 1024 * 1024  # S3 wants 5 MB at least, R2 wants equal parts; 10,000 parts are 84 GB


def upload(client: Any, file: Path, wanted: Mapping[str, Any]) -> None:
    """Store the file as `wanted` says: bucket, key, and the facts kept with the object."""
    begun = client.create_multipart_upload(**wanted)
    target = {"Bucket": wanted["Bucket"], "Key": wanted["Key"], "UploadId": begun["UploadId"]}
    try:
        sent = [
            {"PartNumber": number, "ETag": client.upload_part(**target, PartNumber=number, Body=s3.Timed(part))["ETag"]}
            for number, part in enumerate(_parts(file), 1)
        ]
        client.complete_multipart_upload(**target, MultipartUpload={"Parts": sent})
    except BaseException:
        with contextlib.suppress(ClientError, BotoCoreError, OSError):
            client.abort_multipart_upload(**target)
        raise


def tag(file: Path) -> str:
    """The ETag of an object that `upload` stored: the digest of its parts' digests, and their number."""
    digests = [hashlib.md5(part, usedforsecurity=False).digest() for part in _parts(file)]
    return f"{hashlib.md5(b''.join(digests), usedforsecurity=False).hexdigest()}-{len(digests)}"


def _parts(file: Path) -> Iterator[bytes]:
    with file.open("rb") as stream:
        while part := stream.read(PART_BYTES):
            yield part
