"""CSV as spreadsheet programs write and read it: encodings, separators, line ends, and cells taken for formulas.

They run a cell that begins like a formula, whoever typed it. Such a cell is written with an apostrophe in front, which
makes it text; reading removes the apostrophe again, so that a file comes back as it was written.
"""

import codecs
import csv
import io
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal

FORMULA = ("=", "+", "-", "@", "\t", "\r", "\n", "＝", "＋", "－", "＠")  # noqa: RUF001 - wide signs work as well
MAX_CELL = 20_000  # characters; the longest text of a product has 5,000
_TEXT = "'"
_SEPARATORS = (",", ";", "\t")
_HEADER = 2000  # characters in which the separator shows: a file with the line ends of old Macs is one line
_MARKS = ((codecs.BOM_UTF8, "utf-8-sig"), (codecs.BOM_UTF16_LE, "utf-16"), (codecs.BOM_UTF16_BE, "utf-16"))


@dataclass(frozen=True, slots=True)
class Fault:
    """What is wrong with a row, numbered as spreadsheet programs do; 1 is the header. No column: the whole row."""

    row: int
    column: str | None
    message: str


@dataclass(frozen=True, slots=True)
class Row:
    """A row with something in it: the cells by column, stripped."""

    number: int
    cells: Mapping[str, str]


def read(
    data: bytes, columns: Collection[str], required: Collection[str], most_rows: int
) -> tuple[list[Row], list[Fault]]:
    """The rows of a file with these columns in any order, and every fault of its form.

    Without the header, or beyond damage that hides where cells end, no rows are returned.
    """
    faults: list[Fault] = []
    text, separator = _separated(_decoded(data, faults), columns)
    records = _records(text, separator, faults)
    header = _header(next(records, (1, []))[1])
    if not faults:
        faults += _header_faults(header, columns, required)
    if faults:
        return [], faults
    rows: list[Row] = []
    for number, cells in records:
        if len(rows) == most_rows:
            faults.append(Fault(number, None, f"The file has more than {most_rows} rows; send it in parts."))
            break
        if any(cells):
            rows.append(Row(number, dict(zip(header, cells, strict=False))))
            faults += _row_faults(number, cells, len(header))
    return rows, faults


def write(records: Iterable[Sequence[object]], separator: str = ",", decimal_mark: str = ".") -> Iterator[str]:
    """The lines of a file. A number below 0 stays one: only texts are taken for formulas."""
    line = io.StringIO(newline="")
    writer = csv.writer(line, delimiter=separator, lineterminator="\r\n")
    for record in records:
        writer.writerow([_written(cell, decimal_mark) for cell in record])
        yield line.getvalue()
        line.seek(0)
        line.truncate()


def encoded(lines: Iterable[str]) -> Iterator[bytes]:
    """In UTF-8, with the mark without which Excel takes it for Latin-1."""
    yield codecs.BOM_UTF8
    yield from (line.encode() for line in lines)


def _written(cell: object, decimal_mark: str) -> str:
    if isinstance(cell, int | Decimal):
        return str(cell).replace(".", decimal_mark)
    text = str(cell)
    return _TEXT + text if text.startswith((*FORMULA, _TEXT)) else text


def _cell(text: str) -> str:
    if text.startswith(_TEXT) and text[1:].startswith((*FORMULA, _TEXT)):
        text = text[1:]
    return text.strip().replace("\r\n", "\n").replace("\r", "\n")


def _decoded(data: bytes, faults: list[Fault]) -> str:
    encoding = next((name for mark, name in _MARKS if data.startswith(mark)), "utf-8")
    try:
        text = data.decode(encoding)
    except UnicodeDecodeError as error:
        row = data[: error.start].count(b"\n") + 1
        faults.append(Fault(row, None, "The file is not in UTF-8; in Excel, save it as `CSV UTF-8`."))
        return ""
    if "\0" in text:
        faults.append(Fault(text[: text.index("\0")].count("\n") + 1, None, "The file contains NUL characters."))
        return ""
    return text


def _separated(text: str, columns: Collection[str]) -> tuple[str, str]:
    """The text and its separator: what Excel's own first line `sep=;` says, else what names the most columns."""
    first, _, rest = text.partition("\n")
    if first.lower().startswith("sep=") and first[4:5] in _SEPARATORS:
        return rest, first[4:5]
    return text, max(_SEPARATORS, key=lambda sign: len(set(_header(first[:_HEADER].split(sign))) & set(columns)))


def _header(cells: Iterable[str]) -> list[str]:
    return [cell.strip('" \r').lower() for cell in cells]


def _records(text: str, separator: str, faults: list[Fault]) -> Iterator[tuple[int, list[str]]]:
    reader = csv.reader(io.StringIO(text, newline=""), delimiter=separator, strict=True)
    number = 0
    try:
        for number, cells in enumerate(reader, 1):
            yield number, [_cell(cell) for cell in cells]
    except csv.Error:
        faults.append(Fault(number + 1, None, "The quotes of this row do not match, or a cell is far too long."))


def _header_faults(header: Sequence[str], columns: Collection[str], required: Collection[str]) -> Iterator[Fault]:
    for name in dict.fromkeys(header):
        if name not in columns:
            yield Fault(1, name[:40], f"There is no such column; there are {', '.join(columns)}.")
        elif header.count(name) > 1:
            yield Fault(1, name, "This column is there twice.")
    yield from (Fault(1, name, "This column is missing.") for name in required if name not in header)


def _row_faults(number: int, cells: Sequence[str], width: int) -> Iterator[Fault]:
    if len(cells) > width:
        yield Fault(number, None, f"This row has {len(cells)} cells, and the header {width}.")
    if any(len(cell) > MAX_CELL for cell in cells):
        yield Fault(number, None, f"A cell has more than {MAX_CELL} characters.")
