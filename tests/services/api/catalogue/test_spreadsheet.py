"""CSV in the forms in which spreadsheet programs save it, and cells that they would run."""

import csv
import io
import random
from decimal import Decimal

import pytest

from services.api.catalogue.spreadsheet import FORMULA, Fault, Row, encoded, read, write

COLUMNS = ("sku", "title", "price")


def cells(data: bytes) -> list[dict[str, str]]:
    rows, faults = read(data, COLUMNS, ["sku"], 100)
    assert faults == []
    return [dict(row.cells) for row in rows]


def faults(data: bytes, most_rows: int = 100) -> list[Fault]:
    return read(data, COLUMNS, ["sku"], most_rows)[1]


FORMS = {
    "plain": b"sku,title\nA-1,Shirt\n",
    "with a mark and Windows' line ends": b"\xef\xbb\xbfsku,title\r\nA-1,Shirt\r\n",
    "with the line ends of old Macs": b"sku,title\rA-1,Shirt\r",
    "without a last line end": b"sku,title\nA-1,Shirt",
    "semicolons": b"sku;title\nA-1;Shirt\n",
    "tabs": b"sku\ttitle\nA-1\tShirt\n",
    "Excel's Unicode text": "sku\ttitle\r\nA-1\tShirt\r\n".encode("utf-16"),
    "a line that names the separator": b"sep=;\r\nsku;title\r\nA-1;Shirt\r\n",
    "everything in quotes": b'"sku","title"\n"A-1","Shirt"\n',
    "columns in another order and case": b"Title,SKU\nShirt,A-1\n",
    "blank lines and spaces": b"sku,title\n\n A-1 , Shirt \n,\n\n",
}


@pytest.mark.parametrize("data", FORMS.values(), ids=FORMS)
def test_each_form_says_the_same(data: bytes) -> None:
    assert cells(data) == [{"sku": "A-1", "title": "Shirt"}]


def test_rows_are_numbered_as_spreadsheet_programs_do() -> None:
    rows, _ = read(b'sku,title\nA-1,"two\r\nlines"\n\nA-2,x\n', COLUMNS, [], 100)
    assert rows == [Row(2, {"sku": "A-1", "title": "two\nlines"}), Row(4, {"sku": "A-2", "title": "x"})]


def test_a_separator_inside_a_text_is_none() -> None:
    assert cells(b'sku;title;price\nA-1;"Shirt; soft, warm";1,50\n')[0] == {
        "sku": "A-1",
        "title": "Shirt; soft, warm",
        "price": "1,50",
    }


def test_the_faults_of_a_form_name_their_row() -> None:
    assert faults(b"") == [Fault(1, "sku", "This column is missing.")]
    assert faults("sku,title\nA-1,Größe\n".encode("latin-1"))[0].row == 2
    assert faults(b"sku,title\nA-1,\0\n")[0].row == 2
    assert faults(b"sku,title,cut\n") == [Fault(1, "cut", "There is no such column; there are sku, title, price.")]
    assert faults(b"sku,title,title\n") == [Fault(1, "title", "This column is there twice.")]
    assert faults(b"sku\nA-1,x\nA-2\n") == [Fault(2, None, "This row has 2 cells, and the header 1.")]
    assert faults(b'sku\nA-1\n"A-2\n')[0].row == 3
    assert faults(b'sku\n"A-1"x\n')[0].row == 2
    assert faults(b"sku\n" + b"x" * 20_001)[0].row == 2
    assert faults(b"sku\n" + b"x" * 200_000)[0].row == 2


def test_a_file_of_too_many_rows_is_refused() -> None:
    assert faults(b"sku\n" + b"A\n" * 3, most_rows=2)[0].row == 4
    assert faults(b"sku\n" + b"A\n" * 2, most_rows=2) == []


@pytest.mark.parametrize("start", FORMULA)
def test_no_cell_begins_like_a_formula(start: str) -> None:
    text = "".join(write([[f"{start}1+1", "x"]]))
    assert next(csv.reader(io.StringIO(text, newline="")))[0] == f"'{start}1+1"


@pytest.mark.parametrize(("mark", "expected"), [(".", "-12.34;-5;'-12.34\r\n"), (",", "-12,34;-5;'-12.34\r\n")])
def test_a_number_stays_a_number_with_the_mark_that_was_asked_for(mark: str, expected: str) -> None:
    assert "".join(write([[Decimal("-12.34"), -5, "-12.34"]], ";", mark)) == expected


def test_a_file_begins_with_the_mark_of_utf_8() -> None:
    assert b"".join(encoded(["ß"])) == b"\xef\xbb\xbf\xc3\x9f"


def test_what_was_written_is_read_back() -> None:
    rng = random.Random(7)
    for _ in range(500):
        texts = ["".join(rng.choices("'=+-@ab,;\"\n\t＝ß", k=rng.randrange(1, 9))).strip() for _ in COLUMNS]  # noqa: RUF001
        texts[0] = texts[0] or "x"
        for separator in ",;":
            written = "\ufeff" + "".join(write([COLUMNS, texts], separator))
            assert list(cells(written.encode())[0].values()) == texts
