"""Any design and any numbers end in a picture or in a stated error, without warnings."""

import numpy as np
import pytest
from PIL import Image

from services.worker.mockups.design import prepared
from services.worker.mockups.placement import Placement
from services.worker.mockups.renderer import render
from shared import errors
from shared.models.garment import GARMENTS

_NUMBERS = (
    None,
    0,
    -0.0,
    1,
    -1,
    0.001,
    7.5,
    90,
    305,
    999,
    -1000,
    1000,
    1e9,
    1e-320,
    float("nan"),
    float("inf"),
    -1e300,
)
_SIZES = ((1, 1), (1, 3000), (3000, 1), (2, 2), (17, 500), (640, 480))
_KINDS = ("empty", "full", "noise", "specks", "faint")


@pytest.mark.parametrize("seed", range(60))
def test_random_requests(seed: int) -> None:
    random = np.random.default_rng(seed)
    design = prepared(_design(random))
    garment = list(GARMENTS.values())[int(random.integers(len(GARMENTS)))]
    cloth = tuple(int(c) for c in random.choice([0, 1, 40, 128, 200, 255], 3))
    try:
        place = Placement(*(_NUMBERS[int(i)] or 0 for i in random.integers(1, len(_NUMBERS), 4)))
    except errors.InvalidRequest:
        place = Placement(float(random.uniform(1, 1000)), *(float(x) for x in random.uniform(-360, 360, 3)))
    width = int(random.integers(50, 700))
    picture = render(design, garment, (cloth[0], cloth[1], cloth[2]), place, width)
    assert (picture.mode, picture.size) == ("RGB", (width, width))


@pytest.mark.parametrize("name", GARMENTS)
@pytest.mark.parametrize("kind", _KINDS)
def test_every_kind_of_design_on_every_garment(name: str, kind: str) -> None:
    design = prepared(_made(kind, (64, 48), np.random.default_rng(1)))
    picture = render(design, GARMENTS[name], (0, 255, 128), Placement(rotate=33), 200)
    assert np.asarray(picture).std() > 5


def _design(random: np.random.Generator) -> Image.Image:
    size = _SIZES[int(random.integers(len(_SIZES)))]
    return _made(_KINDS[int(random.integers(len(_KINDS)))], size, random)


def _made(kind: str, size: tuple[int, int], random: np.random.Generator) -> Image.Image:
    pixels = random.integers(0, 256, (size[1], size[0], 4), dtype=np.uint8)
    if kind == "empty":
        pixels[..., 3] = 0
    elif kind == "full":
        pixels[..., 3] = 255
    elif kind == "specks":
        pixels[..., 3] = 255 * (random.random((size[1], size[0])) < 0.002)
    elif kind == "faint":
        pixels[..., 3] = 9
    return Image.fromarray(pixels)
