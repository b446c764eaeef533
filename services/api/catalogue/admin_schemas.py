"""Requests and responses of the catalogue's administration. Lengths are millimetres, prices cents."""

from collections.abc import Mapping, Sequence
from typing import Annotated, Any, ClassVar, Literal, Self
from uuid import UUID

from pydantic import AfterValidator, ConfigDict, Field

from services.api import examples
from services.api.catalogue.schemas import MeasuresOut, PrintAreaOut
from services.api.mockups.schemas import Hex
from services.api.schemas import (
    FROM_TEXT,
    ApiModel,
    BodyModel,
    Count,
    Items,
    Message,
    Name,
    NextCursor,
    PageQuery,
    ResponseModel,
    Time,
    bounded,
)
from shared.models.garment import GARMENTS
from shared.models.print_check import PrintMethod
from shared.models.product import PrintArea, Product, ProductStatus, Variant
from shared.models.stock_move import MAX_STOCK, StockMove, StockReason

MOST_VARIANTS = 500
MAX_CENTS, MAX_G, MAX_MM = 10_000_000, 100_000, 2000
_LINE = r"^[^\s\x00-\x1f\x7f]([^\x00-\x1f\x7f\x85\u2028\u2029]*[^\s\x00-\x1f\x7f])?$"  # without spaces at its ends
_MEASURE = r"^[^\s\x00-\x1f\x7f]([^\x00-\x1f\x7f\x85\u2028\u2029]{0,58}[^\s\x00-\x1f\x7f])?$"
_TEXT = r"^[^\x00-\x08\x0b-\x1f\x7f]*$"
_WORD = r"^[a-z0-9]+(-[a-z0-9]+)*$"

Word = Annotated[str, Field(max_length=100, pattern=_WORD)]
Title = Annotated[str, Field(max_length=200, pattern=_LINE)]
Text = Annotated[str, Field(max_length=5000, pattern=_TEXT)]
Tags = Annotated[str, Field(max_length=1000, pattern=_TEXT)]
Measure = Annotated[str, Field(pattern=_MEASURE)]  # its length as well: a key has one pattern and no other bounds
Sku = Annotated[str, Field(pattern=r"^[A-Za-z0-9._-]{1,64}$")]
Color = Annotated[str, Field(max_length=60, pattern=_LINE)]
Size = Annotated[str, Field(max_length=30, pattern=_LINE)]
Cents = Annotated[int, Field(ge=1, le=MAX_CENTS)]
Grams = Annotated[int, Field(ge=1, le=MAX_G)]
Stock = Annotated[int, Field(ge=0, le=MAX_STOCK)]
Mm = Annotated[float, Field(ge=1, le=MAX_MM)]
Status = Annotated[ProductStatus, FROM_TEXT]
Method = Annotated[PrintMethod, FROM_TEXT]


def _drawn(garment: str) -> str:
    if garment not in GARMENTS:
        raise ValueError(f"There is no such garment; there are {', '.join(GARMENTS)}")
    return garment


GarmentName = Annotated[str, AfterValidator(_drawn), Field(json_schema_extra={"enum": list(GARMENTS)})]


class ProductPictureIn(BodyModel):
    """`url` begins with `/` and is of this api, such as `/garments/hoodie/1c1c1f.webp`, or is an https address."""

    url: str = Field(max_length=500, pattern=r"^(https://[!-~]+|/([!-.0-~][!-~]*)?)$")
    alt: Title


class MeasuresIn(BodyModel):
    """A row of a size chart: millimetres by the name of the measure."""

    size: Size
    mm: dict[Measure, Mm] = Field(min_length=1, max_length=20, json_schema_extra={"additionalProperties": False})


class PrintAreaIn(BodyModel):
    """`garment` names the drawing on which mock-ups of this placement are shown: one of `GET /api/garments`."""

    placement: Annotated[str, Field(max_length=40, pattern=_WORD)]
    width_mm: Mm
    height_mm: Mm
    methods: list[Method] = Field(min_length=1, max_length=len(PrintMethod))
    garment: GarmentName | None = None

    def area(self) -> PrintArea:
        width, height = round(self.width_mm * 1000), round(self.height_mm * 1000)
        return PrintArea(self.placement, width, height, tuple(dict.fromkeys(self.methods)), self.garment)


class VariantIn(BodyModel):
    """A variant, by its SKU. `stock` counts for a new one only: that of others is changed by moves."""

    sku: Sku
    color: Color
    color_hex: Hex
    size: Size
    price_cents: Cents
    weight_g: Grams
    stock: Stock = 0
    archived: bool = False


_COLUMNS = ("slug", "title", "description", "category", "tags", "status", "pictures", "size_chart")
_EXAMPLE: Mapping[str, Any] = {
    "slug": "heavy-tee",
    "title": "Heavyweight T-shirt",
    "category": "t-shirts",
    "status": "active",
    "pictures": [{"url": "/garments/tshirt-front/1c1c1f.webp", "alt": "A black T-shirt"}],
    "sizeChart": [{"size": "M", "mm": {"Chest width": 530, "Length": 740}}],
    "printAreas": [
        {"placement": "front", "widthMm": 305, "heightMm": 406, "methods": ["dtg", "dtf"], "garment": "tshirt-front"}
    ],
    "variants": [
        dict(sku="HT-BLK-M", color="Black", colorHex="1c1c1f", size="M", priceCents=2490, weightG=220, stock=40)
    ],
}


