"""Designs for tests of mock-ups, and the places where two pictures differ."""

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from services.worker.mockups.colours import Rgb
from services.worker.mockups.design import prepared
from services.worker.mockups.placement import Placement
from services.worker.mockups.renderer import render
from shared.models.garment import GARMENTS

WHITE, BLACK = (245, 244, 240), (26, 26, 29)
FILL = Placement()


def square(colour: Rgb, side: int = 400) -> Image.Image:
    design = prepared(Image.new("RGBA", (side, side), (*colour, 255)))
    assert design is not None
    return design


def shown(name: str, cloth: Rgb, design: Image.Image | None, place: Placement = FILL) -> NDArray[np.int16]:
    return np.asarray(render(design, GARMENTS[name], cloth, place)).astype(np.int16)


def blank(name: str, cloth: Rgb) -> NDArray[np.int16]:
    return shown(name, cloth, None)


def printed(name: str, cloth: Rgb, design: Image.Image, place: Placement = FILL) -> NDArray[np.bool_]:
    """Pixels that the print changes clearly."""
    return np.asarray(np.abs(shown(name, cloth, design, place) - blank(name, cloth)).sum(axis=2) > 60)
