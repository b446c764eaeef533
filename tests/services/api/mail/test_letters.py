"""Texts of mails: the same in both forms, with the shop's name and nothing a stranger chose."""

from dataclasses import replace
from datetime import UTC, datetime

import pytest
from jinja2 import TemplateError

from services.api.mail.letters import Letters
from services.api.pages.settings import Shop
from shared.db import ids
from shared.models.mail import MAIL_TERMS, Mail, MailState, MailTemplate

URL = "https://shop.example"
NOW = datetime(2026, 11, 30, 12, tzinfo=UTC)
SHOP = Shop.read({"SHOP_NAME": "Tee & Söhne <i>", "SHOP_COLOR": "#ffdd00"})
LETTERS = Letters(SHOP, URL)


def _mail(template: str = MailTemplate.VERIFY, recipient: str = "ann@mail.example") -> Mail:
    facts = dict.fromkeys(MAIL_TERMS[MailTemplate(template)].facts, "T" * 43) if template in set(MailTemplate) else {}
    return Mail(ids.new(), recipient, template, facts, MailState.QUEUED, 1, NOW, NOW, NOW, None, NOW, None)


@pytest.mark.parametrize("template", MailTemplate)
def test_every_mail_is_written_as_text_and_as_html(template: MailTemplate) -> None:
    letter = LETTERS.write(_mail(template))
    assert "\n" not in letter.subject
    assert letter.text.endswith(f"-- \n{SHOP.name}\n{URL}\n")
    assert "<i>" not in letter.html
    assert "Tee &amp; Söhne &lt;i&gt;" in letter.html
    assert "{" not in letter.text + letter.html


@pytest.mark.parametrize(
    ("template", "page", "lifetime"),
    [
        (MailTemplate.VERIFY, "verify", "24 hours"),
        (MailTemplate.RESET, "reset", "30 minutes"),
        (MailTemplate.SIGN_IN, "sign-in", "30 minutes"),
    ],
)
def test_a_link_is_a_paragraph_of_its_own_and_a_button(template: MailTemplate, page: str, lifetime: str) -> None:
    letter = LETTERS.write(_mail(template))
    link = f"{URL}/account/{page}#{'T' * 43}"
    assert f"\n\n{link}\n\n" in letter.text
    assert f'<a href="{link}" style="' in letter.html
    assert "color:#000000;background:#ffdd00" in letter.html
    assert lifetime in letter.text


def test_a_message_names_its_row_its_sender_and_its_recipient() -> None:
    mail = _mail()
    message = LETTERS.message(mail, "post@shop.example")
    assert message["Message-ID"] == f"<{mail.id}@shop.example>"
    assert message["From"] == '"Tee & Söhne <i>" <post@shop.example>'
    assert message["To"] == "ann@mail.example"
    assert message["Date"] == "Mon, 30 Nov 2026 12:00:00 +0000"
    assert message["Auto-Submitted"] == "auto-generated"
    assert [part.get_content_type() for part in message.iter_parts()] == ["text/plain", "text/html"]


@pytest.mark.parametrize("recipient", ["ann@mail.example\r\nBcc: bert@mail.example", "a@mail.example, b@mail.example"])
def test_no_header_and_no_recipient_comes_in_through_an_address(recipient: str) -> None:
    with pytest.raises(ValueError, match=r"CR|LF|address|linefeed|Invalid"):
        LETTERS.message(_mail(recipient=recipient), "post@shop.example")


def test_a_template_of_a_newer_release_and_missing_facts_are_errors() -> None:
    with pytest.raises(ValueError, match="parcel"):
        LETTERS.write(_mail("parcel"))
    with pytest.raises(TemplateError):
        LETTERS.write(replace(_mail(), facts={}))
