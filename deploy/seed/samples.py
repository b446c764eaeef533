"""The products of the sample shop. Print areas and colours are those of the drawn garments; sizes lie flat, in mm."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from shared.models.garment import GARMENTS, Garment
from shared.models.print_check import PrintMethod

DTG, DTF, SCREEN, STICKER = PrintMethod.DTG, PrintMethod.DTF, PrintMethod.SCREEN, PrintMethod.STICKER
Chart = Mapping[str, Mapping[str, float]]


@dataclass(frozen=True, slots=True)
class Sample:
    """`areas` are drawn garments by placement, the first of which is shown. `dearer`: cents more for some sizes."""

    code: str  # that its SKUs begin with
    slug: str
    title: str
    category: str
    tags: str
    description: str
    areas: Mapping[str, str]
    methods: Sequence[PrintMethod]
    price_cents: int
    weight_g: int
    sizes: Sequence[str]
    chart: Chart
    colours: Sequence[tuple[str, str]] = ()  # those of the garment, unless others are named
    dearer: Mapping[str, int] = field(default_factory=dict)

    @property
    def shown(self) -> Garment:
        return GARMENTS[next(iter(self.areas.values()))]


def _chart(sizes: Sequence[str], **measures: Sequence[float]) -> Chart:
    """Of each measure one number a size."""
    names = {name: name.replace("_", " ").capitalize() for name in measures}
    return {size: {names[name]: row[index] for name, row in measures.items()} for index, size in enumerate(sizes)}


_TEE_SIZES = ("XS", "S", "M", "L", "XL", "2XL", "3XL")
_HOODIE_SIZES = ("S", "M", "L", "XL", "2XL")
_BOTH_SIDES = {"front": "tshirt-front", "back": "tshirt-back"}

SAMPLES = (
    Sample(
        code="CT",
        slug="classic-t-shirt",
        title="Classic T-shirt",
        category="t-shirts",
        tags="tee shirt unisex cotton everyday crew neck",
        description="The shirt that most orders begin with: 180 g ring-spun cotton, side seams, a collar that keeps "
        "its shape.\nPrinted on the front, the back or both. Wash inside out at 30 °C; do not iron the print.",
        areas=_BOTH_SIDES,
        methods=(DTG, DTF, SCREEN),
        price_cents=1890,
        weight_g=165,
        sizes=_TEE_SIZES,
        chart=_chart(
            _TEE_SIZES,
            chest_width=(455, 480, 530, 560, 590, 620, 650),
            length=(660, 700, 730, 755, 780, 800, 825),
            sleeve=(185, 195, 205, 215, 220, 230, 235),
        ),
        dearer={"2XL": 200, "3XL": 400},
    ),
    Sample(
        code="HT",
        slug="heavyweight-t-shirt",
        title="Heavyweight T-shirt",
        category="t-shirts",
        tags="tee shirt unisex organic cotton boxy thick streetwear",
        description="240 g organic cotton with a dry hand and a boxy cut. The tight knit takes fine detail, and dark "
        "colours stay dark.\nPre-shrunk: choose your usual size, or one less for a close fit.",
        areas=_BOTH_SIDES,
        methods=(DTG, DTF, SCREEN),
        price_cents=2690,
        weight_g=235,
        sizes=_TEE_SIZES[1:],
        chart=_chart(
            _TEE_SIZES[1:],
            chest_width=(520, 555, 585, 615, 645, 675),
            length=(695, 715, 735, 755, 775, 795),
            sleeve=(215, 225, 235, 245, 255, 265),
        ),
        dearer={"2XL": 200, "3XL": 400},
    ),
    Sample(
        code="PH",
        slug="pullover-hoodie",
        title="Pullover hoodie",
        category="hoodies",
        tags="hoody hooded sweatshirt unisex fleece warm winter",
        description="320 g brushed fleece, a lined hood and a kangaroo pocket. The print sits above the pocket, clear "
        "of its seams.\nSoft inside from the first day; wash at 30 °C and dry it flat.",
        areas={"front": "hoodie"},
        methods=(DTG, DTF, SCREEN),
        price_cents=4490,
        weight_g=560,
        sizes=_HOODIE_SIZES,
        chart=_chart(
            _HOODIE_SIZES,
            chest_width=(520, 550, 580, 610, 640),
            length=(670, 695, 720, 745, 770),
            sleeve=(620, 635, 650, 665, 680),
        ),
        dearer={"2XL": 300},
    ),
    Sample(
        code="CB",
        slug="canvas-tote",
        title="Canvas tote bag",
        category="bags",
        tags="tote shopping bag shopper cotton canvas reusable",
        description="A bag of 270 g canvas that stands up to a week's shopping, with handles long enough for the "
        "shoulder.\nThe seams are bar-tacked; the print lies flat below the rim.",
        areas={"front": "tote"},
        methods=(DTG, DTF, SCREEN),
        price_cents=1490,
        weight_g=150,
        sizes=("One size",),
        chart=_chart(("One size",), width=(380,), height=(420,), handle=(600,)),
    ),
    Sample(
        code="MG",
        slug="ceramic-mug",
        title="Ceramic mug",
        category="mugs",
        tags="cup coffee tea kitchen gift ceramic",
        description="A straight mug of glazed ceramic for 11 oz (325 ml). The print goes on the side that a right-"
        "handed drinker shows to the table.\nFit for dishwasher and microwave.",
        areas={"front": "mug"},
        methods=(DTF,),
        price_cents=1390,
        weight_g=360,
        sizes=("11 oz",),
        chart=_chart(("11 oz",), height=(95,), diameter=(82,)),
    ),
    Sample(
        code="BC",
        slug="baseball-cap",
        title="Baseball cap",
        category="caps",
        tags="hat cap twill adjustable summer",
        description="Six panels of brushed twill with a curved peak and a metal buckle. The print sits on the two "
        "front panels, which are lined so that it stays smooth.",
        areas={"front": "cap"},
        methods=(DTF,),
        price_cents=1990,
        weight_g=85,
        sizes=("One size",),
        chart=_chart(("One size",), circumference=(580,), peak=(70,)),
    ),
    Sample(
        code="ST",
        slug="die-cut-sticker",
        title="Die-cut sticker",
        category="stickers",
        tags="decal vinyl laptop bottle waterproof outline",
        description="White vinyl cut along the outline of your picture, with a border of two millimetres. "
        "Scratch-proof, waterproof, and it comes off without a trace.\nThe size is the longer side.",
        areas={"front": "laptop-sticker"},
        methods=(STICKER,),
        price_cents=290,
        weight_g=4,
        sizes=("50 mm", "80 mm", "120 mm"),
        chart=_chart(("50 mm", "80 mm", "120 mm"), longer_side=(50, 80, 120)),
        colours=(("White", "ffffff"),),
        dearer={"80 mm": 100, "120 mm": 210},
    ),
)
