"""The shop's name, logo, colour and words on the pages."""

import base64
import binascii
import re
from dataclasses import dataclass
from typing import Annotated

from pydantic import AfterValidator, BeforeValidator, Field

from services.api.pages import colors
from shared import settings, url_syntax
from shared.errors import Failure
from shared.image_format.signature import recognise
from shared.image_format.structure import STORED, Format

_DATA_URL = re.compile(r"data:[^,]{0,200};base64,")
_LINK = re.compile(r"\[([^][]+)\]\(([^()\s]*)\)")  # [words](address), as in Markdown
_LOCAL = re.compile(r"/(?![/\\]).*|mailto:[^@:/?]+@[^@:/?]+")
_MAX_LOGO = 100_000  # characters; Linux takes 131,072 in one variable


@dataclass(frozen=True, slots=True)
class Logo:
    """A picture, recognised by its content."""

    data: bytes
    content_type: str


def _logo(value: str) -> Logo:
    """From base64, perhaps behind `data:`."""
    if len(value) > _MAX_LOGO:
        raise ValueError("must have at most 100,000 characters, which is a file of 75 kB")
    try:
        data = base64.b64decode(_DATA_URL.sub("", value, count=1), validate=True)
        return Logo(data, recognise(data, STORED | {Format.SVG}).content_type)
    except (binascii.Error, Failure):
        raise ValueError("must be an SVG, PNG, WebP or JPEG file in base64") from None


def _printable(value: str) -> str:
    if not value.isprintable() or not value.strip():
        raise ValueError("must be one line of text")
    return value.strip()


def _linked(value: str) -> str:
    if "](" in _LINK.sub("", value) or not all(_is_target(address) for _, address in _LINK.findall(value)):
        raise ValueError("must have links such as [Privacy](https://shop.example/privacy) or [Imprint](/imprint)")
    return value


def _is_target(address: str) -> bool:
    return bool(_LOCAL.fullmatch(address) or url_syntax.split_url(address, "http", "https"))


_Line = Annotated[str, AfterValidator(_printable)]
_Footer = Annotated[_Line, AfterValidator(_linked)]


class Shop(settings.EnvSettings):
    """What customers see; the defaults are this project's."""

    name: _Line = Field("Stolen Tee", validation_alias="SHOP_NAME", max_length=60)
    logo: Annotated[Logo, BeforeValidator(_logo)] | None = Field(None, validation_alias="SHOP_LOGO")
    color: Annotated[colors.Color, BeforeValidator(colors.parse)] | None = Field(None, validation_alias="SHOP_COLOR")
    headline: _Line = Field(
        "We steal the subject and leave the background.", validation_alias="SHOP_HEADLINE", max_length=120
    )
    intro: _Line = Field(
        "A photo of a garment, a product, a logo: seconds later you have it as a transparent PNG, at its full size, "
        "ready to print.",
        validation_alias="SHOP_INTRO",
        max_length=300,
    )
    done: _Line = Field("Done.", validation_alias="SHOP_DONE", max_length=60)
    footer: _Footer | None = Field(None, validation_alias="SHOP_FOOTER", max_length=1000)

    @property
    def footer_parts(self) -> list[tuple[str, str]]:
        """The footer's texts in order, each with the address it links to, or an empty one."""
        texts = _LINK.split(self.footer or "")  # text, words, address, text, ...
        plain = [(text, "") for text in texts[::3]]
        links = list(zip(texts[1::3], texts[2::3], strict=True))
        return [part for pair in zip(plain, [*links, ("", "")], strict=True) for part in pair if part[0]]

    @property
    def is_ours(self) -> bool:
        """Whether it has the project's name and logo."""
        return self.logo is None and self.name == type(self).model_fields["name"].default
