"""Which logo the pages show."""

import base64
from xml.etree import ElementTree as ET

import pytest

from services.api.pages import logo
from services.api.pages.settings import Logo, Shop
from services.api.pages.views import STATIC

OWN = STATIC / "favicon.svg"
_TEXT = "{http://www.w3.org/2000/svg}text"


def test_the_projects_name_has_the_projects_logo() -> None:
    assert logo.choose(Shop.read({"SHOP_COLOR": "#7a1fa2"}), OWN).data == OWN.read_bytes()


def test_the_shops_logo_is_sent_as_it_is() -> None:
    given = (STATIC / "shirt.svg").read_bytes()
    shop = Shop.read({"SHOP_LOGO": base64.b64encode(given).decode()})
    assert logo.choose(shop, OWN) == Logo(given, "image/svg+xml")


@pytest.mark.parametrize(("name", "letter"), [("acme", "A"), ("<script>", "<"), ("ßtoff", "SS"), ("Ørsted", "Ø")])
def test_a_shop_without_a_logo_gets_its_first_letter(name: str, letter: str) -> None:
    made = logo.choose(Shop.read({"SHOP_NAME": name, "SHOP_COLOR": "#ffd400"}), OWN)
    drawn = ET.fromstring(made.data).find(_TEXT)
    assert drawn is not None
    assert (drawn.text, drawn.get("fill")) == (letter, "#000000")
