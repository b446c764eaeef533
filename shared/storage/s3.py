"""The S3 client with our deadlines, and its errors as ours."""

import contextlib
import io
import time
from collections.abc import Iterator
from typing import IO, Any

import boto3
from botocore.config import Config
from botocore.exceptions import BotoCoreError, ClientError

from shared import timeouts
from shared.settings import Storage as Settings
from shared.storage.protocol import Missing, Unavailable

_PIECE = 16 * 1024  # bytes read between two checks of the deadline


def client(
    settings: Settings,
    *,
    region: str = "auto",
    read_s: float | None = None,
    tries: int | None = None,
    connections: int = 10,
) -> Any:
    """A client with our deadlines, or with longer ones."""
    secret = settings.secret_access_key
    return boto3.client(
        "s3",
        endpoint_url=settings.endpoint,
        aws_access_key_id=settings.access_key_id,
        aws_secret_access_key=secret.get_secret_value() if secret else None,
        region_name=region,
        config=Config(
            connect_timeout=timeouts.STORAGE_CONNECT_S,
            read_timeout=read_s or timeouts.STORAGE_READ_S,
            retries={"mode": "standard", "total_max_attempts": tries or timeouts.STORAGE_TRIES},
            max_pool_connections=connections,
            s3={"addressing_style": "path"},
            signature_version="s3v4",  # the older one, the default of signed URLs, does not sign the length
            request_checksum_calculation="when_required",  # R2 does not know the newer checksums
            response_checksum_validation="when_required",
        ),
    )


@contextlib.contextmanager
def refusals() -> Iterator[None]:
    """Raise Unavailable for every failure of a bucket."""
    try:
        yield
    except ClientError as error:
        raise Unavailable("The storage refused; please try again.") from error
    except (BotoCoreError, OSError) as error:
        raise Unavailable("The storage cannot be reached; please try again.") from error


@contextlib.contextmanager
def lookup(key: str) -> Iterator[None]:
    """As `refusals`, for a request about one object; raises Missing if there is none under the key."""
    with refusals():
        try:
            yield
        except ClientError as error:
            if code(error) in ("NoSuchKey", "404"):
                raise Missing(key) from None
            raise


class Timed(io.BytesIO):
    """Bytes to send, until that takes too long: the client has a deadline for silence, but none for slowness."""

    def __init__(self, data: bytes) -> None:
        super().__init__(data)
        self._until = until(len(data))

    def read(self, size: int | None = -1) -> bytes:
        in_time(self._until)
        return super().read(size)


class Body(io.RawIOBase):
    """The body of a reply; what its connection raises becomes Unavailable."""

    def __init__(self, body: Any) -> None:
        super().__init__()
        self._body = body

    def readable(self) -> bool:
        return True

    def readinto(self, into: Any) -> int:
        with refusals():
            data = self._body.read(len(into))
        into[: len(data)] = data
        return len(data)

    def close(self) -> None:
        self._body.close()
        super().close()


def read_in_time(stream: IO[bytes], length: int) -> bytes:
    """The whole body. Raises TimeoutError."""
    end, pieces = until(length), list[bytes]()
    while piece := stream.read(_PIECE):
        pieces.append(piece)
        in_time(end)
    return b"".join(pieces)


def until(length: int) -> float:
    """The deadline of a transfer that begins now."""
    return time.monotonic() + max(timeouts.STORAGE_TRANSFER_S, length / timeouts.STORAGE_BYTES_S)


def in_time(end: float) -> None:
    if time.monotonic() > end:
        raise TimeoutError("the storage is too slow")


def code(error: ClientError) -> str:
    return str(error.response.get("Error", {}).get("Code"))
