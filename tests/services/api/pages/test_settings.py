"""The shop's settings: defaults, what is accepted, and errors that name the setting."""

import base64

import pytest

from services.api.pages.settings import Shop
from shared import settings

PNG = b"\x89PNG\r\n\x1a\n" + bytes(25)
SVG = b'<svg xmlns="http://www.w3.org/2000/svg"/>'


def encoded(data: bytes) -> str:
    return base64.b64encode(data).decode()


def test_without_settings_the_pages_are_those_of_the_project() -> None:
    shop = Shop.read({})
    assert (shop.name, shop.done, shop.is_ours) == ("Stolen Tee", "Done.", True)
    assert (shop.logo, shop.color, shop.footer_parts) == (None, None, [])


@pytest.mark.parametrize("changed", [{"SHOP_NAME": "Acme"}, {"SHOP_LOGO": encoded(SVG)}])
def test_a_name_or_logo_makes_them_the_shops(changed: dict[str, str]) -> None:
    assert not Shop.read(changed).is_ours


@pytest.mark.parametrize(
    ("value", "content_type"),
    [
        (encoded(PNG), "image/png"),
        (encoded(SVG), "image/svg+xml"),
        (f"data:image/gif;base64,{encoded(PNG)}", "image/png"),  # the content decides
    ],
)
def test_a_logo_is_recognised_by_its_content(value: str, content_type: str) -> None:
    logo = Shop.read({"SHOP_LOGO": value}).logo
    assert logo is not None
    assert (logo.data in (PNG, SVG), logo.content_type) == (True, content_type)


def test_a_footer_is_text_with_links() -> None:
    footer = (
        "© Acme [Privacy](https://acme.example/privacy?lang=en) and [Imprint](/imprint)[Mail](mailto:a@acme.example)"
    )
    assert Shop.read({"SHOP_FOOTER": footer}).footer_parts == [
        ("© Acme ", ""),
        ("Privacy", "https://acme.example/privacy?lang=en"),
        (" and ", ""),
        ("Imprint", "/imprint"),
        ("Mail", "mailto:a@acme.example"),
    ]


def test_a_footer_without_links_is_one_text() -> None:
    assert Shop.read({"SHOP_FOOTER": " (c) Acme [est. 1987] "}).footer_parts == [("(c) Acme [est. 1987]", "")]


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("SHOP_NAME", "x" * 61),
        ("SHOP_NAME", " "),
        ("SHOP_NAME", "two\nlines"),
        ("SHOP_HEADLINE", "a \x1b[31mred one"),
        ("SHOP_INTRO", "x" * 301),
        ("SHOP_DONE", "x" * 61),
        ("SHOP_COLOR", "teal"),
        ("SHOP_COLOR", "#12345"),
        ("SHOP_COLOR", "#1f6072; } body { display: none"),
        ("SHOP_LOGO", "https://acme.example/logo.svg"),
        ("SHOP_LOGO", "logo.svg"),
        ("SHOP_LOGO", encoded(b"GIF89a")),
        ("SHOP_LOGO", encoded(PNG + bytes(75_000))),
        ("SHOP_FOOTER", "[Privacy](javascript:alert(1))"),
        ("SHOP_FOOTER", "[Privacy](javascript:alert)"),
        ("SHOP_FOOTER", "[Privacy](//evil.example)"),
        ("SHOP_FOOTER", "[Privacy](/\\evil.example)"),
        ("SHOP_FOOTER", "[Privacy](privacy)"),
        ("SHOP_FOOTER", "[Privacy]()"),
    ],
)
def test_an_error_names_the_setting_and_not_its_value(name: str, value: str) -> None:
    with pytest.raises(settings.Invalid, match=f"^invalid settings: {name}: ") as refusal:
        Shop.read({name: value})
    assert value == " " or value not in str(refusal.value)
