"""Files, read from the database as they are written: of the books, and of what else a business takes along."""

from collections.abc import Callable, Generator, Iterator, Mapping

from django.db.models import Count, F, Func, GenericIPAddressField, Max, Q

from common.api.exact_json import dumps, loads_own
from common.postgresql.poolers import read_in_pieces
from common.replica import reading_alias
from merchants_app.scope import Scope
from sessions_app.books.cells import count, json, text, times, word
from sessions_app.books.tables import TABLES
from sessions_app.books.wishes import Export, Table, Wish
from sessions_app.books.writing import Row, Style, written
from sessions_app.models import Customer
from sessions_app.status import Status
from webhooks_app.events.bodies import ADDRESSES, masked
from webhooks_app.models import Event

# Rows that the database hands over at once.
_AT_ONCE = 2_000


def _events(wish: Wish) -> Table:
    zone = wish.merchant.time_zone
    rows = Event.objects.filter(merchant=wish.merchant, mode=wish.mode, **wish.during("created_at"))
    columns = [
        *times("at", "created_at", zone),
        word("event", "public_id"),
        word("type", "type"),
        word("subject", "subject"),
        count("number", "subject_sequence"),
        json("data", "data", shown=None if wish.shows_addresses else _without_addresses),
    ]
    return Table(columns, rows.order_by("id"))


def _without_addresses(data: str) -> str:
    return dumps(masked(loads_own(data), ADDRESSES))


def _customers(wish: Wish) -> Table:
    zone = wish.merchant.time_zone
    rows = Customer.objects.filter(merchant=wish.merchant, mode=wish.mode, **wish.during("created_at"))
    columns = [
        *times("known_since", "created_at", zone),
        word("customer", "public_id"),
        text("email", "email"),
        text("name", "name"),
        count("sessions", "sold"),
        count("paid_orders", "paid"),
        *times("last_paid_at", "last_at", zone),
        *times("erased_at", "erased_at", zone),
    ]
    is_paid = Q(sessions__status=Status.COMPLETED)
    rows = rows.annotate(
        sold=Count("sessions"), paid=Count("sessions", filter=is_paid), last_at=Max("sessions__completed_at")
    )
    return Table(columns, rows.order_by("id"))


def _audit(wish: Wish) -> Table:
    """As its page has it: what belongs to both modes, too."""
    zone = wish.merchant.time_zone
    rows = Scope(wish.merchant, wish.mode).audit_entries().filter(**wish.during("created_at"))
    columns = [
        *times("at", "created_at", zone),
        text("actor", "actor"),
        word("action", "action"),
        text("subject", "subject"),
        word("mode", "mode"),
        json("detail", "detail"),
        word("address", Func(F("address"), function="host", output_field=GenericIPAddressField())),
        text("browser", "browser"),
    ]
    return Table(columns, rows.order_by("id"))


_TABLES: Mapping[Export, Callable[[Wish], Table]] = {
    **TABLES,
    Export.EVENTS: _events,
    Export.CUSTOMERS: _customers,
    Export.AUDIT: _audit,
}


def file(wish: Wish, style: Style) -> Generator[bytes, None, None]:
    """The file, piece by piece, read from the database as it is written."""
    table = _TABLES[wish.what](wish)
    return written(table.columns, rows_of(table), style)


def rows_of(table: Table) -> Iterator[Row]:
    """Through a cursor of the database's, or of its replica's: a few at a time."""
    cells = {f"cell_{place}": column.cell for place, column in enumerate(table.columns)}
    return read_in_pieces(table.rows.using(reading_alias()).annotate(**cells).values_list(*cells), size=_AT_ONCE)


def columns_of(wish: Wish) -> list[str]:
    """How the columns are named."""
    return [column.name for column in _TABLES[wish.what](wish).columns]
