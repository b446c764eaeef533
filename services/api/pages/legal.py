"""Imprint, privacy notice and terms: each a text of the shop's or an address elsewhere."""

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated

from pydantic import BeforeValidator, Field

from shared import settings, url_syntax

_MAX_TEXT = 200_000  # bytes; long terms have 60,000
TITLES: Mapping[str, str] = {"imprint": "Imprint", "privacy": "Privacy", "terms": "Terms"}


@dataclass(frozen=True, slots=True)
class Document:
    """`elsewhere` is the address of another page, else None. Paragraphs that begin with # are headings."""

    elsewhere: str | None
    paragraphs: tuple[str, ...]


def _document(value: str) -> Document:
    """From an address, or from a file, which is read now."""
    if "://" in value:
        if not url_syntax.split_url(value, "http", "https"):
            raise ValueError("must be an address such as https://shop.example/imprint, or a file")
        return Document(value, ())
    try:
        with Path(value).open("rb") as file:
            data = file.read(_MAX_TEXT + 1)
        text = data.decode().replace("\r\n", "\n").strip()
    except (OSError, UnicodeDecodeError) as error:
        raise ValueError(f"names a file that is no readable text: {type(error).__name__}") from None
    if not text or len(data) > _MAX_TEXT:
        raise ValueError("names a file that is empty or has more than 200 kB")
    return Document(None, tuple(part.strip() for part in text.split("\n\n") if part.strip()))


_Document = Annotated[Document, BeforeValidator(_document)]


class Legal(settings.EnvSettings):
    """What the law asks of a shop; the page links to those that are set."""

    imprint: _Document | None = Field(None, validation_alias="LEGAL_IMPRINT")
    privacy: _Document | None = Field(None, validation_alias="LEGAL_PRIVACY")
    terms: _Document | None = Field(None, validation_alias="LEGAL_TERMS")

    def find(self, name: str) -> Document | None:
        document: Document | None = getattr(self, name) if name in TITLES else None
        return document

    @property
    def links(self) -> list[tuple[str, str]]:
        """Title and address of each, for a footer."""
        found = [(name, title, self.find(name)) for name, title in TITLES.items()]
        return [(title, document.elsewhere or f"/legal/{name}") for name, title, document in found if document]
