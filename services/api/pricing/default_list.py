"""The price list of a shop that has not set its own: plausible prices for US dollars, and the VAT of Europe.

The rates are the standard ones of the EU's members and of Great Britain since 2024. A shop that owes no tax in a place
takes its row out.
"""

from datetime import date

from shared.models.price_list import Film, Postage, PriceList, PrintPrice, QuantityBreak, Tax, Zone
from shared.models.print_check import PrintMethod

_EU = (
    *("AT", "BE", "BG", "CY", "CZ", "DE", "DK", "EE", "ES", "FI", "FR", "GR", "HR", "HU"),
    *("IE", "IT", "LT", "LU", "LV", "MT", "NL", "PL", "PT", "RO", "SE", "SI", "SK"),
)
_FIRST = date(2024, 1, 1)
_VAT = {
    1700: "LU",
    1800: "MT",
    1900: "CY DE RO",
    2000: "AT BG FR GB SK",
    2100: "BE CZ ES LT LV NL",
    2200: "EE IT SI",
    2300: "IE PL PT",
    2400: "FI GR",
    2500: "DK HR SE",
    2700: "HU",
    0: "ES:35 ES:38 ES:51 ES:52",  # the Canary Islands, Ceuta and Melilla
}
_CHANGES = (
    Tax("FI", date(2024, 9, 1), 2550),
    Tax("SK", date(2025, 1, 1), 2300),
    Tax("EE", date(2025, 7, 1), 2400),
    Tax("RO", date(2025, 8, 1), 2100),
)
_WEIGHTS_G = (250, 500, 1000, 2000, 5000, 10_000, 20_000)


def _zone(name: str, places: tuple[str, ...], *cents: int) -> Zone:
    return Zone(name, places, tuple(map(Postage, _WEIGHTS_G, cents)))


DEFAULT = PriceList(
    methods={
        PrintMethod.DTG: PrintPrice(piece_cents=350, dm2_cents=60),
        PrintMethod.DTF: PrintPrice(piece_cents=250, film=Film(width_mm=560, gap_mm=5, cents_per_m=1200)),
        PrintMethod.SCREEN: PrintPrice(piece_cents=180, dm2_cents=25),
        PrintMethod.STICKER: PrintPrice(piece_cents=80, dm2_cents=45),
    },
    breaks=tuple(
        QuantityBreak(quantity, off_bp)
        for quantity, off_bp in ((10, 500), (25, 1000), (50, 1500), (100, 2000), (250, 2500), (500, 3000))
    ),
    zones=(
        _zone("United States", ("US",), 450, 550, 800, 1100, 1700, 2600, 4200),
        _zone("Alaska, Hawaii and Puerto Rico", ("US:967", "US:968", "US:995", "US:996", "US:997", "US:998", "US:999",
              "PR"), 550, 700, 1100, 1600, 2600, 4200, 7500),
        _zone("Canada", ("CA",), 900, 1200, 1700, 2400, 3900, 6200, 9900),
        _zone("Europe", (*_EU, "CH", "GB", "LI", "NO"), 1200, 1600, 2200, 3100, 5200, 8500, 14_000),
        _zone("Asia and the Pacific", ("AU", "JP", "KR", "NZ", "SG"), 1400, 1900, 2700, 3900, 6900, 11_500, 19_000),
    ),
    taxes=(*(Tax(place, _FIRST, rate_bp) for rate_bp, places in _VAT.items() for place in places.split()), *_CHANGES),
)  # fmt: skip
