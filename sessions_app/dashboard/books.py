"""Dashboard pages of the books: a month's statement, and files of any days."""

import re
from collections.abc import Iterator, Mapping
from datetime import date
from typing import Any
from urllib.parse import urlencode

from django import forms
from django.http import HttpRequest, HttpResponse, QueryDict, StreamingHttpResponse
from django.http.response import HttpResponseBase
from django.utils import timezone
from typing_extensions import override

from merchants_app.audit import record
from merchants_app.businesses.days import local_day, next_month
from merchants_app.frame.access import Access, Power, for_members
from merchants_app.frame.pages import page
from merchants_app.frame.paging import lagging, may_lag, newest_first
from merchants_app.models import LAST_DAY
from sessions_app.books.downloads import Download
from sessions_app.books.exports import columns_of, file
from sessions_app.books.journal import journal
from sessions_app.books.statement import MONTHS_SHOWN, months_of, statement, table
from sessions_app.books.wishes import Export, Wish
from sessions_app.books.writing import Style, plain_table
from sessions_app.collecting.compared import compare_now_and_then, month_end
from sessions_app.dashboard.filters.payments import PaymentFilters
from sessions_app.dashboard.filters.refunds import RefundFilters
from sessions_app.dashboard.filters.sessions import SessionFilters
from sessions_app.models import LineKind
from sessions_app.models.book_line import OF_COLLECTIONS
from sessions_app.scope import SessionScope

_MONTH = re.compile(r"(2\d{3})-(0[1-9]|1[0-2])")
_DAY = re.compile(r"2\d{3}-(0[1-9]|1[0-2])-(0[1-9]|[12]\d|3[01])")
STATEMENT, JOURNAL = "statement", "journal"
_WORDS = {
    Export.PAYMENTS: "Payments: one line each, with rate and sources",
    Export.SESSIONS: "Sessions: one line each, with sums",
    Export.REFUNDS: "Refunds, with the fee",
    Export.COLLECTIONS: "Collections, with the fee",
    Export.LINES: "All movements: received, taken back, refunded, collected, fees",
    Export.EVENTS: "Events: what your shop was told",
    Export.CUSTOMERS: "Customers, by the day on which each was known",
    Export.AUDIT: "Audit log: who did what",
}
_List = SessionFilters | PaymentFilters | RefundFilters
_LISTS: Mapping[str, type[_List]] = {each.OF: each for each in (SessionFilters, PaymentFilters, RefundFilters)}
_OF_NO_ASSET = {Export.SESSIONS, Export.EVENTS, Export.CUSTOMERS, Export.AUDIT}
_STYLES = {
    "csv": ("CSV: 1234.50 and commas between", Style()),
    "csv-comma": ("CSV: 1234,50 and semicolons between", Style(has_comma=True)),
    "excel": ("CSV for Excel: 1234.50 and commas, marked as UTF-8", Style(has_mark=True)),
    "excel-comma": ("CSV for Excel: 1234,50 and semicolons, marked as UTF-8", Style(has_comma=True, has_mark=True)),
    "jsonl": ("JSON lines", Style(is_json=True)),
}
# A statement is a table to be read: no program asks for it line by line.
_TABLES = {name: (label, style) for name, (label, style) in _STYLES.items() if not style.is_json}


class ExportForm(forms.Form):
    """Which rows, of which days, written how."""

    what = forms.ChoiceField(choices=list(_WORDS.items()), initial=Export.PAYMENTS, widget=forms.RadioSelect)
    first = forms.DateField(label="From", widget=forms.DateInput(format="%Y-%m-%d", attrs={"type": "date"}))
    last = forms.DateField(label="To, including", widget=forms.DateInput(format="%Y-%m-%d", attrs={"type": "date"}))
    asset = forms.CharField(label="Only this asset (optional)", required=False, max_length=16)
    network = forms.CharField(label="Only this network (optional)", required=False, max_length=32)
    format = forms.ChoiceField(choices=[(name, label) for name, (label, _) in _STYLES.items()], initial="csv")
    is_final = forms.BooleanField(label="Only what is final", required=False)

    @override
    def clean(self) -> dict[str, Any]:
        cleaned = super().clean() or {}
        first, last = cleaned.get("first"), cleaned.get("last")
        if first and last and first > last:
            self.add_error("last", "This day is before the first one: take one that is not.")
        if last and last > LAST_DAY:
            self.add_error("last", "Nothing is booked so late: take today.")
        if cleaned.get("what") in _OF_NO_ASSET:
            for name in [name for name in ("asset", "network") if cleaned.get(name)]:
                self.add_error(name, f"A file of {cleaned['what']} cannot be narrowed by it: leave it empty.")
        return cleaned


