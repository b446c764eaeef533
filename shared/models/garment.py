"""The garments that can be shown: print areas in millimetres, their place in the picture, and what they are made of."""

from dataclasses import dataclass
from enum import StrEnum

SIDE = 1200
"""Pixels of a drawn garment's picture, in both directions."""


class Ink(StrEnum):
    """How a print lies on a garment."""

    CLOTH = "cloth"  # dyes the yarn of pale cloth; lies on a white underbase on dark cloth
    GLAZE = "glaze"  # under the gloss
    VINYL = "vinyl"  # a sticker with a white rim


@dataclass(frozen=True, slots=True)
class Material:
    """`sheen` is the light that it reflects uncoloured, `weave` the contrast of its yarn."""

    ink: Ink
    sheen: float
    weave: float


JERSEY = Material(Ink.CLOTH, sheen=0.022, weave=0.016)
FLEECE = Material(Ink.CLOTH, sheen=0.026, weave=0.022)
CANVAS = Material(Ink.CLOTH, sheen=0.022, weave=0.026)
TWILL = Material(Ink.CLOTH, sheen=0.022, weave=0.020)
CERAMIC = Material(Ink.GLAZE, sheen=0.010, weave=0.0)
ALUMINIUM = Material(Ink.VINYL, sheen=0.030, weave=0.0)


@dataclass(frozen=True, slots=True)
class Garment:
    """One view of a garment. `centre` is the print area's middle in the picture, x and y in pixels.

    `colours` are those that shops usually offer, names and `rrggbb`; a mock-up may have any other.
    """

    name: str
    title: str
    area_mm: tuple[float, float]
    centre: tuple[int, int]
    px_mm: float
    material: Material
    colours: tuple[tuple[str, str], ...]
    view: str = "front"


_TEE = (
    ("White", "f4f3ef"), ("Heather grey", "b4b4b6"), ("Black", "1c1c1f"), ("Navy", "1f2a44"), ("Red", "b3202c"),
    ("Forest", "24462f"), ("Sand", "d8c6a5"), ("Sky", "9cc3df"),
)  # fmt: skip
_MUG = (("White", "f6f5f2"), ("Black", "17171a"), ("Navy", "1d2c4f"), ("Red", "b0202b"))
_LID = (("Silver", "c9cbce"), ("Space grey", "5b5d62"), ("Midnight", "23262d"), ("Gold", "dcc3a3"))

# Areas: Printful's print-file guide (tee, mug); hoodie, tote, cap and sticker as common print shops offer them.
GARMENTS = {
    garment.name: garment
    for garment in (
        Garment("tshirt-front", "T-shirt, front", (305, 406), (600, 480), 1.07, JERSEY, _TEE),
        Garment("tshirt-back", "T-shirt, back", (305, 406), (600, 430), 1.07, JERSEY, _TEE, view="back"),
        Garment("hoodie", "Hoodie", (280, 280), (600, 632), 0.98, FLEECE, _TEE),
        Garment("tote", "Tote bag", (280, 300), (600, 790), 1.68, CANVAS, (("Natural", "e3d6bb"), *_TEE)),
        Garment("mug", "Mug, 11 oz", (80, 85), (540, 650), 7.0, CERAMIC, _MUG),
        Garment("cap", "Cap", (110, 55), (600, 545), 4.0, TWILL, _TEE),
        Garment("laptop-sticker", "Sticker on a laptop", (120, 120), (600, 590), 3.25, ALUMINIUM, _LID),
    )
}
