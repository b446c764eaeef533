"""Renderings: stored as JSON, margins within their bounds."""

import json
import re
from dataclasses import fields
from uuid import UUID

import pytest

from shared.models.rendering import AS_CUT, MARGINS, Format, Margins, Rendering, Size, margins

ALL = Rendering(
    format=Format.JPG,
    size=Size.HD,
    crop=True,
    crop_margin=((1, "px"), (2, "%"), (3, "px"), (4, "%")),
    bg_color=(1, 2, 3, 4),
    bg_asset=UUID(int=7),
    dpi=300,
)


def test_what_is_stored_is_what_differs_and_reads_back() -> None:
    assert AS_CUT.json() == {}
    stored = json.loads(json.dumps(ALL.json()))
    assert stored.keys() == {field.name for field in fields(Rendering)}
    assert Rendering.read(stored) == ALL
    assert Rendering(dpi=72).json() == {"dpi": 72}


@pytest.mark.parametrize("stored", [{"shadow": True}, {"format": "gif"}, {"bg_asset": "x"}, {"bg_color": [1, 2]}])
def test_what_this_release_does_not_know_is_refused(stored: dict[str, object]) -> None:
    with pytest.raises(ValueError, match=r"\S"):
        Rendering.read(stored)


@pytest.mark.parametrize(
    ("given", "found"),
    [
        ("0", ((0, "px"),) * 4),
        ("500px", ((500, "px"),) * 4),
        (" 5%  20 ", ((5, "%"), (20, "px"), (5, "%"), (20, "px"))),
        ("1 2px 3% 50%", ((1, "px"), (2, "px"), (3, "%"), (50, "%"))),
    ],
)
def test_margins_are_those_of_css(given: str, found: Margins) -> None:
    assert margins(given) == found


@pytest.mark.parametrize("given", ["", "501", "51%", "-1", "1 2 3", "1 2 3 4 5", "1.5", "5 px", "²", "5em", "1,2"])
def test_other_margins_are_refused(given: str) -> None:
    with pytest.raises(ValueError, match="margins"):
        margins(given)
    assert not re.search(MARGINS, given)  # as the OpenAPI document says


def test_a_smaller_size_has_a_limit() -> None:
    assert [size.max_pixels for size in Size] == [250_000, 1_500_000, 4_000_000, None]
