"""The font of all documents: Fira Sans, which has every letter of European names, Greek and Cyrillic among them.

A character that it lacks is drawn as a box with a question mark, never as another letter.
"""

import unicodedata
from collections.abc import Iterable

import fontpkg_fira_sans
from reportlab.pdfbase import pdfmetrics
from reportlab.pdfbase.ttfonts import TTFont

REGULAR, BOLD = "FiraSans", "FiraSans-Bold"
_FILES = {REGULAR: "FiraSans-Regular.ttf", BOLD: "FiraSans-Bold.ttf"}
_HYPHENS = str.maketrans({"\u2010": "-", "\u2011": "-"})  # of which the font has one alone


_FONTS = [TTFont(name, fontpkg_fira_sans.ROOT / "files" / file) for name, file in _FILES.items()]
for _font in _FONTS:
    pdfmetrics.registerFont(_font)
_GLYPHS = frozenset.intersection(*(frozenset(font.face.charToGlyph) for font in _FONTS))


def clean(text: str) -> str:
    """The text as it is drawn: letters with their marks in one, and no control characters."""
    composed = unicodedata.normalize("NFC", text).translate(_HYPHENS)
    return "".join(" " if unicodedata.category(one) in ("Cc", "Zl", "Zp") else one for one in composed)


def lacking(texts: Iterable[str]) -> bool:
    """Whether some character of these is drawn as a box."""
    return any(ord(one) not in _GLYPHS for text in texts for one in clean(text))
