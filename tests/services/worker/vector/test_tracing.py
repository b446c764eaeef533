"""Logos traced: the drawing shows the picture again, in exactly its inks and its size."""

import io
import re
from xml.etree import ElementTree as ET

import numpy as np
import pytest
import resvg_py
from PIL import Image

from services.worker.vector import files, palette, snapping
from tests.services.worker.vector.logos import INKS, Pixels, drawing, logo, noise


def traced(rgba: Pixels, width_mm: float = 100) -> str:
    return files.svg(drawing(rgba, width_mm)).decode()


def shown(svg: str, side: int) -> Pixels:
    """The drawing as an independent renderer shows it, premultiplied."""
    sized = re.sub(r'width="[\d.]+mm" height="[\d.]+mm"', f'width="{side}" height="{side}"', svg, count=1)
    return premultiplied(np.array(Image.open(io.BytesIO(bytes(resvg_py.svg_to_bytes(svg_string=sized))))))


def premultiplied(rgba: Pixels) -> Pixels:
    return np.array(Image.fromarray(rgba).convert("RGBa"))


def off(one: Pixels, other: Pixels) -> float:
    """The share of pixels that differ by more than 32 codes."""
    return float((np.abs(one.astype(int) - other).max(2) > 32).mean())


@pytest.mark.parametrize(("side", "most"), [(400, 0.02), (1000, 0.015)])
def test_the_drawing_shows_the_logo_at_four_megapixels(side: int, most: float) -> None:
    assert off(shown(traced(logo(side)), 2000), premultiplied(logo(2000))) <= most


def test_its_fills_are_the_inks_and_its_size_is_that_of_the_print() -> None:
    svg = traced(logo(400), 123.4)
    assert set(re.findall(r'fill="([^"]+)"', svg)) == {"#{:02x}{:02x}{:02x}".format(*ink) for ink in INKS}
    root = ET.fromstring(svg)
    assert (root.get("width"), root.get("height")) == ("123.400mm", "123.400mm")
    assert root.get("viewBox") == "0 0 1600 1600"


def test_a_small_hole_stays_clear() -> None:
    rgba = np.full((300, 300, 4), (200, 30, 40, 255), np.uint8)
    rgba[140:160, 140:160] = 0
    alpha = shown(traced(rgba), 300)[..., 3]
    assert alpha[150, 150] == 0
    assert (alpha[5, 5], alpha[135, 150], alpha[295, 295]) == (255, 255, 255)


def test_between_two_inks_no_third_grows() -> None:
    rgba = np.full((200, 200, 4), 255, np.uint8)
    rgba[:, :, :3] = 0
    rgba[:, 66:, :3], rgba[:, 132:, :3] = 255, 128
    blurred = np.array(Image.fromarray(rgba).resize((50, 50)).resize((200, 200), Image.Resampling.BICUBIC))
    inks = palette.find(blurred)
    snapped = snapping.snap(blurred, inks.colours).inks
    assert all(np.count_nonzero(np.diff(row.astype(int))) == 2 for row in snapped)


def test_a_soft_edge_lies_where_half_of_each_ink_is() -> None:
    yellow, blue = np.array([[255, 230, 0], [0, 60, 200]], np.uint8)
    rgba = np.full((9, 12, 4), 255, np.uint8)
    rgba[:, :6, :3], rgba[:, 6:, :3] = yellow, blue
    rgba[:, 5, :3] = np.rint(0.45 * yellow + 0.55 * blue)  # nearer to yellow in Lab, up to 0.6 of blue
    snapped = snapping.nearest_inks(rgba, np.stack([yellow, blue]), 1)
    assert (snapped == [0] * 5 + [1] * 7).all()


def test_a_pattern_of_too_many_parts_is_refused() -> None:
    rgba = noise(1000, 5)
    with pytest.raises(snapping.TooComplex):
        snapping.snap(rgba, palette.find(rgba).colours)


@pytest.mark.parametrize("shape", [(1, 1), (1, 700), (700, 1), (3, 2000)])
def test_any_shape_can_be_traced(shape: tuple[int, int]) -> None:
    rgba = np.full((*shape, 4), (200, 30, 40, 255), np.uint8)
    assert ET.fromstring(traced(rgba)).get("width") == "100.000mm"


def test_a_picture_of_24_megapixels_is_worked_on_at_three() -> None:
    rgba = np.full((4000, 6000, 4), (200, 30, 40, 255), np.uint8)
    assert snapping.snap(rgba, palette.find(rgba).colours).inks.size <= 3_300_000
