"""Cells of a product file: what each column takes, in words if it does not."""

import pytest

from services.api.catalogue.columns import COLUMNS, PRODUCT, VARIANT
from shared.models.print_check import PrintMethod
from shared.models.product import PrintArea

READERS = {**PRODUCT, **VARIANT}
FRONT = PrintArea("front", 305_000, 406_500, (PrintMethod.DTG, PrintMethod.DTF), "tshirt-front")
CHARTED = [{"size": "4: 5", "mm": {r"a, b; \ 1": 2}}, {"size": "L", "mm": {"A": 3}}]
READ = [
    ("price", "24.90", 2490),
    ("price", "24,9", 2490),
    ("price", "24", 2400),
    ("color_hex", "#B3202C", "b3202c"),
    ("color_hex", "0", "000000"),  # what a spreadsheet program makes of 000000
    ("color_hex", "1c1c1f", "1c1c1f"),
    ("stock_change", "-3", -3),
    ("stock_change", "+3", 3),
    ("archived", "Yes", True),
    ("archived", "no", False),
    ("print_areas", "front 305x406.5 dtg+dtf tshirt-front", [FRONT]),
    ("size_chart", "M: Chest width 530, Length 740.5", [{"size": "M", "mm": {"Chest width": 530, "Length": 740.5}}]),
    ("size_chart", r"4\: 5: a\, b\; \\ 1 2; L: A 3", CHARTED),
    ("print_areas", "back 100x80 screen", [PrintArea("back", 100_000, 80_000, (PrintMethod.SCREEN,))]),
]
REFUSED = [
    *(("price", cell) for cell in ("0", "-1", "1.299,00", "1,299.00", "24.999", "€ 24", "1e3", "٣")),
    *(("color_hex", cell) for cell in ("red", "12345g", "1234567")),
    *(("stock", cell) for cell in ("-1", "1.5", "1e3", "1000001")),
    *(("stock_change", cell) for cell in ("many", "1.5", "1000001")),
    *(("weight_g", cell) for cell in ("0", "180 g")),
    *(("print_areas", cell) for cell in ("front", "front 305x406 ink", "front 0x1 dtg", "a 1x1 dtg; a 1x1 dtg")),
    *(("size_chart", cell) for cell in ("M", "M:", "M 5", ": A 5", "M: A", "M: A 0", "M: A 5: B", "M: A 5, A 6")),
    *(("archived", "maybe"), ("status", "sold"), ("category", "T-Shirts"), ("title", "two\nlines")),
]


@pytest.mark.parametrize(("column", "cell", "value"), READ)
def test_a_cell_is_read(column: str, cell: str, value: object) -> None:
    assert READERS[column](cell) == value


@pytest.mark.parametrize(("column", "cell"), REFUSED)
def test_a_wrong_cell_is_refused_in_words(column: str, cell: str) -> None:
    with pytest.raises(ValueError, match=r"\w+ \w+"):
        READERS[column](cell)


def test_every_column_has_a_reader() -> None:
    assert set(COLUMNS) == {"slug", "sku", *READERS}
