"""Colours as people write them."""

import re

from PIL import ImageColor

from shared.models.rendering import Colour

_HEX = re.compile(r"#?([0-9a-f]{3,4}|[0-9a-f]{6}|[0-9a-f]{8})")
_LEVELS = re.compile(r"[0-9 ]+(,[0-9 ]+){2,3}")


def parse(given: str) -> Colour:
    """Hexadecimal with or without #, 3, 4, 6 or 8 digits; `r,g,b[,a]` in decimals; CSS names, `rgb()` and `hsl()`.

    Raises ValueError for anything else.
    """
    try:
        red, green, blue, *rest = _levels(given.strip().lower())
    except ValueError:
        raise ValueError("a colour is a CSS name, hexadecimal digits or rgb(red, green, blue)") from None
    return red, green, blue, rest[0] if rest else 255


def _levels(text: str) -> tuple[int, ...]:
    if text == "transparent":
        return 0, 0, 0, 0
    digits = _HEX.fullmatch(text)
    if _LEVELS.fullmatch(text):
        levels = tuple(int(part) for part in text.split(","))
    else:
        levels = ImageColor.getrgb(f"#{digits[1]}" if digits else text)
    if not 0 <= min(levels) <= max(levels) <= 255:  # Pillow takes rgb(300, 0, 0)
        raise ValueError
    return levels
