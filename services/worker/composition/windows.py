"""Windows of cars: what is seen through them stays half transparent, or becomes part of the car.

A cut-out has what the network saw in the glass. Nothing makes opaque glass transparent here.
"""

from PIL import Image, ImageChops, ImageFilter

from shared.images import INK

_CELLS = 256  # along the longer side
_EDGE = 5  # cells: the soft edge beside clear pixels is no window


def close(cutout: Image.Image) -> None:
    """Make soft pixels opaque that lie away from all clear ones, in place."""
    alpha = cutout.getchannel("A")
    scale = min(1.0, _CELLS / max(alpha.size))
    cells = max(1, round(alpha.width * scale)), max(1, round(alpha.height * scale))
    clear = alpha.point([255 * (level < INK) for level in range(256)]).resize(cells, Image.Resampling.BOX)
    inside = clear.point([255, *([0] * 255)]).filter(ImageFilter.MinFilter(_EDGE))
    cutout.putalpha(ImageChops.lighter(alpha, inside.resize(alpha.size, Image.Resampling.NEAREST)))
