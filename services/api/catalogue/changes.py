"""What a change of a product comes to, beside what is there: the rows to write, or why it cannot be. Pure."""

from collections import Counter
from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass, field

from shared import errors, shop_errors
from shared.db import ids
from shared.db.product_writes import KnownProduct, KnownVariant, ProductWrite, VariantWrite
from shared.models.product import PrintArea

_NEEDED = ("colour", "colour_hex", "size", "price_cents", "weight_g")  # of a new variant


@dataclass(frozen=True, slots=True)
class VariantChange:
    """A variant by its SKU; `columns` are those that change. `row` is that of a file.

    `stock` is that of a new variant, `stock_change` is added to that of another.
    """

    sku: str
    columns: Mapping[str, object]
    stock: int = 0
    stock_change: int = 0
    archived: bool | None = None
    row: int = 0


@dataclass(frozen=True, slots=True)
class ProductChange:
    """A product; `columns` as of a variant, with its slug in any case. Without `areas` the print areas stay."""

    columns: Mapping[str, object]
    areas: Sequence[PrintArea] | None
    variants: Sequence[VariantChange]
    version: int | None = None  # that the change was made from; None if any will do
    row: int = 0

    @property
    def slug(self) -> str:
        return str(self.columns["slug"])


@dataclass(frozen=True, slots=True)
class Problem:
    """Why a change cannot be made. `column` is that of the database."""

    row: int
    column: str
    failure: errors.Failure = field(compare=False)


def planned(
    change: ProductChange, product: KnownProduct | None, variants: Collection[KnownVariant]
) -> tuple[ProductWrite, list[Problem]]:
    """The rows to write, without what is there already, and all problems.

    `product` is the one to be changed, None for a new one; `variants` are all of its variants and any with these SKUs.
    """
    by_sku = {known.sku: known for known in variants}
    given = [_variant(wanted, by_sku.get(wanted.sku)) for wanted in change.variants]
    written = ProductWrite(
        id=product.id if product else ids.new(),
        new=product is None,
        columns=_changed(change.columns, product.columns) if product else change.columns,
        areas=None if product and _by_placement(change.areas) == _by_placement(product.areas) else change.areas,
        variants=[variant for variant in given if variant.changes],
    )
    return written, [*_of_product(change, product), *_of_variants(change, written, variants)]


def _variant(change: VariantChange, known: KnownVariant | None) -> VariantWrite:
    if known is None:
        columns = {**change.columns, "sku": change.sku}
        return VariantWrite(ids.new(), True, columns, change.stock, change.archived)
    columns = _changed(change.columns, asdict(known))
    archived = None if change.archived == known.archived else change.archived
    return VariantWrite(known.id, False, columns, change.stock_change, archived)


def _changed(columns: Mapping[str, object], known: Mapping[str, object]) -> dict[str, object]:
    return {name: value for name, value in columns.items() if name not in known or value != known[name]}


def _by_placement(areas: Sequence[PrintArea] | None) -> list[PrintArea]:
    return sorted(areas or (), key=lambda area: area.placement)


def _of_product(change: ProductChange, product: KnownProduct | None) -> Iterator[Problem]:
    if product is None:
        for column in ("title", "category"):
            if column not in change.columns:
                yield Problem(change.row, column, errors.InvalidRequest("A new product needs it."))
    elif change.version not in (None, product.version):
        yield Problem(change.row, "version", shop_errors.Changed())


def _of_variants(change: ProductChange, written: ProductWrite, variants: Collection[KnownVariant]) -> Iterator[Problem]:
    by_sku = {known.sku: known for known in variants}
    seen: set[str] = set()
    kinds = _kinds(change, written, variants)
    alike = Counter(kinds.values())
    for wanted in change.variants:
        known = by_sku.get(wanted.sku)
        if wanted.sku in seen or (known and known.product_id != written.id):
            yield Problem(wanted.row, "sku", shop_errors.SkuTaken(details={"sku": wanted.sku}))
        elif known is None and (missing := [name for name in _NEEDED if name not in wanted.columns]):
            yield from (Problem(wanted.row, name, errors.InvalidRequest("A new variant needs it.")) for name in missing)
        elif alike[kinds[wanted.sku]] > 1:
            yield Problem(wanted.row, "colour", shop_errors.VariantTaken(details={"sku": wanted.sku}))
        elif known and known.stock + wanted.stock_change < 0:
            yield Problem(wanted.row, "stock_change", shop_errors.OutOfStock(details={known.sku: known.stock}))
        seen.add(wanted.sku)


def _kinds(
    change: ProductChange, written: ProductWrite, variants: Collection[KnownVariant]
) -> dict[str, tuple[object, object]]:
    """Colour and size of each of the product's variants, after the change, by SKU."""
    kinds: dict[str, tuple[object, object]] = {
        known.sku: (known.colour, known.size) for known in variants if known.product_id == written.id
    }
    for wanted in change.variants:
        colour, size = kinds.get(wanted.sku, (None, wanted.sku))
        kinds[wanted.sku] = (wanted.columns.get("colour", colour), wanted.columns.get("size", size))
    return kinds
