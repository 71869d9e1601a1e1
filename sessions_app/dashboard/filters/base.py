"""What all lists of the dashboard can be narrowed by: read from the address, shown as chips, sent to the one rule."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from decimal import Decimal
from typing import Any, cast
from urllib.parse import parse_qsl

from django import forms
from django.http import QueryDict
from typing_extensions import override

from chains_app.networks.networks import all_networks
from common.money import CURRENCIES
from merchants_app.businesses.days import beginning
from merchants_app.frame.access import Access
from merchants_app.frame.forms import NumberField, offer
from merchants_app.models import FIRST_DAY, LAST_DAY, Merchant
from sessions_app.books.wishes import Export
from sessions_app.reading.list_sql import Order
from sessions_app.reading.searching import LONGEST, tidied

ANY_CURRENCY = [("", "Any"), *((each, each) for each in sorted(CURRENCIES))]


@dataclass(frozen=True, slots=True)
class Chip:
    """A filter that is set: what it narrows by, and the query without it."""

    label: str
    value: str
    without: str


class WordsField(forms.CharField):
    """What is looked for, as far as anything is called that: never wrong, since what is wrong would narrow nothing."""

    @override
    def to_python(self, value: Any) -> str:
        return tidied(super().to_python(value) or "")


class Asked(forms.Form):
    """What the address of a list asks for."""

    q = WordsField(required=False, max_length=LONGEST, label="Words")

    def __init__(self, asked: QueryDict) -> None:
        super().__init__(asked)
        self.asked = asked

    def given(self, name: str) -> Any:
        """What was given rightly; None or empty otherwise."""
        return self.cleaned_data.get(name) if self.is_valid() or name not in self.errors else None

    def without(self, *names: str, **instead: str) -> str:
        """The query without these, without what is empty, and from the first page on."""
        rest = self.asked.copy()
        for name in [name for name, value in rest.items() if not value or name in {*names, "before", "after"}]:
            del rest[name]
        for name, value in instead.items():
            rest[name] = value
        return rest.urlencode()


class ListForm(Asked):
    """What each list can be narrowed by, and what a page needs of the filters that are set."""

    since = forms.DateField(label="From", required=False, widget=forms.DateInput({"type": "date"}))
    until = forms.DateField(label="To, including", required=False, widget=forms.DateInput({"type": "date"}))
    asset = forms.ChoiceField(required=False, label="Paid with")
    network = forms.ChoiceField(required=False, label="On the network")

    OF: Export  # the file that has the same rows
    ADDABLE: Sequence[str] = ()  # the fields behind "Add a filter"
    APART: Sequence[str] = ("q", "sort")  # no chips: they have places of their own

    def __init__(self, asked: QueryDict, *, access: Access) -> None:
        super().__init__(asked)
        self.merchant = access.merchant
        known = [each for each in all_networks().values() if each.mode == access.mode]
        assets = sorted({symbol for each in known for symbol in each.assets})
        offer(self, "asset", [("", "Anything"), *((each, each) for each in assets)])
        offer(self, "network", [("", "Any"), *((each.id, each.name) for each in known)])

    def named(self, names: Mapping[str, str]) -> dict[str, Any]:
        """What is given of these fields, under the names that they are mapped to."""
        return {rule: self.given(name) for name, rule in names.items() if self.given(name) not in (None, "")}

    def paid_with(self) -> dict[str, str]:
        """The filter of sessions by asset and network, either of them or both."""
        asset, network = self.given("asset"), self.given("network")
        return {"paid_with": f"{asset or ''}:{network or ''}"} if asset or network else {}

    def days(self, first: str, after_last: str) -> dict[str, Any]:
        """When the days that were given begin and end by the business's clock, under these names."""
        since, until = self.given("since"), self.given("until")
        found = {first: _begins(since, self.merchant)} if since else {}
        if until:
            found[after_last] = _begins(min(until, LAST_DAY) + timedelta(days=1), self.merchant)
        return found

    def noted(self) -> list[str]:
        """The filters that are set, for the audit log: without what was typed, which may say who a buyer is."""
        return [
            name if isinstance(field, forms.CharField) else f"{name}={self.given(name)}"
            for name, field in self.fields.items()
            if self.given(name) not in (None, "")
        ]

    def chips(self) -> list[Chip]:
        """The filters that are set, each with what the list's address is without it."""
        return [
            Chip(str(field.label), _said(field, self.given(name)), self.without(name))
            for name, field in self.fields.items()
            if name not in self.APART and self.given(name) not in (None, "")
        ]

    def query(self) -> str:
        """What is set, for an address that is kept: without the page that was turned to."""
        return self.without()

    def addable(self) -> list[forms.BoundField]:
        """The fields behind "Add a filter"."""
        return [self[name] for name in self.ADDABLE]

    def kept(self) -> list[tuple[str, str]]:
        """What the form must carry along: it is set elsewhere."""
        elsewhere = set(self.APART) - set(self.ADDABLE)
        return [(name, value) for name, value in parse_qsl(self.query()) if name in elsewhere]

    def set_apart_from_words(self) -> list[tuple[str, str]]:
        """What the search box must carry along."""
        return parse_qsl(self.without_words())

    def without_words(self) -> str:
        """The query without what is looked for."""
        return self.without("q")


class Sorted(Asked):
    """Mixed into the form of a list whose columns sort."""

    sort = forms.ChoiceField(required=False, label="Sorted by")

    # Columns that sort, and how: as one first wants it, and turned round.
    COLUMNS: Mapping[str, tuple[Order, Order]]

    def __init__(self, asked: QueryDict, **given: Any) -> None:
        super().__init__(asked, **given)
        offer(self, "sort", [(each.value, each.value) for orders in self.COLUMNS.values() for each in orders])

    def order(self) -> Order:
        """How the list is sorted."""
        return Order(self.given("sort") or Order.NEWEST)

    def sorting(self) -> list[tuple[str, str, str]]:
        """For each column that sorts: its name, the query that sorts by it or turns it round, how it is sorted now."""
        now = self.order()
        way = "ascending" if now.rises else "descending"
        return [
            (
                column,
                self.without(sort=(turned if now == first else first).value),
                way if now in {first, turned} else "",
            )
            for column, (first, turned) in self.COLUMNS.items()
        ]


class OfAmounts(ListForm):
    """Mixed into the form of a list of amounts: how much of which currency."""

    least = NumberField(required=False, label="Amount from", max_digits=20, decimal_places=4, min_value=0)
    most = NumberField(required=False, label="Amount to", max_digits=20, decimal_places=4, min_value=0)
    currency = forms.ChoiceField(required=False, label="Currency", choices=ANY_CURRENCY)

    def of_amounts(self) -> dict[str, Any]:
        """What is given of it, as `list_sql` names it."""
        return self.named({"least": "amount_from", "most": "amount_to", "currency": "currency"})


def _begins(day: date, merchant: Merchant) -> datetime:
    """A day that nobody can mean is the nearest one."""
    return beginning(min(max(day, FIRST_DAY), LAST_DAY), merchant)


def _said(field: forms.Field, value: Any) -> str:
    """A value as a chip says it."""
    if isinstance(field, forms.ChoiceField):
        return str(dict(cast("Any", field.choices)).get(value, value))
    if isinstance(value, date):
        return f"{value:%-d %b %Y}"
    return f"{value:,f}" if isinstance(value, Decimal) else str(value)
