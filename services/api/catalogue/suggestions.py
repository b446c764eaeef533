"""What a visitor may have meant: misspelt words replaced by the catalogue's nearest, unknown words left out."""

import re
from collections.abc import Sequence
from difflib import get_close_matches

_ASKED = 6  # words; longer searches are sentences
_LIKE = 0.72  # of 1: two letters of seven may differ


def suggestion(text: str, words: Sequence[str]) -> str | None:
    """`text` in words of the catalogue; None if it is that already, or if none of it is near."""
    asked = re.findall(r"\w+", text.lower())
    if len(asked) > _ASKED:
        return None
    known = set(words)
    meant = [found for word in asked if (found := word if word in known else _nearest(word, words))]
    return " ".join(meant) if meant and meant != asked else None


def _nearest(word: str, words: Sequence[str]) -> str | None:
    near = [known for known in words if abs(len(known) - len(word)) <= 2]
    return next(iter(get_close_matches(word, near, 1, _LIKE)), None)
