"""Whatever colour a shop has, the text of its pages can be read in light and in dark mode."""

import itertools
import re

import pytest

from services.api.pages import colors
from services.api.pages.views import STATIC

AA = 4.5  # contrast of small text in WCAG 2.2
STEPS = (0, 64, 128, 192, 255)
ALL = list(itertools.product(STEPS, STEPS, STEPS))


def _stated(variable: str) -> list[colors.Color]:
    """The values of a variable of style.css: in light mode, in dark mode."""
    css = (STATIC / "style.css").read_text()
    return [colors.parse(value) for value in re.findall(rf"{variable}: (#[0-9a-f]{{6}});", css)]


def test_contrast_is_that_of_wcag() -> None:
    assert colors.contrast(colors.BLACK, colors.WHITE) == pytest.approx(21)
    assert colors.contrast((119, 119, 119), colors.WHITE) == pytest.approx(4.48, abs=0.005)  # its well-known #777


def test_a_colour_is_read_with_and_without_its_sign() -> None:
    assert colors.parse("#1F6072") == colors.parse("1f6072") == (31, 96, 114)


def test_black_or_white_is_readable_on_every_colour() -> None:
    assert min(colors.contrast(colors.on(color), color) for color in ALL) >= AA


@pytest.mark.parametrize("mode", [0, 1], ids=["light", "dark"])
def test_every_colour_becomes_readable_on_the_page_and_its_cards(mode: int) -> None:
    backgrounds = [_stated("--page")[mode], _stated("--card")[mode]]
    assert (colors.LIGHT, colors.DARK)[mode] in backgrounds
    for color in ALL:
        found = colors.readable(color, (colors.LIGHT, colors.DARK)[mode])
        assert min(colors.contrast(found, background) for background in backgrounds) >= AA, color


def test_a_colour_that_is_readable_stays() -> None:
    purple = (122, 31, 162)
    assert colors.readable(purple, colors.LIGHT) == purple
    assert colors.readable(purple, colors.DARK) != purple


def test_the_style_has_the_shops_colour_and_one_for_links_in_either_mode() -> None:
    assert colors.style(None) == ""
    style = colors.style((255, 212, 0))
    assert "--accent: #ffd400; --on-accent: #000000; --link: #" in style
    assert style.count("--link: #ffd400") == 1  # yellow is readable in dark mode only
    assert style.count("{") == style.count("}") == 3