@for_members(change=Power.EXPORT_BOOKS)
@may_lag
def statement_page(request: HttpRequest, access: Access) -> HttpResponse:
    """A month's two pots; `?month=2026-10`, else the last one that is over, else the present.

    A POST asks the networks' nodes whether they say the same, once a minute: of a closed month as it ended, else now.
    """
    now, merchant, mode = timezone.now(), access.merchant, access.mode
    months = months_of(merchant, mode, now)
    month = _month(request.GET.get("month", "")) or months[min(1, len(months) - 1)]
    of_month = statement(merchant, mode, month, now)
    asked = compare_now_and_then(merchant, mode, of_month) if request.method == "POST" else None
    compared = month_end(merchant, mode, of_month) if asked is None else asked
    return page(
        request,
        access,
        "books.html",
        months=sorted({*months[:MONTHS_SHOWN], month}),
        earlier=months[MONTHS_SHOWN:],
        present=months[0],
        statement=of_month,
        month_after=next_month(month),
        compared=compared,
        is_all_told=of_month.is_closed and compared is not None and all(each.found is not None for each in compared),
        is_too_soon=request.method == "POST" and asked is None,
        styles=[(name, label) for name, (label, _) in _TABLES.items()],
        now=now,
    )


@for_members()
@may_lag
def lines(request: HttpRequest, access: Access) -> HttpResponse:
    """The lines behind a statement: `?month=2026-10`, `?kind=received`, `?before=` older; or what `?tx=` collected."""
    month = _month(request.GET.get("month", "")) or local_day(timezone.now(), access.merchant).replace(day=1)
    booked, tx_hash = SessionScope.of(access).book_lines(), request.GET.get("tx", "")[:66]
    if tx_hash:
        rows = booked.filter(OF_COLLECTIONS, tx_hash=tx_hash)
    else:
        rows = booked.filter(booked_on__gte=month, booked_on__lt=next_month(month))
    kind = request.GET.get("kind", "")
    if kind in set(LineKind):
        rows = rows.filter(kind=kind)
    shown = newest_first(rows, request.GET, size=50)
    return page(
        request, access, "book_lines.html", shown=shown, month=month, kind=kind, kinds=LineKind.choices, tx_hash=tx_hash
    )


@for_members(change=Power.EXPORT_BOOKS)
def exports(request: HttpRequest, access: Access) -> HttpResponseBase:
    """The form; a POST answers with the file, and is noted in the audit log."""
    if request.method == "POST" and request.POST.get("what") in {STATEMENT, JOURNAL}:
        return _of_month(request, access)
    today = local_day(timezone.now(), access.merchant)
    this_month = {"first": today.replace(day=1), "last": today}
    own, rest = _split(request.GET)
    initial = this_month | _as_fields(own, rest.get("what"))
    form, narrowed = ExportForm(request.POST or None, initial=initial), _list_before(rest, access)
    if request.method == "POST" and form.is_valid():
        with lagging(request):
            return _file(access, form.cleaned_data, narrowed)
    made = SessionScope.of(access).audit_entries().filter(action="books.exported", mode=access.mode)[:5]
    shown = form.data.get("what") if form.is_bound else initial.get("what")
    what = Export(shown) if shown in set(Export) else Export.PAYMENTS
    wish = _wish(access, this_month | {"what": what})
    month = months_of(access.merchant, access.mode, timezone.now())[:2][-1]
    return page(
        request, access, "exports.html", form=form, made=made, columns=columns_of(wish), what=_WORDS[what], month=month,
        narrowed=narrowed, own=urlencode(own),
    )  # fmt: skip


