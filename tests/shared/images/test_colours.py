"""Colours as people write them."""

import pytest

from shared.images import colours
from shared.models.rendering import Colour


@pytest.mark.parametrize(
    ("given", "colour"),
    [
        ("fff", (255, 255, 255, 255)),
        ("#1234", (17, 34, 51, 68)),
        ("0a0b0c", (10, 11, 12, 255)),
        ("00000000", (0, 0, 0, 0)),
        (" White ", (255, 255, 255, 255)),
        ("1, 2,3", (1, 2, 3, 255)),
        ("1,2,3,4", (1, 2, 3, 4)),
        ("rebeccapurple", (102, 51, 153, 255)),
        ("RGB(10, 20, 30)", (10, 20, 30, 255)),
        ("hsl(120, 50%, 50%)", (64, 191, 64, 255)),
        ("transparent", (0, 0, 0, 0)),
    ],
)
def test_colours_are_read(given: str, colour: Colour) -> None:
    assert colours.parse(given) == colour


@pytest.mark.parametrize(
    "given",
    ["", "12345", "256,0,0", "rgb(300, 0, 0)", "no such colour", "1,2", "1,2,3,4,5", "1 2,3,4", "²,1,1", "x" * 2000],
)
def test_anything_else_is_refused_in_words_that_do_not_repeat_it(given: str) -> None:
    with pytest.raises(ValueError, match="a colour is a CSS name, "):
        colours.parse(given)
