"""What is visible in a matte: the box around the ink, and how much of it is uncertain."""

from PIL import Image

from shared.errors import UnknownForeground
from shared.models.cutout import Foreground

INK = 8  # alpha from which a pixel counts as visible
_UNSURE = slice(26, 230)  # alpha between 10 % and 90 %


def measure(alpha: Image.Image) -> tuple[Foreground, float]:
    """Measure an 8-bit alpha channel: the bounding box of its ink, and the share of ink that is uncertain.

    Raises UnknownForeground if there is no ink.
    """
    box = ink_box(alpha)
    if box is None:
        raise UnknownForeground
    left, top, right, bottom = box
    return Foreground(top, left, right - left, bottom - top), uncertain_share(alpha)


def ink_box(alpha: Image.Image) -> tuple[int, int, int, int] | None:
    """Left, top, right and bottom; None if there is no ink."""
    return alpha.point([255 * (level >= INK) for level in range(256)]).getbbox()


def uncertain_share(alpha: Image.Image) -> float:
    """The share of ink whose alpha lies between 10 % and 90 %; 0 without ink."""
    counts = alpha.histogram()
    return sum(counts[_UNSURE]) / max(1, sum(counts[INK:]))
