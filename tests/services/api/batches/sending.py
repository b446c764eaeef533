"""Batches that tests send, and waiting until all of one was taken in."""

import hashlib
import io
import time
import zipfile
from collections.abc import Mapping
from typing import Any

from flask.testing import FlaskClient
from werkzeug.test import TestResponse

from shared import storage
from shared.db import ids, job_queue
from shared.models.asset import Asset, AssetKind
from shared.models.cutout import CutoutResult, Foreground
from shared.models.job import Job, JobFailure, Outcome, Timings
from tests.services import pictures
from tests.services.api.client import body
from tests.services.api.conftest import Api

PATH = "/api/batches"
_PATIENCE_S = 20


def form_of(files: Mapping[str, bytes]) -> bytes:
    """A multipart body with the boundary `x`."""
    parts = [
        f'--x\r\nContent-Disposition: form-data; name="file"; filename="{name}"\r\n\r\n'.encode() + data + b"\r\n"
        for name, data in files.items()
    ]
    return b"".join(parts) + b"--x--\r\n"


def send(client: FlaskClient, files: Mapping[str, bytes], path: str = PATH, **options: Any) -> TestResponse:
    return client.post(path, data=form_of(files), content_type="multipart/form-data; boundary=x", **options)


def zipped(files: Mapping[str, bytes], method: int = zipfile.ZIP_DEFLATED) -> bytes:
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", method) as archive:
        for name, data in files.items():
            archive.writestr(name, data)
    return out.getvalue()


def send_zip(client: FlaskClient, data: bytes, path: str = PATH) -> TestResponse:
    return client.post(path, data=data, content_type="application/zip")


def some(count: int) -> dict[str, bytes]:
    """So many pictures, each another."""
    return {f"{number}.png": pictures.png(shade=number) for number in range(count)}


def taken_in(client: FlaskClient, batch: Mapping[str, Any]) -> dict[str, Any]:
    """The batch once no picture of it waits."""
    until = time.monotonic() + _PATIENCE_S
    while (found := body(client.get(batch["statusUrl"])))["counts"]["waiting"]:
        assert time.monotonic() < until, found
        time.sleep(0.02)
    return found


def finish(api: Api, job: Job, data: bytes | None = None) -> bytes:
    """End a job as a worker would, with a cut-out of these bytes as its result; returns them."""
    data = data or pictures.encoded(pictures.drawn(shade=int(job.id.int % 251)), "PNG")
    asset = _stored(api, job, data)
    result = CutoutResult(asset.id, asset.key, asset.key, asset.key, 40, 30, len(data), "m", 0, Foreground(0, 0, 9, 9))
    with api.deps.database.transaction() as connection:
        assert job_queue.finish(connection, job, Outcome(result.json(), (asset,)), Timings())
    return data


def _stored(api: Api, job: Job, data: bytes) -> Asset:
    sha256 = hashlib.sha256(data).hexdigest()
    key = storage.key_for(api.deps.secret, job.owner, sha256, "png")
    api.deps.storage.put(key, data, "image/png", {})
    return Asset(
        id=ids.new(),
        owner=job.owner,
        kind=AssetKind.CUTOUT,
        key=key,
        sha256=sha256,
        content_type="image/png",
        width=40,
        height=30,
        bytes=len(data),
        created_at=job.created_at,
        job_id=job.id,
    )


def fail(api: Api, job: Job) -> None:
    with api.deps.database.transaction() as connection:
        job_queue.fail(connection, job, JobFailure.UNKNOWN_FOREGROUND, "Nothing stands out.", Timings())
