"""Rows of cells as CSV or JSON lines, piece by piece: never more than a few hundred rows at once."""

import csv
import io
import re
from collections.abc import Callable, Generator, Iterable, Iterator, Sequence
from dataclasses import dataclass
from itertools import islice
from json.encoder import encode_basestring

from sessions_app.books.cells import Column, Kind

Row = Sequence[str]
Lines = Callable[[Iterable[Row]], str]
# Rows that become one piece of the answer.
ROWS_AT_ONCE = 500
# What a spreadsheet runs when a cell begins with it, and a cell begins behind whatever that takes for a separator: the
# file's own, or another, behind which quotes count again.
_FORMULA = re.compile(r"((?:^|[;,|\t\r\n])[\s\"]*)([=+\-@＝＋－＠])")
_BOM = "\ufeff"


@dataclass(frozen=True, slots=True, kw_only=True)
class Style:
    """How a file is written."""

    is_json: bool = False
    has_comma: bool = False  # decimal commas, and semicolons between cells
    has_mark: bool = False  # begins with the mark by which a spreadsheet knows UTF-8

    @property
    def content_type(self) -> str:
        """For the answer's head."""
        return "application/x-ndjson" if self.is_json else "text/csv; charset=utf-8"

    @property
    def ending(self) -> str:
        """Of the file's name."""
        return "jsonl" if self.is_json else "csv"


def written(columns: Sequence[Column], rows: Iterable[Row], style: Style) -> Generator[bytes, None, None]:
    """The file. CSV begins with the columns' names, lines of JSON have them in each."""
    if not style.is_json:
        head = _csv([[column.name for column in columns]], style)
        yield ((_BOM if style.has_mark else "") + head).encode()
    lines = _json_lines(columns) if style.is_json else _csv_lines(columns, style)
    waiting = _shown(columns, rows)
    while part := list(islice(waiting, ROWS_AT_ONCE)):
        yield lines(part).encode()


def _shown(columns: Sequence[Column], rows: Iterable[Row]) -> Iterator[Row]:
    """The rows, with what of each cell may be seen."""
    partly = [(place, column.shown) for place, column in enumerate(columns) if column.shown]
    if not partly:
        return iter(rows)

    def shown(row: Row) -> Row:
        cells = list(row)
        for place, what_of in partly:
            cells[place] = what_of(cells[place])
        return cells

    return map(shown, rows)


def plain_table(rows: Sequence[Row], style: Style) -> Iterator[bytes]:
    """A small table of ours as CSV: words and numbers, the first row their names."""
    head, *others = rows
    cells = [[_with_comma(cell) if style.has_comma else cell for cell in row] for row in others]
    yield ((_BOM if style.has_mark else "") + _csv([head, *cells], style)).encode()


def _with_comma(cell: str) -> str:
    return cell.replace(".", ",") if cell.lstrip("-")[:1].isdigit() else cell


def _csv_lines(columns: Sequence[Column], style: Style) -> Lines:
    texts = [place for place, column in enumerate(columns) if column.kind in {Kind.TEXT, Kind.JSON}]
    numbers = [place for place, column in enumerate(columns) if column.kind in {Kind.NUMBER, Kind.AMOUNT}]

    def safe(row: Row) -> list[str]:
        cells = list(row)
        for place in texts:
            cells[place] = _FORMULA.sub(r"\1'\2", cells[place])
        if style.has_comma:
            for place in numbers:
                cells[place] = cells[place].replace(".", ",")
        return cells

    return lambda rows: _csv(map(safe, rows), style)


def _json_lines(columns: Sequence[Column]) -> Lines:
    names = [encode_basestring(column.name) for column in columns]
    are_json = [column.kind in {Kind.NUMBER, Kind.TRUTH, Kind.JSON} for column in columns]

    def line(row: Row) -> str:
        cells = (
            f"{name}: {(cell if is_json else encode_basestring(cell)) if cell else 'null'}"
            for name, is_json, cell in zip(names, are_json, row, strict=True)
        )
        return f"{{{', '.join(cells)}}}\n"

    return lambda rows: "".join(map(line, rows))


def _csv(rows: Iterable[Row], style: Style) -> str:
    out = io.StringIO()
    csv.writer(out, delimiter=";" if style.has_comma else ",", lineterminator="\r\n").writerows(rows)
    return out.getvalue()
