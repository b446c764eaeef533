"""Mock-ups of 24-megapixel cut-outs through the whole system: milliseconds of a request, and memory of the process.

Part of `python -m bench.mockups`. Times are those of a caller on this machine, the median of several calls.
"""

import io
import itertools
import statistics
import tempfile
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import requests
from PIL import Image

from bench import processes
from shared.models.garment import GARMENTS
from tests.stack import RunningStack

_RUNS, _PICTURES = 15, 3
_SIDE = 4900  # 24 megapixels


def measure(design: Image.Image) -> tuple[dict[str, float], int]:
    """Milliseconds by kind of request, and the most memory of the service that draws, in MB."""
    with tempfile.TemporaryDirectory(dir="/var/tmp") as folder:
        Path(folder).chmod(0o711)
        stack = RunningStack(Path(folder) / "stack")
        try:
            stack.start()
            times = _times(stack.address, design)
            return times, processes.memory_mb(_drawing(stack))[1]
        finally:
            stack.stop()


def _drawing(stack: RunningStack) -> int:
    """The process behind gunicorn's own."""
    return max(processes.family(stack.process("mockups").pid or 0))


def _times(address: str, design: Image.Image) -> dict[str, float]:
    session = requests.Session()
    session.trust_env = False
    addresses = [_sent(session, address, design, number) for number in range(_PICTURES)]
    colours = (f"{number * 654_321 % (1 << 24):06x}" for number in itertools.count())
    first = [_ms(session, f"{each}?w=480".format(garment="mug", color="ffffff")) for each in addresses]

    def warm() -> Iterator[str]:
        yield from (f"{addresses[0]}?dx={number}".format(garment="mug", color="ffffff") for number in range(_RUNS))

    def new() -> Iterator[str]:
        for garment in GARMENTS:
            for each in (*addresses, *addresses):
                yield each.format(garment=garment, color=next(colours))

    def kept() -> Iterator[str]:
        yield from [f"{addresses[0]}?dx=0".format(garment="mug", color="ffffff")] * _RUNS

    kinds: dict[str, Callable[[], Iterator[str]]] = {"another place": warm, "a new colour": new, "the same again": kept}
    rest = {name: statistics.median(_ms(session, url) for url in urls()) for name, urls in kinds.items()}
    return {"the first of a picture": statistics.median(first), **rest}


def _sent(session: requests.Session, address: str, design: Image.Image, number: int) -> str:
    """Upload a picture of 24 megapixels; returns the template of its mock-ups' addresses."""
    data = io.BytesIO()
    large = design.rotate(90 * number).resize((_SIDE, _SIDE), Image.Resampling.BILINEAR)
    large.save(data, "PNG", compress_level=6)
    answer = session.post(f"{address}/api/uploads", files={"file": ("design.png", data.getvalue())}, timeout=60)
    answer.raise_for_status()
    listed = session.get(f"{address}/api/assets/{answer.json()['id']}/mockups", timeout=60).json()
    return address + str(listed["template"])


def _ms(session: requests.Session, url: str) -> float:
    began = time.perf_counter()
    answer = session.get(url, timeout=60)
    answer.raise_for_status()
    return 1000 * (time.perf_counter() - began)
