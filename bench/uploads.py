"""The cost of an upload compared with a plain Flask view that only saves the body, and where the time goes.

Run `python -m bench.uploads [ROUNDS]`. Both answer through gunicorn with the same settings, in turns, each
picture to both; Postgres and the disk are durable, as in `make run`. The steps are the api's own functions, called one
after another on the same pictures by this process; what they do not explain is the request around them.
"""

import hashlib
import io
import os
import random
import statistics
import sys
import tempfile
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from pathlib import Path

import requests
from PIL import Image
from werkzeug.formparser import parse_form_data
from werkzeug.test import EnvironBuilder

from deploy.local import ports
from deploy.local.api_client import SAMPLE
from deploy.local.service import Service
from deploy.local.stack import ROOT
from deploy.local.supervisor import await_ready
from services.api.decoder.pool import Decoder
from shared import images, storage
from shared.db import assets, ids, quotas
from shared.db.pool import Database
from shared.image_format.structure import Format
from shared.models.asset import Asset, AssetKind
from shared.models.owner import Owner, OwnerType
from tests.stack import RunningStack

ROUNDS = 100
WARM_UP = 10
SIZE = (1000, 1000)  # a megapixel
_SERVER = (sys.executable, "-m", "gunicorn", "-c", "deploy/gunicorn.conf.py", "bench.plain_upload:app")


def main(rounds: int) -> None:
    print(f"load of the machine before: {os.getloadavg()[0]:.1f} on {len(os.sched_getaffinity(0))} cores")
    pictures = [picture(number) for number in range(WARM_UP + rounds)]
    with started() as (stack, plain):
        ours, theirs = in_turns(pictures, stack.address, f"http://{ports.LOCAL}:{plain.port}")
        spent = steps(pictures, stack)
    print(f"\nPOST /api/uploads of a JPEG of a megapixel ({len(pictures[0]):,} bytes), medians of {rounds}, in ms")
    print(f"  a view that only saves the body {theirs:8.1f}")
    print(f"  ours                            {ours:8.1f}   {ours / theirs:.1f} times\n\nwhere the time goes, in ms")
    for name, ms in {**spent, "the request around them": ours - sum(spent.values())}.items():
        print(f"  {name:46} {ms:6.1f}  {ms / ours:4.0%}")


@contextmanager
def started() -> Iterator[tuple[RunningStack, Service]]:
    """The system, and the plain view."""
    with tempfile.TemporaryDirectory(prefix="stolentee-bench-", dir="/var/tmp") as folder:
        Path(folder).chmod(0o711)
        stack, port = RunningStack(Path(folder) / "stack"), ports.free()
        told = {"PORT": str(port), "BIND_HOST": ports.LOCAL, "PATH": os.defpath, "TMPDIR": folder}
        plain = Service("plain", _SERVER, port=port, environment=told, folder=ROOT, output=Path(folder) / "plain.log")
        try:
            stack.start()
            plain.start()
            await_ready(plain)
            yield stack, plain
        finally:
            plain.stop()
            stack.stop()


def in_turns(pictures: list[bytes], ours: str, theirs: str) -> tuple[float, float]:
    """Median milliseconds of each, after both have warmed up."""
    took: dict[str, list[float]] = {ours: [], theirs: []}
    with requests.Session() as session:
        session.trust_env = False
        for data in pictures:
            for address, times in took.items():
                began = time.perf_counter()
                answer = session.post(f"{address}/api/uploads", files={"file": ("photo.jpg", data)}, timeout=60)
                times.append((time.perf_counter() - began) * 1000)
                assert answer.status_code == 201, answer.text
    first, second = (statistics.median(times[WARM_UP:]) for times in took.values())
    return first, second


@dataclass(slots=True)
class Work:
    """One picture on its way in; each step leaves what the next one needs."""

    body: bytes
    data: bytes
    info: images.ImageInfo
    kept: images.Stored
    asset: Asset


def steps(pictures: list[bytes], stack: RunningStack) -> Mapping[str, float]:
    """Median milliseconds of each step."""
    decoder, database = Decoder(), Database(stack.database_url)
    decoder.start()
    database.open()
    objects = storage.Folder(stack.data / "bench")
    owner = Owner(OwnerType.GUEST, "bench")

    def look() -> None:
        with database.transaction() as connection:
            quotas.usage(connection, owner)

    def add(work: Work) -> None:
        with database.transaction() as connection:
            assets.add(connection, work.asset)

    doing: dict[str, Callable[[Work], object]] = {
        "read the form": lambda work: parse_form_data(_environ(work.body)),
        "look up the caller's stored bytes": lambda _: look(),
        "read its structure and strip metadata": lambda work: images.accept(work.data, Format.JPEG),
        "decode it to its end, in the decoder": lambda work: decoder.verify(work.kept.data, work.info),
        "digests": lambda work: (hashlib.sha256(work.data).digest(), hashlib.sha256(work.kept.data).digest()),
        "store it, and wait for the disk": lambda work: objects.put(work.asset.key, work.kept.data, "image/jpeg", {}),
        "note it in Postgres, and wait for the disk": add,
    }
    took: dict[str, list[float]] = {name: [] for name in doing}
    for data in pictures:
        work = _work(data, owner)
        for name, do in doing.items():
            began = time.perf_counter()
            do(work)
            took[name].append((time.perf_counter() - began) * 1000)
    decoder.stop()
    database.close()
    return {name: statistics.median(times[WARM_UP:]) for name, times in took.items()}


def _work(data: bytes, owner: Owner) -> Work:
    (info, kept), sha256 = images.accept(data, Format.JPEG), hashlib.sha256(data).hexdigest()
    key = storage.key_for("bench", owner, sha256, "jpeg")
    now = datetime.now(UTC)
    asset = Asset(ids.new(), owner, AssetKind.SOURCE, key, sha256, "image/jpeg", *SIZE, len(data), now)
    return Work(_form(data), data, info, kept, replace(asset, name="photo.jpg"))


def _form(data: bytes) -> bytes:
    head = b'--x\r\nContent-Disposition: form-data; name="file"; filename="photo.jpg"\r\n\r\n'
    return head + data + b"\r\n--x--\r\n"


def _environ(body: bytes) -> dict[str, object]:
    builder = EnvironBuilder(
        method="POST", input_stream=io.BytesIO(body), content_type="multipart/form-data; boundary=x"
    )
    builder.content_length = len(body)
    return builder.get_environ()


def picture(number: int) -> bytes:
    """The sample at a megapixel, with a corner of its own."""
    with Image.open(SAMPLE) as image:
        small = image.convert("RGB").resize(SIZE)
    small.paste(Image.frombytes("RGB", (16, 16), random.Random(number).randbytes(16 * 16 * 3)), (0, 0))
    out = io.BytesIO()
    small.save(out, "JPEG", quality=92)
    return out.getvalue()


if __name__ == "__main__":
    main(int(sys.argv[1]) if len(sys.argv) > 1 else ROUNDS)