def _split(asked: QueryDict) -> tuple[dict[str, str], QueryDict]:
    """A list's address: what the form has fields for, and what it has none for."""
    rest = asked.copy()
    names = ("since", "until") if asked.get("what") in _OF_NO_ASSET else ("since", "until", "asset", "network")
    return {name: rest.pop(name)[-1] for name in names if name in rest}, rest


def _as_fields(own: Mapping[str, str], what: str | None) -> dict[str, Any]:
    """The former as the form begins with it; it says itself what is wrong of it."""
    days = {"first": own.get("since", ""), "last": own.get("until", "")}
    found = {name: text for name, text in days.items() if _DAY.fullmatch(text)}
    found |= {name: own[name] for name in ("asset", "network") if own.get(name)}
    return found | ({"what": what} if what in set(Export) else {})


def _list_before(rest: QueryDict, access: Access) -> _List | None:
    """The list that led here, where it was narrowed by the latter."""
    filters = _LISTS.get(rest.get("what", ""))
    if filters is None:
        return None
    found = filters(rest, access=access)
    return found if found.wanted().is_narrowed else None


def _file(access: Access, asked: dict[str, Any], narrowed: _List | None) -> HttpResponseBase:
    wish, style = _wish(access, asked, narrowed), _STYLES[asked["format"]][1]
    pieces = Download(file(wish, style), business=access.merchant.pk)
    note = {"first": wish.first, "last": wish.last, "format": asked["format"], "asset": wish.asset}
    if narrowed and wish.among is not None:
        note["listed"] = narrowed.noted()
    _noted(access, wish.what, **note)
    name = f"{wish.what}-{wish.first}-{wish.last}"
    return _download(pieces, name=f"{name}.{style.ending}", kind=style.content_type)


def _of_month(request: HttpRequest, access: Access) -> HttpResponseBase:
    what, now = request.POST["what"], timezone.now()
    month = _month(request.POST.get("month", "")) or local_day(now, access.merchant).replace(day=1)
    name = f"{what}-{month:%Y-%m}"
    if what == JOURNAL:
        pieces = Download(journal(access.merchant, access.mode, month), business=access.merchant.pk)
        _noted(access, what, month=f"{month:%Y-%m}")
        return _download(pieces, name=f"{name}.beancount", kind="text/plain; charset=utf-8")
    _, style = _TABLES.get(request.POST.get("format", ""), _TABLES["csv"])
    rows = table(statement(access.merchant, access.mode, month, now))
    _noted(access, what, month=f"{month:%Y-%m}")
    return _download(plain_table(rows, style), name=f"{name}.csv", kind="text/csv; charset=utf-8")


def _wish(access: Access, asked: dict[str, Any], narrowed: _List | None = None) -> Wish:
    return Wish(
        merchant=access.merchant,
        mode=access.mode,
        what=Export(asked["what"]),
        first=asked["first"],
        last=asked["last"],
        is_final=asked.get("is_final", False),
        asset=asked.get("asset", "").strip(),
        network=asked.get("network", "").strip(),
        shows_addresses=access.may(Power.HANDLE_SESSIONS),
        among=narrowed.keys(SessionScope.of(access)) if narrowed and asked["what"] == narrowed.OF else None,
    )


def _noted(access: Access, what: str, **detail: Any) -> None:
    record(merchant=access.merchant, mode=access.mode, actor=access.actor, action="books.exported", subject=what,
           **detail)  # fmt: skip


def _download(pieces: Iterator[bytes], *, name: str, kind: str) -> HttpResponseBase:
    headers = {"Content-Disposition": f'attachment; filename="{name}"', "Cache-Control": "no-store"}
    return StreamingHttpResponse(pieces, content_type=kind, headers=headers)


def _month(text: str) -> date | None:
    found = _MONTH.fullmatch(text)
    return date(int(found[1]), int(found[2]), 1) if found and int(found[1]) else None
