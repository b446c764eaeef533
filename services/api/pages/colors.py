"""The page's colours from the shop's one, such that text is readable in light and in dark mode.

Buttons have the shop's colour itself, with black or white text: one of the two always has a contrast of 4.58 or more.
Text in the shop's colour, such as a link, is mixed with black or white as far as its background requires.
"""

import re

Color = tuple[int, int, int]  # red, green, blue, up to 255

READABLE = 4.5  # contrast of small text: WCAG 2.2, success criterion 1.4.3
BLACK, WHITE = (0, 0, 0), (255, 255, 255)
# The backgrounds in static/style.css with the least contrast to text: the page in light mode, a card in dark mode.
LIGHT, DARK = (0xFB, 0xF6, 0xEC), (0x15, 0x26, 0x2B)
_HEX = re.compile(r"#?([0-9a-f]{2})([0-9a-f]{2})([0-9a-f]{2})", re.IGNORECASE)


def parse(value: str) -> Color:
    """From `#1f6072`; the # may be missing, because files such as .env may take it for a comment."""
    parts = _HEX.fullmatch(value)
    if not parts:
        raise ValueError("must look like #1f6072")
    red, green, blue = (int(part, 16) for part in parts.groups())
    return red, green, blue


def text(color: Color) -> str:
    return "#{:02x}{:02x}{:02x}".format(*color)


def luminance(color: Color) -> float:
    """Linear light from 0, black, to 1, white."""
    red, green, blue = (_linear(part / 255) for part in color)
    return 0.2126 * red + 0.7152 * green + 0.0722 * blue


def contrast(one: Color, other: Color) -> float:
    """From 1 to 21, as WCAG defines it."""
    dark, light = sorted((luminance(one), luminance(other)))
    return (light + 0.05) / (dark + 0.05)


def on(background: Color) -> Color:
    """Black or white, whichever is easier to read on it."""
    return max(WHITE, BLACK, key=lambda color: contrast(color, background))


def readable(color: Color, background: Color) -> Color:
    """The color itself, or its first mix with black or white that is readable as text."""
    end = on(background)
    mixes = (_mixed(color, end, percent) for percent in range(101))
    return next(mix for mix in mixes if contrast(mix, background) >= READABLE)


def style(color: Color | None) -> str:
    """What replaces the variables of style.css and docs.css; nothing without a color."""
    if color is None:
        return ""
    light, dark = (text(readable(color, background)) for background in (LIGHT, DARK))
    return (
        f":root {{ --accent: {text(color)}; --on-accent: {text(on(color))}; --link: {light}; "
        "--glow: var(--link); --ember: var(--link); --clay: color-mix(in srgb, var(--accent) 30%, var(--page)); }\n"
        f"@media (prefers-color-scheme: dark) {{ :root {{ --link: {dark}; }} }}\n"
    )


def _mixed(color: Color, end: Color, percent: int) -> Color:
    red, green, blue = (round(a + (b - a) * percent / 100) for a, b in zip(color, end, strict=True))
    return red, green, blue


def _linear(part: float) -> float:
    return part / 12.92 if part <= 0.04045 else ((part + 0.055) / 1.055) ** 2.4
