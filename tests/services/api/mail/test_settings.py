"""Where mails go, as an operator writes it."""

import pytest

from services.api.mail.settings import Security, Server, Smtp
from shared.settings import Invalid

FINE = {
    "SMTP_URL": "smtp://user:p%40ss@mail.example:2525",
    "MAIL_FROM": "shop@shop.example",
    "PUBLIC_URL": "https://shop.example",
}


@pytest.mark.parametrize(
    ("url", "server"),
    [
        (FINE["SMTP_URL"], Server("mail.example", 2525, Security.STARTTLS, "user", "p@ss")),
        ("smtp://user:word@mail.example", Server("mail.example", 587, Security.STARTTLS, "user", "word")),
        ("smtps://user:word@mail.example/", Server("mail.example", 465, Security.TLS, "user", "word")),
        ("smtp+plain://127.0.0.1", Server("127.0.0.1", 25, Security.NONE, None, "")),
    ],
)
def test_a_url_names_the_server_the_protection_and_the_account(url: str, server: Server) -> None:
    assert Smtp.read(FINE | {"SMTP_URL": url}).server == server


@pytest.mark.parametrize(
    "url",
    [
        *("mail.example:587", "http://mail.example", "smtp://", "smtp://mail.example/inbox", "smtp://m.example?tls=no"),
        *("smtp://user@mail.example", "smtp://:0", "smtp://mail.example#x", "smtp+plain://user:password@relay"),
    ],
)
def test_anything_else_is_refused_at_the_start(url: str) -> None:
    with pytest.raises(Invalid):
        Smtp.read(FINE | {"SMTP_URL": url})


@pytest.mark.parametrize(
    "address", ["shop", "Shop <shop@shop.example>", "a@b.example, c@b.example", "a@localhost", "a@"]
)
def test_the_sender_is_one_address(address: str) -> None:
    with pytest.raises(Invalid, match="MAIL_FROM"):
        Smtp.read(FINE | {"MAIL_FROM": address})


@pytest.mark.parametrize("missing", ["MAIL_FROM", "PUBLIC_URL"])
def test_sending_needs_a_sender_and_an_address_for_links(missing: str) -> None:
    with pytest.raises(Invalid, match=missing):
        Smtp.read({name: value for name, value in FINE.items() if name != missing})


def test_a_password_is_neither_printed_nor_short_in_production() -> None:
    smtp = Smtp.read(FINE)
    assert "p@ss" not in repr(smtp) + repr(smtp.server)
    with pytest.raises(Invalid, match="SMTP_URL"):
        Smtp.read(FINE | {"ENVIRONMENT": "production"})


@pytest.mark.parametrize(
    ("environment", "shown"),
    [
        ({}, True),
        ({"PUBLIC_URL": "http://localhost:8000"}, True),
        ({"PUBLIC_URL": "https://shop.example"}, False),
        (FINE, False),
        (FINE | {"PUBLIC_URL": "http://localhost:8000"}, False),
    ],
)
def test_texts_are_shown_only_where_nothing_is_sent_and_nothing_public(
    environment: dict[str, str], shown: bool
) -> None:
    assert Smtp.read(environment).shows_texts is shown
