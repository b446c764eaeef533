"""Requests and responses about products. Lengths are millimetres, prices cents of the shop's `currency`."""

from collections.abc import Mapping
from typing import Annotated, ClassVar, Literal, Self
from uuid import UUID

from pydantic import Field

from services.api.pricing.settings import Currency
from services.api.schemas import (
    Amount,
    ApiModel,
    Count,
    Items,
    Message,
    Name,
    NextCursor,
    PageQuery,
    ResponseModel,
    Url,
    bounded,
)
from shared.db.facets import Facets
from shared.db.products import Filter, Summary
from shared.models.print_check import PrintMethod
from shared.models.product import Picture, PrintArea, Product, Variant

ENOUGH = 20  # pieces: whether there are more is the shop's business
_NO_NUL = r"^[^\x00]*$"
Hex = Annotated[str, bounded(pattern="^[0-9a-f]{6}$")]
Left = Annotated[int, bounded(minimum=0, maximum=ENOUGH - 1)] | Literal["20+"]


class ProductsQuery(PageQuery):
    """Which products. A product is listed if one of its variants has both the colour and the size."""

    category: str | None = Field(
        None,
        max_length=100,
        pattern=_NO_NUL,
        description="As `/api/facets` lists it, in any case, in the plural or the singular.",
    )
    color: str | None = Field(
        None, max_length=60, pattern=_NO_NUL, description="A name, as `/api/facets` lists it, in any case."
    )
    size: str | None = Field(
        None,
        max_length=30,
        pattern=_NO_NUL,
        description="As `/api/facets` lists it, in any case; `XXL` and `2XL` are one size, as are `XXXL` and `3XL`.",
    )
    q: str | None = Field(
        None,
        max_length=100,
        pattern=_NO_NUL,
        description='Words of the title, the tags or the description; `"two words"`, `or` and `-without` work.',
    )

    @property
    def filter(self) -> Filter:
        return Filter(self.category, self.color, self.size, self.q or None)


class SlugPath(ApiModel):
    slug: str = Field(max_length=100, pattern="^[a-z0-9-]+$")


class PictureOut(ResponseModel):
    url: Url
    alt: Name

    @classmethod
    def of(cls, picture: Picture, public_url: str) -> Self:
        """Pictures of this api have its public address before their path."""
        return cls(url=public_url + picture.url if picture.url.startswith("/") else picture.url, alt=picture.alt)


class ProductItem(ResponseModel):
    """`fromCents` is the price of the cheapest variant. `inStock` may be an hour old; `.../stock` is exact."""

    id: UUID
    slug: Name
    title: Name
    from_cents: Count
    image: PictureOut | None
    in_stock: bool

    @classmethod
    def of(cls, summary: Summary, public_url: str) -> Self:
        image = PictureOut.of(summary.picture, public_url) if summary.picture else None
        return cls.from_row(summary, image=image)


class ProductPage(ResponseModel):
    """`didYouMean`: a search that finds something, where this one found nothing."""

    currency: Currency
    items: Items[ProductItem]
    next_cursor: NextCursor
    did_you_mean: Name | None = None


class MeasuresOut(ResponseModel):
    """A row of a size chart: millimetres by the name of the measure."""

    size: Name
    mm: dict[str, Amount]


class PrintAreaOut(ResponseModel):
    """Where the product may be printed. `garment` names the view that mock-ups show, if there is one."""

    placement: Name
    width_mm: Amount
    height_mm: Amount
    methods: Items[PrintMethod]
    garment: Name | None

    @classmethod
    def of(cls, area: PrintArea) -> Self:
        return cls.from_row(area, width_mm=area.width_um / 1000, height_mm=area.height_um / 1000)


class VariantOut(ResponseModel):
    sku: Name
    color: Name
    color_hex: Hex
    size: Name
    price_cents: Count
    weight_g: Count
    in_stock: bool

    @classmethod
    def of(cls, variant: Variant) -> Self:
        return cls.from_row(variant, color=variant.colour, color_hex=variant.colour_hex, in_stock=variant.stock > 0)


class ProductOut(ResponseModel):
    """A product with all that is known of it. Variants are in the order in which the shop made them."""

    names: ClassVar[Mapping[str, str]] = {"slug": "slug"}
    id: UUID
    slug: Name
    title: Name
    description: Message
    category: Name
    currency: Currency
    from_cents: Count
    pictures: Items[PictureOut]
    size_chart: Items[MeasuresOut]
    print_areas: Items[PrintAreaOut]
    variants: Items[VariantOut]

    @classmethod
    def of(
        cls,
        product: Product,
        areas: list[PrintArea],
        variants: list[Variant],
        *,
        public_url: str,
        currency: Currency,
    ) -> Self:
        return cls.from_row(
            product,
            currency=currency,
            pictures=[PictureOut.of(picture, public_url) for picture in product.pictures],
            print_areas=[PrintAreaOut.of(area) for area in areas],
            variants=[VariantOut.of(variant) for variant in variants],
        )


class StockOut(ResponseModel):
    """How many of each SKU are left: a number below 20, or `20+`."""

    stock: dict[str, Left]


class CategoryOut(ResponseModel):
    category: Name
    products: Count


class ColorFacet(ResponseModel):
    color: Name
    color_hex: Hex
    products: Count


class SizeFacet(ResponseModel):
    size: Name
    products: Count


class FacetsOut(ResponseModel):
    """By what products can be filtered, and how many there are of each."""

    currency: Currency
    categories: Items[CategoryOut]
    colors: Items[ColorFacet]
    sizes: Items[SizeFacet]

    @classmethod
    def of(cls, facets: Facets, currency: Currency) -> Self:
        return cls(
            currency=currency,
            categories=[CategoryOut(category=name, products=count) for name, count in facets.categories],
            colors=[ColorFacet(color=name, color_hex=code, products=count) for name, code, count in facets.colours],
            sizes=[SizeFacet(size=name, products=count) for name, count in facets.sizes],
        )
