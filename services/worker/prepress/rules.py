"""What each print method asks of a picture, and what the customer chose.

Sources. Resolution: Printful's print-file guide and its resellers accept 150 dpi and ask for 300; shops of DTF and
screen printing ask for 200 to 300; below 100 is our judgement. Lines: DTF Michigan 1 pt, Sumo Transfers 0.40 to 0.50
mm, Psyque 0.5 mm; screen printers 0.30 mm (Transfer Express) to 1 pt. Gaps: DTF Michigan 2 pt, Transfer Express 1 mm in
screen printing. Smallest part that a cutter follows: 2 mm (Paperlust). Choke of the white underbase: 2 px at 300 dpi
(OmniPrint, Ricoh). Limits without a source here are judgement: soft rim, specks, shares, colour differences.
"""

import math
from dataclasses import dataclass

from shared.models.print_check import SHIRT_FRONT, Colour, PrintMethod


@dataclass(frozen=True, slots=True)
class Rules:
    """Limits of one print method; colour differences are CIE76."""

    dpi_fail: float = 100.0
    dpi_warn: float = 150.0
    line_mm: float = 0.35  # thinnest line, 1 pt
    gap_mm: float = 0.70  # thinnest gap inside ink, 2 pt
    rim_mm: float = 0.25  # a wider soft rim shows the white underbase
    island_mm2: float = 1.0  # a smaller part is dirt
    choke_mm: float = 0.17  # how far the white underbase is drawn in; 0 without one
    semi_warn: float = 0.005  # share of semi-transparent ink away from the outline
    semi_fail: float = 0.05
    thin_warn: float = 0.002
    contamination_warn: float = 0.12
    halo_warn: float = 6.0  # above the subject's own change of colour
    gamut_difference: float = 10.0
    gamut_warn: float = 0.10
    vanish_difference: float = 12.0  # an outline this near to the garment's colour disappears
    vanish_warn: float = 0.15
    black_warn: float = 0.25  # share of black ink on a white underbase


RULES = {
    PrintMethod.DTG: Rules(),
    PrintMethod.DTF: Rules(dpi_warn=200.0, line_mm=0.45, rim_mm=0.17),
    PrintMethod.SCREEN: Rules(dpi_warn=200.0, gap_mm=1.0, rim_mm=0.17),
    PrintMethod.STICKER: Rules(dpi_warn=200.0, line_mm=0.25, gap_mm=0.35, rim_mm=0.17, island_mm2=4.0, choke_mm=0.0),
}


@dataclass(frozen=True, slots=True)
class Print:
    """How a cut-out is to be printed: `width_mm` is the width of its ink, not of the picture."""

    width_mm: float
    garment: Colour = (255, 255, 255)
    method: PrintMethod = PrintMethod.DTG
    area_mm: tuple[float, float] = SHIRT_FRONT
    offset_mm: tuple[float, float] | None = None  # of the ink's upper left corner in the area; None centres it

    def __post_init__(self) -> None:
        lengths = (self.width_mm, *self.area_mm)
        if not all(math.isfinite(length) and length > 0 for length in lengths):
            raise ValueError("lengths of a print must be finite and above 0")
        if not all(0 <= band <= 255 for band in self.garment):
            raise ValueError("a garment's colour has bands of 0 to 255")
        if self.offset_mm is not None and not all(map(math.isfinite, self.offset_mm)):
            raise ValueError("an offset must be finite")

    @property
    def rules(self) -> Rules:
        return RULES[self.method]
