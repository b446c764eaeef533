"""The columns of a product file: how each cell is read, and how it is written. One row a variant.

The cells of a product stand in the first of its rows, and may be repeated in the others. An empty cell changes nothing.
"""

import re
from collections.abc import Callable, Mapping, Sequence
from typing import Any

from pydantic import TypeAdapter, ValidationError

from services.api.catalogue.admin_schemas import (
    Cents,
    Color,
    Grams,
    MeasuresIn,
    PrintAreaIn,
    Size,
    Sku,
    Stock,
    Tags,
    Text,
    Title,
    Word,
)
from services.api.mockups.schemas import Hex
from shared.models.product import Measures, PrintArea, Product, ProductStatus, Variant
from shared.models.stock_move import MAX_STOCK

Read = Callable[[Any], object]  # raises ValueError in words

_NUMBER = re.compile(r"[0-9]{1,9}")
_CHANGE = re.compile(r"[+-]?[0-9]{1,9}")
_PRICE = re.compile(r"([0-9]{1,7})(?:[.,]([0-9]{1,2}))?")
_MM = r"([0-9]{1,4}(?:\.[0-9]{1,3})?)"
_AREA = re.compile(rf"([a-z0-9-]+) {_MM}x{_MM} ([a-z+]+)(?: ([a-z0-9-]+))?")
_MEASURE = re.compile(r"(.+) ([0-9]{1,4}(?:\.[0-9]{1,15})?)")
_SIGNS = re.compile(r"([\\:,;])")  # of a size chart; a backslash stands before one that belongs to a name
_ANSWERS = {"yes": True, "true": True, "1": True, "no": False, "false": False, "0": False}


def _as(kind: Any) -> Read:
    """Read a cell as a field of a request would be."""
    adapter: TypeAdapter[object] = TypeAdapter(kind)

    def read(cell: str) -> object:
        try:
            return adapter.validate_python(cell)
        except ValidationError as error:
            raise ValueError(error.errors(include_input=False)[0]["msg"]) from None

    return read


def _number(cell: str) -> int:
    if not _NUMBER.fullmatch(cell):
        raise ValueError("A whole number is needed, without a separator of thousands")
    return int(cell)


def _change(cell: str) -> int:
    if not _CHANGE.fullmatch(cell) or abs(int(cell)) > MAX_STOCK:
        raise ValueError("A whole number such as 12 or -3 is needed")
    return int(cell)


def _price(cell: str) -> int:
    found = _PRICE.fullmatch(cell)
    if not found:
        raise ValueError("A price such as 24.90 or 24,90 is needed, without a currency and a separator of thousands")
    return int(found[1]) * 100 + int((found[2] or "").ljust(2, "0"))


def _hex(cell: str) -> object:
    digits = cell.removeprefix("#")
    return _HEX(digits.zfill(6) if digits.isdecimal() else digits)  # 000000 was taken for the number 0


def _answer(cell: str) -> bool:
    if cell.lower() not in _ANSWERS:
        raise ValueError("yes or no is needed")
    return _ANSWERS[cell.lower()]


def _areas(cell: str) -> list[PrintArea]:
    areas = [_area(part.strip()) for part in cell.split(";")]
    if len({area.placement for area in areas}) < len(areas):
        raise ValueError("A placement is there twice")
    return areas


def _area(text: str) -> PrintArea:
    found = _AREA.fullmatch(text)
    if not found:
        raise ValueError("Print areas are written as `front 305x406 dtg+dtf tshirt-front; back 305x406 dtg`")
    placement, width, height, methods, garment = found.groups()
    given = {
        "placement": placement,
        "widthMm": float(width),
        "heightMm": float(height),
        "methods": methods.split("+"),
        "garment": garment,
    }
    try:
        return PrintAreaIn.model_validate(given).area()
    except ValidationError as error:
        raise ValueError(f"{text}: {error.errors(include_input=False)[0]['msg']}") from None


def _size_chart(cell: str) -> list[dict[str, object]]:
    return [_measures(row) for row in _split(cell, ";")]


def _measures(row: str) -> dict[str, object]:
    size, *rest = _split(row, ":")
    measures = [_MEASURE.fullmatch(one) for half in rest for one in _split(half, ",")]
    named = {_plain(one[1]): float(one[2]) for one in measures if one}
    if len(rest) != 1 or len(named) < len(measures):
        raise ValueError("Size charts are written as `M: Chest width 530, Length 740; L: Chest width 560`")
    try:
        return MeasuresIn.model_validate({"size": _plain(size), "mm": named}).model_dump(mode="json")
    except ValidationError as error:
        raise ValueError(f"{row}: {error.errors(include_input=False)[0]['msg']}") from None


def _split(text: str, sign: str) -> list[str]:
    """At each sign that has no backslash before it."""
    return [part.strip() for part in re.findall(rf"(?:\\.|[^\\{sign}])+", text)] or [""]


def _plain(text: str) -> str:
    return re.sub(r"\\(.)", r"\1", text)


def cells(product: Product, areas: Sequence[PrintArea], variant: Variant, *, first: bool) -> list[object]:
    """The row of a variant, in the order of COLUMNS; the product's cells are filled in its first row only."""
    of_product = [product.title, product.description, product.category, product.tags, product.status, product.version]
    price = f"{variant.price_cents // 100}.{variant.price_cents % 100:02}"
    chart = "; ".join(map(_charted, product.size_chart))
    archived = "yes" if variant.archived_at else "no"
    return [
        product.slug,
        *([*of_product, "; ".join(map(_written, areas)), chart] if first else [""] * len(PRODUCT)),
        *(variant.sku, variant.colour, f"#{variant.colour_hex}", variant.size, price, variant.weight_g),
        *(variant.stock, "", archived),
    ]


def _written(area: PrintArea) -> str:
    size = f"{area.width_um / 1000:g}x{area.height_um / 1000:g}"
    return " ".join(filter(None, (area.placement, size, "+".join(area.methods), area.garment)))


def _charted(row: Measures) -> str:
    measures = (f"{_escaped(name)} {str(mm).removesuffix('.0')}" for name, mm in row.mm.items())
    return f"{_escaped(row.size)}: {', '.join(measures)}"


def _escaped(name: str) -> str:
    return _SIGNS.sub(r"\\\1", name)


_HEX, _CENTS, _GRAMS, _STOCK = _as(Hex), _as(Cents), _as(Grams), _as(Stock)
SKU, SLUG = _as(Sku), _as(Word)
PRODUCT: Mapping[str, Read] = {
    "title": _as(Title),
    "description": _as(Text),
    "category": _as(Word),
    "tags": _as(Tags),
    "status": _as(ProductStatus),
    "version": _number,
    "print_areas": _areas,
    "size_chart": _size_chart,
}
VARIANT: Mapping[str, Read] = {
    "color": _as(Color),
    "color_hex": _hex,
    "size": _as(Size),
    "price": lambda cell: _CENTS(_price(cell)),
    "weight_g": lambda cell: _GRAMS(_number(cell)),
    "stock": lambda cell: _STOCK(_number(cell)),
    "stock_change": _change,
    "archived": _answer,
}
REQUIRED = ("slug", "sku")
COLUMNS = ("slug", *PRODUCT, "sku", *VARIANT)
