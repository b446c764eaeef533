"""Order numbers such as `ST-7K2M-9QXA`: short enough to read aloud, too many to guess; they give no permission."""

import re
import secrets

PATTERN = r"^ST-[0-9A-HJKMNP-TV-Z]{4}-[0-9A-HJKMNP-TV-Z]{4}$"
_ALPHABET = "0123456789ABCDEFGHJKMNPQRSTVWXYZ"  # Crockford's: without I, L, O and U
_LETTERS = 8  # 40 bits: among 200,000 orders a guess finds one in 5.5 million
_MISREAD = str.maketrans("OIL", "011")


def new() -> str:
    """A random number, which another order may have."""
    bits = secrets.randbits(5 * _LETTERS)
    drawn = "".join(_ALPHABET[bits >> 5 * place & 31] for place in range(_LETTERS))
    return f"ST-{drawn[:4]}-{drawn[4:]}"


def read(typed: str) -> str | None:
    """The number that someone typed, in any case, with O for 0 and I or L for 1; None if it can be none."""
    letters = re.sub(r"[\s-]", "", typed.upper())
    if len(letters) > _LETTERS:  # without it, ST may be how the number begins
        letters = letters.removeprefix("ST")
    letters = letters.translate(_MISREAD)
    found = f"ST-{letters[:4]}-{letters[4:]}"
    return found if re.fullmatch(PATTERN, found) else None
