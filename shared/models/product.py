"""Products of the catalogue, their print areas, and the variants that are sold."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from uuid import UUID

from shared.models.print_check import PrintMethod


class ProductStatus(StrEnum):
    DRAFT = "draft"  # seen by admins only
    ACTIVE = "active"
    ARCHIVED = "archived"  # no longer shown or sold


@dataclass(frozen=True, slots=True)
class Picture:
    """`url` is absolute, or begins with `/` and is of this api."""

    url: str
    alt: str


@dataclass(frozen=True, slots=True)
class Measures:
    """A row of a size chart: millimetres by the name of the measure, such as `Chest width`."""

    size: str
    mm: Mapping[str, float]


@dataclass(frozen=True, slots=True)
class PrintArea:
    """Where a product may be printed, and by which methods. `garment` names a view of `shared.models.garment`."""

    placement: str
    width_um: int
    height_um: int
    methods: tuple[PrintMethod, ...]
    garment: str | None = None


@dataclass(frozen=True, slots=True)
class Product:
    """`from_cents` is the least price of its variants; `version` counts its changes."""

    id: UUID
    slug: str
    title: str
    description: str
    category: str
    tags: str
    pictures: tuple[Picture, ...]
    size_chart: tuple[Measures, ...]
    status: ProductStatus
    version: int
    from_cents: int
    created_at: datetime
    updated_at: datetime


@dataclass(frozen=True, slots=True)
class Variant:
    """What is sold: a product in one colour and size. `title` is the product's; `stock` is what may still be sold."""

    id: UUID
    product_id: UUID
    sku: str
    title: str
    colour: str
    colour_hex: str
    size: str
    price_cents: int
    weight_g: int
    stock: int
    created_at: datetime
    archived_at: datetime | None = None
