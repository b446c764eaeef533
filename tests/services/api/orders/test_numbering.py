"""Order numbers as people type them."""

import pytest

from services.api.orders import numbering


@pytest.mark.parametrize("typed", ["ST-STTX-Z9DH", "STTX-Z9DH", "st sttx z9dh", "sttxz9dh"])
def test_a_number_may_be_typed_without_its_prefix_even_if_it_begins_like_it(typed: str) -> None:
    assert numbering.read(typed) == "ST-STTX-Z9DH"


def test_letters_that_numbers_do_not_have_are_read_as_digits() -> None:
    assert numbering.read("st-oil0-9dhz") == "ST-0110-9DHZ"


@pytest.mark.parametrize("typed", ["", "ST", "ST-STTX", "ST-STTX-Z9DU", "STST-STTX-Z9DH"])
def test_what_can_be_no_number_is_none(typed: str) -> None:
    assert numbering.read(typed) is None
