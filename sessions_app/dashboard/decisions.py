"""Dashboard pages of the decision queue: what is odd, what is suggested, one click, and a minute to take it back."""

from collections.abc import Callable
from typing import Any

from django import forms
from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.utils import timezone
from django.utils.http import url_has_allowed_host_and_scheme

from common.errors import DomainError
from merchants_app.frame.access import Access, Power, for_members
from merchants_app.frame.forms import TransactionField
from merchants_app.frame.pages import page
from merchants_app.frame.paging import newest_first
from merchants_app.models import WhenToWrite
from merchants_app.people.letters import letters_to, write_to
from sessions_app.dashboard.letters import save_letters
from sessions_app.errors import WrongDecision
from sessions_app.models import CheckoutSession
from sessions_app.paying.second_thoughts import decide_soon, take_back
from sessions_app.reading.decided import count_by_issue, taken_a_moment_ago
from sessions_app.reading.decided import decided as all_decided
from sessions_app.reading.queries import unanswered, undecided_page
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
    """The oldest first: what waits longest is what buyers wait for. `?issue=` one kind, `?after=` where to go on."""
    scope, issue = SessionScope.of(access), request.GET.get("issue", "")
    chosen = Issue(issue) if issue in Issue.values else None
    waiting, rest = undecided_page(unanswered(scope, chosen), limit=SHOWN, after=request.GET.get("after"))
    return page(
        request,
        access,
        "decisions.html",
        rows=[(session, decisions_for(session)) for session in waiting],
        rest=rest,
        chosen=chosen,
        counts=count_by_issue(scope),
        pending=taken_a_moment_ago(scope),
        letters_now=letters_to(access.user, access.merchant),
        letters_choices=WhenToWrite.choices,
    )


@for_members()
def decided(request: HttpRequest, access: Access) -> HttpResponse:
    """What was decided, the newest first."""
    scope = SessionScope.of(access)
    shown = newest_first(all_decided(scope), request.GET, size=SHOWN)
    return page(request, access, "decided.html", shown=shown, counts=count_by_issue(scope))


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
    return _back(request, access, session_id)


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

    taken, refused = _each_case(request, take)
    if taken:
        words = f"Decided: {taken}. Your shop is told in a minute; until then you can take it back."
        messages.success(request, words)
    elif not refused:
        messages.error(request, "Choose at least one payment from the list.")
    return redirect("dashboard:decisions", at=access.at)


@for_members(see=None, change=Power.HANDLE_SESSIONS)
def undo(request: HttpRequest, access: Access) -> HttpResponse:
    """Takes back the decisions about the sessions that are sent as `case`."""
    scope = SessionScope.of(access)
    back, _refused = _each_case(request, lambda session_id: take_back(scope.session(session_id)))
    if back:
        messages.success(request, f"Taken back: {back}. As if nothing had been decided.")
    return _back(request, access, request.POST.get("case", ""))


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


def _each_case(request: HttpRequest, act: Callable[[str], None]) -> tuple[int, int]:
    """Does it with each `case` that was sent, and says which were refused, and why; how many were done, and not."""
    done = refused = 0
    for case in request.POST.getlist("case")[:SEVERAL]:
        try:
            act(case)
            done += 1
        except DomainError as refusal:
            refused += 1
            messages.error(request, f"{case.partition(' ')[0][:60]}: {refusal.detail}")
    return done, refused


def _back(request: HttpRequest, access: Access, session_id: str) -> HttpResponse:
    back = request.POST.get("next", "")
    if back.startswith("/") and url_has_allowed_host_and_scheme(back, allowed_hosts=None):
        return redirect(back)
    return redirect("dashboard:session", at=access.at, session_id=session_id)
