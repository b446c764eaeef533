"""Labels below designs, which tell the copies apart when the film is cut."""

import numpy as np
from PIL import Image, ImageDraw, ImageFont

from services.worker.prepress.arrays import Pixels
from shared.models.gang_sheet import pixels

_HEIGHT_MM, _ABOVE_MM = 3.0, 1.5  # of the text, and between it and the design


def drawn(text: str) -> Pixels:
    """Black text, RGBA, with clear rows above it."""
    font = ImageFont.load_default(pixels(_HEIGHT_MM))
    left, top, right, bottom = (round(side) for side in font.getbbox(text))
    label = Image.new("RGBA", (max(1, right - left), max(1, bottom - top) + pixels(_ABOVE_MM)))
    ImageDraw.Draw(label).text((-left, pixels(_ABOVE_MM) - top), text, (0, 0, 0, 255), font)
    return np.asarray(label)
