"""Times mock-ups and their memory, beside the targets and beside the same pictures drawn with Pillow's compositing.

`python -m bench.mockups`. A mock-up is 1,200 pixels wide, of a prepared design of 1,000 x 1,000 pixels. Times are those
of the processor, the median of several runs. Pillow's compositing pastes the design flat on the blank garment and
multiplies it by the light: no folds, no perspective, no inks.
"""

import resource
import statistics
import sys
import time
from collections.abc import Callable

import numpy as np
from PIL import Image, ImageChops

from bench import mockup_requests
from services.worker.mockups import blanks, packs
from services.worker.mockups.catalogue import colour
from services.worker.mockups.colours import FULL
from services.worker.mockups.design import prepared
from services.worker.mockups.placement import Placement
from services.worker.mockups.renderer import render, webp
from shared.models.garment import GARMENTS, Garment

_WARM_MS, _COLOUR_MS, _MEMORY_MB = 30, 90, 300
_RUNS = 15


def main() -> int:
    design = prepared(_design())
    assert design is not None
    print(f"{'ms of a processor':<18}{'warm':>8}{'new colour':>12}{'Pillow':>8}{'WebP':>8}{'first':>8}")
    rows = {name: _row(garment, design) for name, garment in GARMENTS.items()}
    for name, row in rows.items():
        print(f"{name:<18}" + "".join(f"{ms:>{width}.0f}" for ms, width in zip(row, (8, 12, 8, 8, 8), strict=True)))
    warm, new, pillow = (max(row[column] for row in rows.values()) for column in range(3))
    _fill_caches(design)
    memory = _peak_mb()
    print(f"{'slowest':<18}{warm:>8.0f}{new:>12.0f}{pillow:>8.0f}")
    print(f"{'target':<18}{_WARM_MS:>8}{_COLOUR_MS:>12}")
    rates = [statistics.mean(row[column] for row in rows.values()) for column in (0, 2)]
    print(f"mock-ups a second  {1000 / rates[0]:.0f}, with Pillow's compositing {1000 / rates[1]:.0f}")
    print(f"memory at most     {memory:.0f} MB here, with all garments and blanks kept")
    times, service_mb = mockup_requests.measure(_design())
    print("through the api    " + ", ".join(f"{name} {ms:.0f} ms" for name, ms in times.items()))
    print(f"the service        {service_mb} MB at most, target {_MEMORY_MB} MB")
    return int(warm > _WARM_MS or new > _COLOUR_MS or service_mb > _MEMORY_MB)


def _row(garment: Garment, design: Image.Image) -> tuple[float, ...]:
    """Milliseconds warm, of a new colour, with Pillow, of the WebP, and of the first picture."""
    cloth = colour(garment.colours[0][1])
    first = _ms(lambda: render(design, garment, cloth, Placement()), runs=1)
    warm = _ms(lambda: render(design, garment, cloth, Placement()))
    picture = render(design, garment, cloth, Placement())

    def tint() -> None:
        blanks.blank.cache_clear()
        render(design, garment, cloth, Placement())

    return warm, _ms(tint), _ms(_composited(garment, design)), _ms(lambda: webp(picture), runs=3), first


def _composited(garment: Garment, design: Image.Image) -> Callable[[], object]:
    """Draws the same with Pillow alone, from the same blank and light."""
    pack, blank = packs.load(garment), Image.fromarray(blanks.blank(garment, colour(garment.colours[0][1])))
    light = Image.fromarray((np.minimum(pack.shade, FULL) * (255 / FULL)).astype(np.uint8))
    side = round(min(garment.area_mm) * garment.px_mm)
    corner = garment.centre[0] - side // 2, garment.centre[1] - side // 2

    def draw() -> Image.Image:
        small = design.convert("RGBA").resize((side, side), Image.Resampling.LANCZOS, reducing_gap=2.0)
        shade = light.crop((*corner, corner[0] + side, corner[1] + side))
        lit = ImageChops.multiply(small.convert("RGB"), Image.merge("RGB", [shade] * 3))
        picture = blank.copy()
        picture.paste(lit, corner, small.getchannel("A"))
        return picture

    return draw


def _fill_caches(design: Image.Image) -> None:
    for garment in GARMENTS.values():
        for code in range(3):
            render(design, garment, (60 * code, 90, 40), Placement())


def _design() -> Image.Image:
    """A disc with soft rings and a gradient."""
    y, x = np.mgrid[-1:1:1000j, -1:1:1000j]
    radius = np.hypot(x, y)
    bands = [127 + 127 * np.sin(radius * k + x) for k in (9, 14, 21)]
    alpha = 255 * np.clip((1 - radius) * 400, 0, 1)
    return Image.fromarray(np.stack([*bands, alpha], axis=2).astype(np.uint8))


def _ms(run: Callable[[], object], runs: int = _RUNS) -> float:
    times = []
    for _ in range(runs):
        start = time.process_time()
        run()
        times.append(1000 * (time.process_time() - start))
    return statistics.median(times)


def _peak_mb() -> float:
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    return peak / 2**20 if sys.platform == "darwin" else peak / 2**10


if __name__ == "__main__":
    sys.exit(main())
