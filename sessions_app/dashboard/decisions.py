"""Dashboard pages of the decision queue: what is odd, what is suggested, one click, and a minute to take it back."""

from collections.abc import Callable, Sequence
from typing import Any

from django import forms
from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.urls import reverse
from django.utils import timezone
from django.utils.http import url_has_allowed_host_and_scheme

from common.errors import DomainError
from merchants_app.frame.access import Access, Power, for_members
from merchants_app.frame.forms import TransactionField
from merchants_app.frame.pages import page
from merchants_app.frame.paging import newest_first
from merchants_app.models import WhenToWrite
from merchants_app.people.letters import letters_to, write_to
from sessions_app.dashboard.filters.decisions import DecidedFilters, WaitingFilters
from sessions_app.dashboard.letters import save_letters
from sessions_app.errors import WrongDecision
from sessions_app.models import CheckoutSession
from sessions_app.paying.second_thoughts import decide_soon, take_back
from sessions_app.reading.decided import count_by_issue, taken_a_moment_ago, waiting
from sessions_app.reading.decided import decided as all_decided
from sessions_app.reading.queries import undecided_page
from sessions_app.reading.session_page import decisions_for
from sessions_app.scope import SessionScope
from sessions_app.status import DecisionKind, Issue

SHOWN = 20  # each with its forms: 4 ms of Python
SEVERAL = 200  # decided at once, at most: a page's worth and some


class DecisionForm(forms.Form):
    """A decision as the buttons send it."""

    kind = forms.ChoiceField(choices=DecisionKind.choices)
    tx_hash = TransactionField(required=False, label="Refund's transaction")
    note = forms.CharField(max_length=500, required=False)
    # What the page showed: nothing else is decided on.
    issue = forms.ChoiceField(choices=Issue.choices)
    payments = forms.CharField(max_length=100_000)


@for_members()
def decisions(request: HttpRequest, access: Access) -> HttpResponse:
    """The oldest first: what waits longest is what buyers wait for. `?issue=` one kind, and the other filters;
    `?after=` and `?before=` where to go on, or back.
    """
    scope, form = SessionScope.of(access), WaitingFilters(request.GET, access=access)
    wanted, places = form.wanted(), {name: request.GET.get(name) for name in ("after", "before")}
    queue = undecided_page(waiting(scope, wanted), limit=SHOWN, **places)
    if any(places.values()) and not queue.sessions:
        return redirect(f"{request.path}?{form.query()}")  # all of the last page is decided: others may wait before it
    return page(
        request,
        access,
        "decisions.html",
        form=form,
        wanted=wanted,
        rows=[(session, decisions_for(session)) for session in queue.sessions],
        queue=queue,
        chosen=wanted.issue,
        counts=count_by_issue(scope),
        pending=taken_a_moment_ago(scope),
        letters_now=letters_to(access.user, access.merchant),
        letters_choices=WhenToWrite.choices,
    )


@for_members()
def decided(request: HttpRequest, access: Access) -> HttpResponse:
    """What was decided, the newest first, as the filters say."""
    scope, form = SessionScope.of(access), DecidedFilters(request.GET, access=access)
    wanted = form.wanted()
    listed = all_decided(scope, wanted)
    shown = newest_first(listed.decisions, request.GET, size=SHOWN)
    counts = count_by_issue(scope)
    return page(request, access, "decided.html", form=form, wanted=wanted, listed=listed, shown=shown, counts=counts)


@for_members(see=None, change=Power.HANDLE_SESSIONS)
def decide(request: HttpRequest, access: Access, session_id: str) -> HttpResponse:
    """Takes a decision, then goes back to the page it was taken on (`next`)."""
    found = SessionScope.of(access).session(session_id)
    form = DecisionForm(request.POST)
    if form.is_valid():
        _take(found, access, **form.cleaned_data)
        messages.success(request, "Decided. Your shop is told in a minute; until then you can take it back.")
    else:
        messages.error(request, " ".join(str(error) for errors in form.errors.values() for error in errors))
    return _back(request, reverse("dashboard:session", args=[access.at, session_id]))


@for_members(see=None, change=Power.HANDLE_SESSIONS)
def decide_several(request: HttpRequest, access: Access) -> HttpResponse:
    """The same answer for all that were chosen. Each is sent as `case`: its id, its issue, and the payments shown."""
    scope = SessionScope.of(access)

    def take(case: str) -> None:
        session_id, issue, payments = [*case.split(" ", 2), "", ""][:3]
        form = DecisionForm({"kind": request.POST.get("kind"), "issue": issue, "payments": payments})
        if not form.is_valid():
            raise WrongDecision("choose it again from the list, and an answer.")
        _take(scope.session(session_id), access, **form.cleaned_data)

    taken, refused = _each_case(request, request.POST.getlist("case")[:SEVERAL], take)
    if taken:
        words = f"Decided: {taken}. Your shop is told in a minute; until then you can take it back."
        messages.success(request, words)
    elif not refused:
        messages.error(request, "Choose at least one payment from the list.")
    return _back(request, reverse("dashboard:decisions", args=[access.at]))


@for_members(see=None, change=Power.HANDLE_SESSIONS)
def undo(request: HttpRequest, access: Access) -> HttpResponse:
    """Takes back the decisions about the sessions that are sent as `case`."""
    scope = SessionScope.of(access)
    cases = request.POST.getlist("case")
    back, _refused = _each_case(request, cases, lambda session_id: take_back(scope.session(session_id)))
    if back:
        messages.success(request, f"Taken back: {back}. As if nothing had been decided.")
    return _back(request, reverse("dashboard:decisions", args=[access.at]))


@for_members(see=None, change=Power.HANDLE_SESSIONS)
def letters(request: HttpRequest, access: Access) -> HttpResponse:
    """When the member is written to about what waits."""

    def write(wanted: WhenToWrite) -> None:
        write_to(access.user, access.merchant, letters=wanted)

    return save_letters(request, access, about="about decisions that wait", write=write, page="decisions")


def _take(session: CheckoutSession, access: Access, *, kind: str, payments: str, **rest: Any) -> None:
    decide_soon(
        session=session,
        kind=DecisionKind(kind),
        actor=access.actor,
        payments=payments.split(),
        now=timezone.now(),
        **rest,
    )


def _each_case(request: HttpRequest, cases: Sequence[str], act: Callable[[str], None]) -> tuple[int, int]:
    """Does it with each, and says which were refused, and why; how many were done, and not."""
    done = refused = 0
    for case in cases:
        try:
            act(case)
            done += 1
        except DomainError as refusal:
            refused += 1
            messages.error(request, f"{case.partition(' ')[0][:60]}: {refusal.detail}")
    return done, refused


def _back(request: HttpRequest, otherwise: str) -> HttpResponse:
    back = request.POST.get("next", "")
    is_here = back.startswith("/") and url_has_allowed_host_and_scheme(back, allowed_hosts=None)
    return redirect(back if is_here else otherwise)
