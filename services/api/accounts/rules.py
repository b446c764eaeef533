"""What passwords and postal addresses must be like."""

import re
from collections.abc import Mapping

from shared import shop_errors

_LEAST = 8
_FEWEST_DIFFERENT = 4  # `11111111`, `abababab`
# The most common of the lists of leaked ones, from eight characters on.
_COMMON = """
    12345678 123456789 1234567890 1q2w3e4r 1qaz2wsx 1q2w3e4r5t abcd1234 abc12345 administrator asdfghjkl baseball
    changeme computer football iloveyou letmein1 michelle monkey123 p@ssw0rd passw0rd password password1 password12
    password123 princess qwerty12 qwerty123 qwertyui qwertyuiop starwars sunshine superman trustno1 welcome1
    whatever zxcvbnm123
"""
# ISO 3166-1.
_COUNTRIES = """
    AD AE AF AG AI AL AM AO AQ AR AS AT AU AW AX AZ BA BB BD BE BF BG BH BI BJ BL BM BN BO BQ BR BS BT BV BW BY BZ
    CA CC CD CF CG CH CI CK CL CM CN CO CR CU CV CW CX CY CZ DE DJ DK DM DO DZ EC EE EG EH ER ES ET FI FJ FK FM FO
    FR GA GB GD GE GF GG GH GI GL GM GN GP GQ GR GS GT GU GW GY HK HM HN HR HT HU ID IE IL IM IN IO IQ IR IS IT JE
    JM JO JP KE KG KH KI KM KN KP KR KW KY KZ LA LB LC LI LK LR LS LT LU LV LY MA MC MD ME MF MG MH MK ML MM MN MO
    MP MQ MR MS MT MU MV MW MX MY MZ NA NC NE NF NG NI NL NO NP NR NU NZ OM PA PE PF PG PH PK PL PM PN PR PS PT PW
    PY QA RE RO RS RU RW SA SB SC SD SE SG SH SI SJ SK SL SM SN SO SR SS ST SV SX SY SZ TC TD TF TG TH TJ TK TL TM
    TN TO TR TT TV TW TZ UA UG UM US UY UZ VA VC VE VG VI VN VU WF WS YE YT ZA ZM ZW
"""
_REGION_NEEDED = frozenset({"AU", "CA", "US"})
_POSTAL_CODES: Mapping[str, str] = {
    **dict.fromkeys(("AT", "AU", "BE", "CH", "DK", "LU", "NO"), r"\d{4}"),
    **dict.fromkeys(("DE", "ES", "FI", "FR", "IT"), r"\d{5}"),
    **dict.fromkeys(("CZ", "SE"), r"\d{3} ?\d{2}"),
    "CA": r"[A-Z]\d[A-Z] ?\d[A-Z]\d",
    "GB": r"[A-Z]{1,2}\d[A-Z\d]? ?\d[A-Z]{2}",
    "NL": r"\d{4} ?[A-Z]{2}",
    "PL": r"\d{2}-\d{3}",
    "US": r"\d{5}(-\d{4})?",
}


def require_strong(password: str, email: str = "") -> None:
    """Raises WeakPassword."""
    folded = password.casefold()
    if len(password) < _LEAST:
        raise shop_errors.WeakPassword("The password needs at least 8 characters.")
    if folded in _COMMON.split() or len(set(folded)) < _FEWEST_DIFFERENT:
        raise shop_errors.WeakPassword
    if email and folded in (email.casefold(), email.casefold().partition("@")[0]):
        raise shop_errors.WeakPassword("The password must not be your address.")


def require_postal(country: str, postal_code: str, region: str) -> None:
    """Raises BadAddress with the field that cannot be right."""
    if country not in _COUNTRIES.split():
        raise _bad("country", "There is no such country.")
    pattern = _POSTAL_CODES.get(country)
    if pattern and not re.fullmatch(pattern, postal_code.upper(), re.ASCII):
        raise _bad("postalCode", "This is no postal code of that country.")
    if country in _REGION_NEEDED and not region:
        raise _bad("region", "That country needs a state or province.")


def _bad(field: str, message: str) -> shop_errors.BadAddress:
    return shop_errors.BadAddress(message, details={"field": field})
