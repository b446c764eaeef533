"""Colours: exact round trips, and materials that show light."""

import numpy as np
import pytest

from services.worker.mockups.colours import FULL, encode, luminance, parse, seen
from services.worker.srgb import LINEAR


def test_every_code_survives_linear_light() -> None:
    codes = np.arange(256)
    assert np.array_equal(encode(LINEAR[codes].copy()), codes)


def test_light_out_of_range_is_clipped() -> None:
    assert encode(np.array([-1, 0, 1, 7], np.float32)).tolist() == [0, 0, 255, 255]


@pytest.mark.parametrize("text", ["1a2b3c", "#1A2B3C"])
def test_hexadecimal_colours_are_read(text: str) -> None:
    assert parse(text) == (26, 43, 60)


@pytest.mark.parametrize(
    "text", ["", "fff", "12345g", "1234567", "##12345", "#12345", " 12345", "\u0661" * 6, "12345\n"]
)
def test_other_texts_are_refused(text: str) -> None:
    with pytest.raises(ValueError, match="six hexadecimal digits"):
        parse(text)


def test_luminance_is_between_black_and_white() -> None:
    assert luminance((0, 0, 0)) == 0
    assert luminance((255, 255, 255)) == pytest.approx(1)
    assert luminance((0, 255, 0)) > luminance((255, 0, 0)) > luminance((0, 0, 255))


def test_more_light_is_never_darker() -> None:
    for colour in ((0, 0, 0), (255, 255, 255), (200, 30, 90)):
        assert (np.diff(seen(colour, 0.02), axis=0) >= 0).all()


def test_black_cloth_shows_its_folds_by_sheen() -> None:
    dull, fibrous = (seen((10, 10, 10), sheen)[:, 0] for sheen in (0.0, 0.02))
    assert fibrous[FULL] - fibrous[FULL // 2] > dull[FULL] - dull[FULL // 2]
