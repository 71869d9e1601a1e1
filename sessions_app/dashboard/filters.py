"""What the dashboard's lists can be narrowed by: read from the address, shown as chips, sent to the one rule."""

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from decimal import Decimal
from typing import Any, cast
from urllib.parse import parse_qsl

from django import forms
from django.db.models import QuerySet
from django.db.models.expressions import RawSQL
from django.http import QueryDict
from django.utils import timezone

from chains_app.networks.networks import all_networks
from common.money import CURRENCIES
from merchants_app.frame.access import Access
from merchants_app.frame.forms import NumberField, offer
from merchants_app.models import FIRST_DAY, LAST_DAY
from sessions_app.books.wishes import Export
from sessions_app.models import Payment, PaymentLink, Refund
from sessions_app.reading.list_sql import Order
from sessions_app.reading.listing import Wanted, all_listed
from sessions_app.reading.payment_list import PaymentState, WantedPayments, all_payments_listed
from sessions_app.reading.refund_list import RefundState, WantedRefunds, all_refunds_listed
from sessions_app.scope import SessionScope
from sessions_app.status import Issue, PaymentStatus, Status

_CURRENCIES = [("", "Any"), *((each, each) for each in sorted(CURRENCIES))]
_LINK = re.compile(r"pl_[0-9a-z]{1,40}")
# Columns that sort, and how: as one first wants it, and turned round.
_COLUMNS = {"created": (Order.NEWEST, Order.OLDEST), "amount": (Order.LARGEST, Order.SMALLEST)}


@dataclass(frozen=True, slots=True)
class Chip:
    """A filter that is set: what it narrows by, and the query without it."""

    label: str
    value: str
    without: str


class ListForm(forms.Form):
    """What both lists can be narrowed by, and what a page needs of the filters that are set."""

    q = forms.CharField(required=False, max_length=200, label="Words")
    since = forms.DateField(label="From", required=False, widget=forms.DateInput({"type": "date"}))
    until = forms.DateField(label="To, including", required=False, widget=forms.DateInput({"type": "date"}))
    asset = forms.ChoiceField(required=False, label="Paid with")
    network = forms.ChoiceField(required=False, label="On the network")

    OF: Export  # the file that has the same rows
    ADDABLE: Sequence[str] = ()  # the fields behind "Add a filter"
    APART: Sequence[str] = ("q", "sort")  # no chips: they have places of their own

    def __init__(self, asked: QueryDict, *, access: Access) -> None:
        super().__init__(asked)
        self.asked = asked
        known = [each for each in all_networks().values() if each.mode == access.mode]
        assets = sorted({symbol for each in known for symbol in each.assets})
        offer(self, "asset", [("", "Anything"), *((each, each) for each in assets)])
        offer(self, "network", [("", "Any"), *((each.id, each.name) for each in known)])

    def given(self, name: str) -> Any:
        """What was given rightly; None or empty otherwise."""
        return self.cleaned_data.get(name) if self.is_valid() or name not in self.errors else None

    def days(self, first: str, after_last: str) -> dict[str, datetime]:
        """When the days that were given begin and end by the business's clock, under these names."""
        since, until = self.given("since"), self.given("until")
        found = {first: _begins(since)} if since else {}
        return found | ({after_last: _begins(min(until, LAST_DAY) + timedelta(days=1))} if until else {})

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

    def without(self, *names: str, **instead: str) -> str:
        """The query without these, without what is empty, and from the first page on."""
        rest = self.asked.copy()
        for name in [name for name, value in rest.items() if not value or name in {*names, "before", "after"}]:
            del rest[name]
        for name, value in instead.items():
            rest[name] = value
        return rest.urlencode()

    def addable(self) -> list[forms.BoundField]:
        """The fields behind "Add a filter"."""
        return [self[name] for name in self.ADDABLE]

    def kept(self) -> list[tuple[str, str]]:
        """What the form must carry along: it is set elsewhere."""
        return [(name, value) for name, value in parse_qsl(self.query()) if name in {"q", "sort"}]

    def set_apart_from_words(self) -> list[tuple[str, str]]:
        """What the search box must carry along."""
        return parse_qsl(self.without_words())

    def without_words(self) -> str:
        """The query without what is looked for."""
        return self.without("q")


