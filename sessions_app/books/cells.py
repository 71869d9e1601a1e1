"""Cells of exported files, written by the database as text: so thousands of rows a second pass through Python as they
are, and no digit through a float."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from enum import StrEnum

from django.db.models import CharField, Expression, F, Func, Value, Window
from django.db.models.expressions import Combinable


class Kind(StrEnum):
    """What a cell holds: how it is written, and what a spreadsheet may take it for."""

    TEXT = "text"  # somebody's words: must not be run as a formula
    NUMBER = "number"  # fiat, rates, counts
    AMOUNT = "amount"  # of an asset: a text in JSON, where programs read numbers as floats
    WORD = "word"  # ours: ids, times, states
    TRUTH = "truth"  # `true`, `false`: in JSON as they are
    JSON = "json"  # in JSON as it is; else a text, which may have somebody's words in it


@dataclass(frozen=True, slots=True, kw_only=True)
class Column:
    """A column of a file and where it comes from."""

    name: str
    cell: Expression | Combinable
    kind: Kind = Kind.WORD
    shown: Callable[[str], str] | None = None  # what of a cell is written, if not all


def text(name: str, path: str | Combinable) -> Column:
    """Words of people."""
    return Column(name=name, cell=_Text(_of(path)), kind=Kind.TEXT)


def word(name: str, path: str | Combinable) -> Column:
    """Words of ours."""
    return Column(name=name, cell=_Text(_of(path)))


def number(name: str, path: str | Combinable) -> Column:
    """A number, exact, without trailing zeros."""
    return Column(name=name, cell=_Number(_of(path)), kind=Kind.NUMBER)


def count(name: str, path: str | Combinable) -> Column:
    """A whole number."""
    return Column(name=name, cell=_Text(_of(path)), kind=Kind.NUMBER)


def truth(name: str, path: str | Combinable) -> Column:
    """Yes or no."""
    return Column(name=name, cell=_Text(_of(path)), kind=Kind.TRUTH)


def json(name: str, path: str | Combinable, *, shown: Callable[[str], str] | None = None) -> Column:
    """A value of JSON. `shown` leaves out what the reader is not to see."""
    return Column(name=name, cell=_Text(_of(path)), kind=Kind.JSON, shown=shown)


def amount(name: str, units: str | Combinable, decimals: str | Combinable) -> Column:
    """Base units as an amount of the asset, exact."""
    return Column(name=name, cell=_Amount(_of(units), _of(decimals)), kind=Kind.AMOUNT)


def times(name: str, path: str | Combinable, zone: str) -> Sequence[Column]:
    """A moment by the business's clock, which the column names, and in UTC."""
    return (
        Column(name=f"{name} [{zone}]", cell=_Local(Value(zone), _of(path))),
        Column(name=f"{name}_utc", cell=_Universal(_of(path))),
    )


def rated(prefix: str, zone: str) -> tuple[Column, ...]:
    """On whose word a line's rate is; and what the line is worth in the currency of totals, by the same about that."""
    return (
        word("rate_sources", f"{prefix}rate_sources"),
        *times("rate_at", f"{prefix}rate_at", zone),
        number("reporting_value", f"{prefix}reporting_value"),
        word("reporting_currency", f"{prefix}reporting_currency"),
        number("reporting_rate", f"{prefix}reporting_rate"),
        word("reporting_rate_sources", f"{prefix}reporting_sources"),
        *times("reporting_rate_at", f"{prefix}reporting_rate_at", zone),
    )


def _of(path: str | Combinable) -> Combinable:
    return F(path) if isinstance(path, str) else path


class OverGroups(Window):
    """A window over rows that are sums, in an order that sums say: nothing that they are to be grouped by."""

    contains_aggregate = True


class _Text(Func):
    template = "coalesce((%(expressions)s)::text, '')"
    output_field = CharField()


class _Number(Func):
    template = "coalesce(trim_scale(%(expressions)s)::text, '')"
    output_field = CharField()


class _Amount(Func):
    template = "coalesce(trim_scale(%(expressions)s)::text, '')"
    arg_joiner = " * "
    output_field = CharField()

    def __init__(self, units: Combinable, decimals: Combinable) -> None:
        super().__init__(units, _Unit(decimals))


class _Unit(Func):
    # A numeral with an exponent is exact, and so is what it is multiplied with.
    template = "('1e-' || %(expressions)s)::numeric"
    output_field = CharField()


class _Local(Func):
    template = "coalesce(to_char(timezone(%(expressions)s), 'YYYY-MM-DD HH24:MI:SS'), '')"
    output_field = CharField()


class _Universal(Func):
    template = "coalesce(to_char(timezone('UTC', %(expressions)s), 'YYYY-MM-DD\"T\"HH24:MI:SS\"Z\"'), '')"
    output_field = CharField()
