"""What the tests of the router begin with."""

from PIL import Image
from prometheus_client import REGISTRY

from services.worker.providers.router import Cutout, Router
from shared.models.cutout import Provider
from shared.models.job import Job
from tests.services import pictures
from tests.services.worker.conftest import Bench

SIZE = (40, 30)
OURS, PAID = Provider.SELF_HOSTED, Provider.REMOVEBG


def unsure() -> bytes:
    """A cut-out all of whose ink is neither here nor there."""
    picture = pictures.drawn(*SIZE)
    picture.putalpha(Image.new("L", SIZE, 128))
    return pictures.encoded(picture, "PNG")


def claimed(bench: Bench, wanted: Provider | None = None) -> Job:
    """A running job of a picture of its own."""
    bench.order(pictures.png(shade=len(bench.say("select id from jobs"))), wanted=wanted)
    return bench.claim()


def removed(router: Router, job: Job, size: tuple[int, int] = SIZE) -> Cutout:
    """What the router makes of a job, of whose picture nothing was made before."""
    cutout = router.remove(job, pictures.jpeg(), size, lambda _: False)
    assert cutout is not None
    return cutout


def metric(name: str, **labels: str) -> float:
    return REGISTRY.get_sample_value(name, labels) or 0.0
