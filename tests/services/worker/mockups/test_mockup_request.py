"""A request names all that a mock-up depends on, and odd values are refused by name."""

import pytest

from services.worker.mockups.mockup_request import MockupRequest
from services.worker.mockups.placement import Placement
from shared import errors
from shared.models.garment import GARMENTS


def test_a_request_without_parameters_fills_the_print_area_of_the_whole_picture() -> None:
    asked = MockupRequest.read("mug", "ff8000", "key", {})
    assert asked == MockupRequest(GARMENTS["mug"], (255, 128, 0), "key", Placement(), 1200)


def test_every_parameter_is_read() -> None:
    query = {"w": "333", "widthMm": "80.5", "dx": "-4", "dy": "1e1", "rotate": "90"}
    asked = MockupRequest.read("cap", "000000", "key", query)
    assert (asked.width, asked.place) == (333, Placement(80.5, -4, 10, 90))


def test_equal_requests_are_equal_and_others_are_not() -> None:
    same = {
        MockupRequest.read("cap", code, "key", {"dx": text}) for code in ("ABCDEF", "abcdef") for text in ("0", "-0")
    }
    assert len(same) == 1
    assert MockupRequest.read("cap", "abcdef", "key2", {}) not in same


@pytest.mark.parametrize("name", ["w", "widthMm", "dx", "dy", "rotate"])
@pytest.mark.parametrize("text", ["", "x", "nan", "inf", "-inf", "1e999", "1e9", "-1e9"])
def test_odd_numbers_are_refused(name: str, text: str) -> None:
    with pytest.raises(errors.InvalidRequest):
        MockupRequest.read("cap", "000000", "key", {name: text})


def test_a_fraction_of_a_pixel_is_refused() -> None:
    with pytest.raises(errors.InvalidRequest, match="w is not a number"):
        MockupRequest.read("cap", "000000", "key", {"w": "100.5"})


def test_an_unknown_parameter_is_refused() -> None:
    with pytest.raises(errors.InvalidRequest, match="width"):
        MockupRequest.read("cap", "000000", "key", {"width": "3"})


def test_an_unknown_garment_is_not_found() -> None:
    with pytest.raises(errors.NotFound):
        MockupRequest.read("kilt", "000000", "key", {})