class PaymentFilters(ListForm):
    """Of the list of payments."""

    state = forms.ChoiceField(required=False, label="State", choices=[("", "Any"), *PaymentState.choices])
    least = NumberField(required=False, label="Worth from", max_digits=20, decimal_places=4, min_value=0)
    most = NumberField(required=False, label="Worth to", max_digits=20, decimal_places=4, min_value=0)
    currency = forms.ChoiceField(required=False, label="In the currency", choices=_CURRENCIES)
    sort = forms.ChoiceField(required=False, choices=[(each, each) for each in (Order.NEWEST, Order.OLDEST)])

    OF = Export.PAYMENTS
    ADDABLE = ("state", "asset", "network", "since", "until", "least", "most", "currency")

    def wanted(self) -> WantedPayments:
        """All of it for the rule."""
        state = self.given("state")
        return WantedPayments(
            state=PaymentState(state) if state else None,
            asset=self.given("asset") or "",
            network=self.given("network") or "",
            least=self.given("least"),
            most=self.given("most"),
            currency=self.given("currency") or "",
            text=self.given("q") or "",
            oldest_first=self.given("sort") == Order.OLDEST,
            **self.days("since", "before"),
        )

    def keys(self, scope: SessionScope) -> QuerySet[Payment, int]:
        """Of all that it lists. Raises TooManyFound."""
        return all_payments_listed(scope, self.wanted())

    def sorting(self) -> tuple[str, str]:
        """The query that turns the order round, and how it is now."""
        is_oldest = self.given("sort") == Order.OLDEST
        turned = Order.NEWEST if is_oldest else Order.OLDEST
        return self.without(sort=turned.value), "ascending" if is_oldest else "descending"


class RefundFilters(ListForm):
    """Of the list of refunds."""

    state = forms.ChoiceField(required=False, label="State", choices=[("", "Any"), *RefundState.choices])

    OF = Export.REFUNDS
    ADDABLE = ("state", "asset", "network", "since", "until")

    def wanted(self) -> WantedRefunds:
        """All of it for the rule."""
        state = self.given("state")
        return WantedRefunds(
            state=RefundState(state) if state else None,
            asset=self.given("asset") or "",
            network=self.given("network") or "",
            text=self.given("q") or "",
            **self.days("since", "before"),
        )

    def keys(self, scope: SessionScope) -> QuerySet[Refund, int]:
        """Of all that it lists. Raises TooManyFound."""
        return all_refunds_listed(scope, self.wanted())


