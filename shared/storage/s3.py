"""S3's own client as we use it, and its failures in our words."""

import contextlib
from collections.abc import Iterator
from typing import Any

import boto3
from botocore.config import Config
from botocore.exceptions import BotoCoreError, ClientError

from shared import deadlines
from shared.settings import Storage as Settings
from shared.storage.objects import Unavailable


def client(
    settings: Settings,
    *,
    region: str = "auto",
    read_s: float | None = None,
    tries: int | None = None,
    connections: int = 10,
) -> Any:
    """A client with our deadlines, or with those of somebody who has more time."""
    secret = settings.secret_access_key
    return boto3.client(
        "s3",
        endpoint_url=settings.endpoint,
        aws_access_key_id=settings.access_key_id,
        aws_secret_access_key=secret.get_secret_value() if secret else None,
        region_name=region,
        config=Config(
            connect_timeout=deadlines.STORAGE_CONNECT_S,
            read_timeout=read_s or deadlines.STORAGE_READ_S,
            retries={"mode": "standard", "total_max_attempts": tries or deadlines.STORAGE_TRIES},
            max_pool_connections=connections,
            s3={"addressing_style": "path"},
            signature_version="s3v4",  # the older one signs no length
            request_checksum_calculation="when_required",  # R2 does not know the newer checksums
            response_checksum_validation="when_required",
        ),
    )


@contextlib.contextmanager
def refusals() -> Iterator[None]:
    """Every failure of a bucket is Unavailable."""
    try:
        yield
    except ClientError as error:
        raise Unavailable("The storage refused; please try again.") from error
    except (BotoCoreError, OSError) as error:
        raise Unavailable("The storage cannot be reached; please try again.") from error


def code(error: ClientError) -> str:
    return str(error.response.get("Error", {}).get("Code"))
