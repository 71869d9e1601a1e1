"""The dashboard's first page: how it stands, what needs somebody, then everything else; at first, what to do."""

from collections.abc import Sequence
from dataclasses import dataclass

from django.http import HttpRequest, HttpResponse
from django.urls import reverse
from django.utils import timezone

from merchants_app.frame.access import Access, Power, for_members
from merchants_app.frame.pages import page
from merchants_app.treasuries.treasuries import treasury_for
from sessions_app.figures.chart import chart_of
from sessions_app.figures.income import MOST_DAILY_BARS, income_of
from sessions_app.figures.needs import MOST_COUNTED, needs_of
from sessions_app.figures.ranges import OFFERED, asked, named
from sessions_app.figures.running import running
from sessions_app.figures.way import Way, way_of
from sessions_app.models import CheckoutSession
from sessions_app.scope import SessionScope
from sessions_app.state.representation import page_url
from sessions_app.status import Status

_LATEST = 8
# What was paid with, by `?by=`: its words, and the fields of the list of payments that a share is narrowed by.
_GROUPINGS = {
    "option": ("Asset and network", ("asset", "network")), "asset": ("Asset", ("asset",)),
    "network": ("Network", ("network",)), "currency": ("Currency", ("currency",)),
}  # fmt: skip


@for_members()
def overview(request: HttpRequest, access: Access) -> HttpResponse:
    """`?range=`, or `?from=` and `?to=`: the days that it is about. `?by=`: how what it was paid with is grouped."""
    now, scope = timezone.now(), SessionScope.of(access)
    latest = list(scope.sessions()[:_LATEST])
    steps = _first_steps(access, scope, latest)
    if not latest:
        has_endpoint = scope.endpoints().exists()
        return page(request, access, "overview_first.html", steps=steps, has_endpoint=has_endpoint)
    today = timezone.localdate(now)
    days, by = asked(request.GET, today=today), request.GET.get("by", "")
    by = by if by in _GROUPINGS else "option"
    income, way = income_of(access.merchant, access.mode, days), way_of(access.merchant, access.mode, days)
    return page(
        request,
        access,
        "overview.html",
        now=now,
        days=days,
        ranges=[named(each, today=today) for each in OFFERED],
        income=income,
        today=income.received_on(today),
        chart=chart_of(income.buckets),
        daily_at_most=MOST_DAILY_BARS,
        needs=needs_of(scope, now),
        most_counted=MOST_COUNTED,
        running=running(scope, now),
        way=way,
        way_steps=_steps_of(way),
        groupings=[(words, _query(request, by=name), name == by) for name, (words, _) in _GROUPINGS.items()],
        shares=[
            (share, dict(zip(_GROUPINGS[by][1], share.name, strict=True))) for share in getattr(income, f"by_{by}")
        ],
        rows=reverse("dashboard:payments", kwargs={"at": access.at}),
        latest=latest,
        steps=steps,
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class _FirstSteps:
    """Which of the four steps to the first paid session are done; the last one never is."""

    treasury: bool
    key: bool
    session: bool
    pay_url: str

    @property
    def done(self) -> int:
        return self.treasury + self.key + self.session


def _first_steps(access: Access, scope: SessionScope, latest: Sequence[CheckoutSession]) -> _FirstSteps | None:
    """None once somebody has paid."""
    if any(each.completed_at for each in latest) or scope.sessions().filter(status=Status.COMPLETED).exists():
        return None
    newest = next((each for each in latest if each.status == Status.OPEN), None)
    return _FirstSteps(
        treasury=treasury_for(scope.merchant, scope.mode, timezone.now()) is not None,
        key=scope.keys().filter(revoked_at=None).exists(),
        session=bool(latest),
        pay_url=page_url(newest) if newest and access.may(Power.HANDLE_SESSIONS) else "",
    )


def _steps_of(way: Way) -> list[tuple[str, int, str]]:
    """Label, how many, and what the list of sessions is narrowed by beside the days."""
    return [
        ("Created", way.created, ""),
        ("Page opened", way.opened, "&reached=opened"),
        ("Asset picked", way.picked, "&reached=picked"),
        ("Paid", way.paid, "&status=completed"),
    ]


def _query(request: HttpRequest, *, by: str) -> str:
    """This page's address with another grouping."""
    kept = request.GET.copy()
    kept["by"] = by
    return f"?{kept.urlencode()}"
