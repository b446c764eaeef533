"""What the tests of the router start from."""

from dataclasses import replace

from PIL import Image
from prometheus_client import REGISTRY

from services.worker.providers import Request
from services.worker.providers.router import Cutout, Router
from shared.db import assets
from shared.models.cutout import CutoutInput, Provider
from tests.services import pictures
from tests.services.worker.conftest import Bench

SIZE = (40, 30)
OURS, PAID = Provider.SELF_HOSTED, Provider.REMOVEBG


def unsure() -> bytes:
    """A cut-out of which all ink is half transparent."""
    picture = pictures.drawn(*SIZE)
    picture.putalpha(Image.new("L", SIZE, 128))
    return pictures.encoded(picture, "PNG")


def requested(bench: Bench, provider: Provider | None = None, size: tuple[int, int] = SIZE) -> Request:
    """The request of a running job with a picture of its own."""
    bench.order(pictures.png(shade=len(bench.say("select id from jobs"))), provider=provider)
    job = bench.claim()
    with bench.database.transaction() as connection:
        source = assets.find(connection, None, job.asset_id)
    assert source is not None
    sized = replace(source, width=size[0], height=size[1])
    return Request(job, CutoutInput.read(job.input), sized, pictures.jpeg())


def removed(router: Router, request: Request) -> Cutout:
    """What the router makes of a picture without an earlier result."""
    cutout = router.remove(request)
    assert isinstance(cutout, Cutout)
    return cutout


def metric(name: str, **labels: str) -> float:
    return REGISTRY.get_sample_value(name, labels) or 0.0
