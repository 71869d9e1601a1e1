"""Files of the books, read from the database as they are written."""

from collections.abc import Generator, Iterator

from common.postgresql.poolers import read_in_pieces
from common.replica import reading_alias
from sessions_app.books.tables import TABLES
from sessions_app.books.wishes import Table, Wish
from sessions_app.books.writing import Row, Style, written

# Rows that the database hands over at once.
_AT_ONCE = 2_000


def file(wish: Wish, style: Style) -> Generator[bytes, None, None]:
    """The file, piece by piece, read from the database as it is written."""
    table = TABLES[wish.what](wish)
    return written(table.columns, rows_of(table), style)


def rows_of(table: Table) -> Iterator[Row]:
    """Through a cursor of the database's, or of its replica's: a few at a time."""
    cells = {f"cell_{place}": column.cell for place, column in enumerate(table.columns)}
    return read_in_pieces(table.rows.using(reading_alias()).annotate(**cells).values_list(*cells), size=_AT_ONCE)


def columns_of(wish: Wish) -> list[str]:
    """How the columns are named."""
    return [column.name for column in TABLES[wish.what](wish).columns]
