"""The catalogue: every garment can be found, tinted in its colours and printed within its picture."""

import pytest

from services.worker.mockups import catalogue
from shared import errors
from shared.models.garment import GARMENTS, SIDE, Garment


@pytest.mark.parametrize("garment", GARMENTS.values(), ids=lambda garment: garment.name)
def test_the_print_area_lies_in_the_picture(garment: Garment) -> None:
    for middle, side in zip(garment.centre, garment.area_mm, strict=True):
        assert 0 < middle - side * garment.px_mm / 2 < middle + side * garment.px_mm / 2 < SIDE


@pytest.mark.parametrize("garment", GARMENTS.values(), ids=lambda garment: garment.name)
def test_its_colours_are_colours(garment: Garment) -> None:
    assert len({catalogue.colour(code) for _, code in garment.colours}) == len(garment.colours) >= 4


def test_a_garment_is_found_by_its_name() -> None:
    assert catalogue.find("mug").title == "Mug, 11 oz"


@pytest.mark.parametrize("name", ["", "Mug", "../mug", "tshirt"])
def test_another_name_is_not_found(name: str) -> None:
    with pytest.raises(errors.NotFound):
        catalogue.find(name)


def test_a_wrong_colour_is_an_invalid_request() -> None:
    with pytest.raises(errors.InvalidRequest, match="six hexadecimal digits"):
        catalogue.colour("red")