class SessionFilters(ListForm):
    """Of the list of sessions."""

    OF = Export.SESSIONS
    APART = ("q", "sort", "key", "value")
    status = forms.ChoiceField(required=False, label="Status", choices=[("", "Any"), *Status.choices])
    payment_status = forms.ChoiceField(required=False, label="Paid", choices=[("", "Any"), *PaymentStatus.choices])
    issue = forms.ChoiceField(
        required=False,
        label="What is odd",
        choices=[("", "Any or nothing"), ("any", "Anything"), ("waits", "Waits for a decision"), *Issue.choices],
    )
    reached = forms.ChoiceField(
        required=False,
        label="Came as far as",
        choices=[("", "Any"), ("opened", "Page opened"), ("picked", "Asset picked")],
    )
    least = NumberField(required=False, label="Amount from", max_digits=20, decimal_places=4, min_value=0)
    most = NumberField(required=False, label="Amount to", max_digits=20, decimal_places=4, min_value=0)
    currency = forms.ChoiceField(required=False, label="Currency", choices=_CURRENCIES)
    reference = forms.CharField(required=False, max_length=200, label="Order number, whole")
    email = forms.CharField(required=False, max_length=254, label="Buyer's e-mail address")
    customer = forms.CharField(required=False, max_length=60, label="Customer's id (cus_…)")
    link = forms.ChoiceField(required=False, label="Payment link")
    key = forms.CharField(required=False, max_length=100, label="Metadata: name")
    value = forms.CharField(required=False, max_length=200, label="Metadata: value")
    sort = forms.ChoiceField(required=False, label="Sorted by", choices=[(each.value, each.value) for each in Order])

    ADDABLE = (
        "status", "issue", "payment_status", "reached", "since", "until", "least", "most", "currency", "asset",
        "network", "link", "customer", "email", "reference", "key", "value",
    )  # fmt: skip
    _PLAIN: Mapping[str, str] = {
        "status": "status", "payment_status": "payment_status", "currency": "currency", "reference": "reference",
        "email": "email", "customer": "customer_id", "link": "payment_link", "least": "amount_from",
        "most": "amount_to",
    }  # fmt: skip

    def __init__(self, asked: QueryDict, *, access: Access, links: Iterable[PaymentLink]) -> None:
        super().__init__(asked, access=access)
        names = [(each.public_id, each.product_name) for each in links]
        wanted = asked.get("link", "")
        if _LINK.fullmatch(wanted) and wanted not in dict(names):
            names.append((wanted, wanted))  # an older one than are listed
        offer(self, "link", [("", "Any or none"), *names])

    def keys(self, scope: SessionScope) -> RawSQL:
        """Of all that it lists. Raises TooManyFound."""
        return all_listed(scope, self.wanted())

    def sorting(self) -> list[tuple[str, str, str]]:
        """For each column that sorts: its name, the query that sorts by it or turns it round, how it is sorted now."""
        present = self.given("sort") or Order.NEWEST
        return [
            (
                column,
                self.without(sort=rising.value if present == falling else falling.value),
                {falling: "descending", rising: "ascending"}.get(Order(present), ""),
            )
            for column, (falling, rising) in _COLUMNS.items()
        ]

    def wanted(self) -> Wanted:
        """All of it for the rule."""
        filters = {rule: self.given(name) for name, rule in self._PLAIN.items() if self.given(name) not in (None, "")}
        filters |= self.days("created_from", "created_before")
        match self.given("issue"):
            case None | "":
                pass
            case "any":
                filters["any_issue"] = True
            case "waits":
                filters["needs_decision"] = True
            case issue:
                filters["issue"] = issue
        if self.given("reached"):
            filters[self.given("reached")] = True
        if self.given("asset") or self.given("network"):
            filters["paid_with"] = f"{self.given('asset') or ''}:{self.given('network') or ''}"
        metadata = {self.given("key"): self.given("value")} if self.given("key") and self.given("value") else {}
        return Wanted(
            filters=filters,
            metadata=metadata,
            text=self.given("q") or "",
            order=Order(self.given("sort") or Order.NEWEST),
        )

    def chips(self) -> list[Chip]:
        """With the one of metadata, which is two fields."""
        named = [Chip(*each, self.without("key", "value")) for each in self.wanted().metadata.items()]
        return [*super().chips(), *named]


def _begins(day: date) -> datetime:
    """By the clock that is in force on the page: the business's. A day that nobody can mean is the nearest one."""
    day = min(max(day, FIRST_DAY), LAST_DAY)
    return datetime.combine(day, time(), timezone.get_current_timezone())


def _said(field: forms.Field, value: Any) -> str:
    """A value as a chip says it."""
    if isinstance(field, forms.ChoiceField):
        return str(dict(cast("Any", field.choices)).get(value, value))
    if isinstance(value, date):
        return f"{value:%-d %b %Y}"
    return f"{value:,f}" if isinstance(value, Decimal) else str(value)