class ProductIn(BodyModel):
    """A new product with all of its variants. A draft is seen by admins only."""

    model_config = ConfigDict(json_schema_extra=examples.body(**_EXAMPLE))

    slug: Word
    title: Title
    description: Text = ""
    category: Word
    tags: Tags = Field("", description="Words by which it is found, besides those of its title and description.")
    status: Status = ProductStatus.DRAFT
    pictures: list[ProductPictureIn] = Field([], max_length=50)
    size_chart: list[MeasuresIn] = Field([], max_length=50)
    print_areas: list[PrintAreaIn] = Field([], max_length=20)
    variants: list[VariantIn] = Field(min_length=1, max_length=MOST_VARIANTS)

    def columns(self) -> dict[str, object]:
        return self.model_dump(mode="json", include=set(_COLUMNS))


class ProductPatch(BodyModel):
    """What changes; the rest stays.

    `printAreas`, `pictures` and `sizeChart` replace those before. Of `variants`, those with a new SKU are added, the
    others changed; one that is not named stays as it is. Nothing is deleted: `"status": "archived"` hides a product,
    `"archived": true` a variant.
    """

    model_config = ConfigDict(json_schema_extra=examples.body(title="Heavyweight T-shirt, 220 g"))

    slug: Word | None = None
    title: Title | None = None
    description: Text | None = None
    category: Word | None = None
    tags: Tags | None = None
    status: Status | None = None
    pictures: list[ProductPictureIn] | None = Field(None, max_length=50)
    size_chart: list[MeasuresIn] | None = Field(None, max_length=50)
    print_areas: list[PrintAreaIn] | None = Field(None, max_length=20)
    variants: list[VariantIn] = Field([], max_length=MOST_VARIANTS)

    def columns(self) -> dict[str, object]:
        return self.model_dump(mode="json", include=set(_COLUMNS), exclude_none=True)


class AdminProductsQuery(PageQuery):
    status: ProductStatus = ProductStatus.ACTIVE


class ProductPath(ApiModel):
    product_id: UUID


class VariantPath(ApiModel):
    variant_id: UUID


class AdminProductItem(ResponseModel):
    """A product as the list shows it."""

    id: UUID
    slug: Name
    title: Name
    category: Name
    status: ProductStatus
    version: Count
    from_cents: Count
    created_at: Time
    updated_at: Time


class AdminProductPage(ResponseModel):
    items: Items[AdminProductItem]
    next_cursor: NextCursor


class AdminVariant(ResponseModel):
    id: UUID
    sku: Name
    color: Name
    color_hex: Name
    size: Name
    price_cents: Count
    weight_g: Count
    stock: Count
    archived: bool

    @classmethod
    def of(cls, variant: Variant) -> Self:
        archived = variant.archived_at is not None
        return cls.from_row(variant, color=variant.colour, color_hex=variant.colour_hex, archived=archived)


class AdminPicture(ResponseModel):
    url: Name
    alt: Name


class AdminProduct(AdminProductItem):
    """A product with all that it can be changed in, archived variants as well."""

    names: ClassVar[Mapping[str, str]] = {"product_id": "id"}

    description: Message
    tags: Message
    pictures: Items[AdminPicture]
    size_chart: Items[MeasuresOut]
    print_areas: Items[PrintAreaOut]
    variants: Annotated[list[AdminVariant], bounded(maxItems=5000)]

    @classmethod
    def of(cls, product: Product, areas: Sequence[PrintArea], variants: Sequence[Variant]) -> Self:
        return cls.from_row(
            product,
            pictures=[AdminPicture.from_row(picture) for picture in product.pictures],
            size_chart=[MeasuresOut(size=row.size, mm=dict(row.mm)) for row in product.size_chart],
            print_areas=[PrintAreaOut.of(area) for area in areas],
            variants=[AdminVariant.of(variant) for variant in variants],
        )


def _moves(delta: int) -> int:
    if delta == 0:
        raise ValueError("0 moves nothing")
    return delta


_ByHand = Literal[
    StockReason.INITIAL, StockReason.RECEIVED, StockReason.COUNTED, StockReason.DAMAGED, StockReason.RETURNED
]


class StockMoveIn(BodyModel):
    """`delta` is added to the stock."""

    model_config = ConfigDict(json_schema_extra=examples.body(delta=24, reason="received", note="Delivery 4711"))

    delta: Annotated[
        int, Field(ge=-MAX_STOCK, le=MAX_STOCK, json_schema_extra={"not": {"const": 0}}), AfterValidator(_moves)
    ]
    reason: _ByHand
    note: str = Field("", max_length=200, pattern=_TEXT)


class StockMoveOut(ResponseModel):
    id: UUID
    delta: Annotated[int, bounded(minimum=-MAX_STOCK, maximum=MAX_STOCK)]
    reason: StockReason
    note: Name
    actor: Name
    created_at: Time

    @classmethod
    def of(cls, move: StockMove) -> Self:
        return cls.from_row(move, delta=move.quantity)


class StockMoved(ResponseModel):
    """The move, and the stock after it."""

    move: StockMoveOut
    stock: Count


class StockMovePage(ResponseModel):
    items: Items[StockMoveOut]
    next_cursor: NextCursor
