"""The packs in the repository are what the code draws."""

import numpy as np
import pytest

from services.worker.mockups.garments.__main__ import DRAWN
from services.worker.mockups.garments.relief import nodes
from services.worker.mockups.packs import load
from shared.models.garment import GARMENTS

_QUICK = ("mug",)


@pytest.mark.parametrize("name", GARMENTS)
def test_a_drawing_is_its_pack(name: str, long: bool) -> None:
    if not long and name not in _QUICK:
        pytest.skip("drawing it takes up to a minute: pytest --long")
    drawn, pack = DRAWN[name][0](), load(GARMENTS[name])
    assert np.abs(drawn.cover * 255 - pack.cover).max() <= 1
    beside = pack.cover == 0  # where no weave changes the light
    lit = pack.shade / 2048
    assert np.abs(np.clip(drawn.light, 0, 1.99) - lit)[beside].max() < 0.01
    assert np.abs(drawn.light - lit)[~beside].mean() < 0.05
    assert np.abs(nodes(drawn.relief, GARMENTS[name]) - pack.nodes).max() < 0.5


def test_every_garment_has_a_drawing() -> None:
    assert DRAWN.keys() == GARMENTS.keys()
