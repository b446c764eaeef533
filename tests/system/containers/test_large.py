"""The largest accepted pictures, as many as a worker takes at once, fit into each container's memory."""

import io

from PIL import Image

from deploy.local.api_client import SAMPLE
from tests.system.containers.engine import Compose, docker
from tests.system.containers.waiting import Promised

SIDES = (8160, 6120)  # 49.9 megapixels
AT_ONCE = 3  # WORKER_CONCURRENCY


def _ends(compose: Compose) -> list[str]:
    """Return each container's restarts and whether the kernel killed a process in it for lack of memory."""
    told = "{{.Name}} {{.RestartCount}} {{.State.OOMKilled}}"
    return [docker("inspect", "--format", told, compose.container(name)) for name in ("api", "worker", "rembg")]


def test_no_container_runs_out_of_memory(compose: Compose) -> None:
    before, promised, large = _ends(compose), Promised(compose.address), Image.open(SAMPLE).resize(SIDES)
    for number in range(AT_ONCE):
        file = io.BytesIO()
        large.save(file, "JPEG", quality=80 + number)
        promised.send(file.getvalue())
    took = promised.settle()
    print(f"{AT_ONCE} pictures of {SIDES[0] * SIDES[1] / 1e6:.1f} megapixels done in {took:.0f} s")
    assert _ends(compose) == before
    assert all("true" not in told for told in before)
