"""The packs in the repository are what the code draws."""

import numpy as np
import pytest

from services.worker.mockups.catalogue import GARMENTS
from services.worker.mockups.garments import laptop, mug
from services.worker.mockups.garments.drawing import Drawing
from services.worker.mockups.packs import LIGHT_STEPS, load


@pytest.mark.parametrize(("name", "drawn"), [("laptop-sticker", laptop.front), ("mug", mug.front)])
def test_a_drawing_is_its_pack(name: str, drawn: object) -> None:
    assert callable(drawn)
    drawing, pack = drawn(), load(GARMENTS[name])
    assert isinstance(drawing, Drawing)
    assert np.abs(drawing.cover * 255 - pack.cover).max() <= 1
    light = np.clip(drawing.light, 0, 1.99)
    assert np.abs(light - pack.shade / 2048).max() < 2 / LIGHT_STEPS  # versions of the libraries round differently


@pytest.mark.parametrize("name", GARMENTS)
def test_every_garment_has_a_drawing(name: str) -> None:
    from services.worker.mockups.garments.__main__ import _DRAWN

    assert name in _DRAWN
