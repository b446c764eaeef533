"""Texts of mails: the template of each kind as plain text, and the same as simple HTML in the shop's colour.

The first line of a template is the subject. In HTML, a paragraph that is nothing but an address of the shop becomes a
button.
"""

from dataclasses import dataclass
from email.headerregistry import Address
from email.message import EmailMessage
from email.utils import format_datetime
from pathlib import Path

from jinja2 import Environment, FileSystemLoader, StrictUndefined, TemplateError, select_autoescape

from services.api.pages import colors
from services.api.pages.settings import Shop
from shared.models.mail import MAIL_TERMS, Mail, MailTemplate

_ACCENT = (0x1F, 0x60, 0x72)  # --accent in static/style.css


@dataclass(frozen=True, slots=True)
class Letter:
    """What a mail says."""

    subject: str
    text: str
    html: str


class Letters:
    """Writes mails of a shop. `public_url` begins every link."""

    def __init__(self, shop: Shop, public_url: str) -> None:
        self._shop = shop
        self._public_url = public_url
        self._templates = Environment(
            loader=FileSystemLoader(Path(__file__).parent / "templates"),
            autoescape=select_autoescape(["html"]),
            undefined=StrictUndefined,
        )

    def write(self, mail: Mail) -> Letter:
        """Raises ValueError for a template of a newer release, jinja2.TemplateError without its facts."""
        terms = MAIL_TERMS[MailTemplate(mail.template)]
        text = self._templates.get_template(f"{mail.template}.txt").render(
            mail.facts, shop=self._shop.name, url=self._public_url, lifetime=_duration(terms.lifetime_s)
        )
        subject, *paragraphs = text.strip().split("\n\n")
        color = self._shop.color or _ACCENT
        html = self._templates.get_template("layout.html").render(
            shop=self._shop.name,
            url=self._public_url,
            subject=subject,
            paragraphs=paragraphs,
            ground=colors.text(color),
            ink=colors.text(colors.on(color)),
        )
        return Letter(subject, "\n\n".join([*paragraphs, f"-- \n{self._shop.name}\n{self._public_url}\n"]), html)

    def text(self, mail: Mail) -> str | None:
        """Subject and text, if this release knows the template."""
        try:
            letter = self.write(mail)
        except (TemplateError, ValueError):
            return None
        return f"{letter.subject}\n\n{letter.text}"

    def message(self, mail: Mail, sender: str) -> EmailMessage:
        """The mail as it is sent. Its id names it, so that a second copy of it can be recognised."""
        letter = self.write(mail)
        message = EmailMessage()
        message["From"] = Address(self._shop.name, addr_spec=sender)
        message["To"] = Address(addr_spec=mail.recipient)
        message["Subject"] = letter.subject
        message["Date"] = format_datetime(mail.created_at)
        message["Message-ID"] = f"<{mail.id}@{sender.rpartition('@')[2]}>"
        message["Auto-Submitted"] = "auto-generated"  # so that no absence note answers
        message.set_content(letter.text)
        message.add_alternative(letter.html, subtype="html")
        return message


def _duration(seconds: int) -> str:
    return f"{seconds // 60} minutes" if seconds < 3600 else f"{seconds // 3600} hours"
