"""Dashboard page of the decision queue: what is odd, what is suggested, one click."""

from django import forms
from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.utils.http import url_has_allowed_host_and_scheme

from common.keyset import first_of
from merchants_app.frame.access import Access, Power, for_members
from merchants_app.frame.pages import page
from sessions_app.paying.decisions import decide as take_decision
from sessions_app.reading.queries import undecided
from sessions_app.reading.session_page import decisions_for
from sessions_app.scope import SessionScope
from sessions_app.status import DecisionKind, Issue

SHOWN = 50


class DecisionForm(forms.Form):
    """A decision as the buttons send it."""

    kind = forms.ChoiceField(choices=DecisionKind.choices)
    tx_hash = forms.RegexField(
        r"^0x[0-9a-fA-F]{64}$",
        required=False,
        strip=True,
        label="Refund's transaction",
        error_messages={"invalid": "A transaction hash is 0x and 64 characters 0-9, a-f."},
    )
    note = forms.CharField(max_length=500, required=False)
    # What the page showed: nothing else is decided on.
    issue = forms.ChoiceField(choices=Issue.choices)
    payments = forms.CharField(max_length=100_000)


@for_members()
def decisions(request: HttpRequest, access: Access) -> HttpResponse:
    """The oldest first: what waits longest is what buyers wait for."""
    waiting, more = first_of(undecided(SessionScope.of(access)), SHOWN)
    rows = [(session, decisions_for(session)) for session in waiting]
    return page(request, access, "decisions.html", rows=rows, has_more=more)


@for_members(see=None, change=Power.HANDLE_SESSIONS)
def decide(request: HttpRequest, access: Access, session_id: str) -> HttpResponse:
    """Takes a decision, then goes back to the page it was taken on (`next`)."""
    found = SessionScope.of(access).session(session_id)
    form = DecisionForm(request.POST)
    if form.is_valid():
        kind = DecisionKind(form.cleaned_data.pop("kind"))
        payments = form.cleaned_data.pop("payments").split()
        take_decision(session=found, kind=kind, actor=access.actor, payments=payments, **form.cleaned_data)
        messages.success(request, f"Decided: {kind.label.lower()}.")
    else:
        messages.error(request, " ".join(str(error) for errors in form.errors.values() for error in errors))
    back = request.POST.get("next", "")
    if url_has_allowed_host_and_scheme(back, allowed_hosts=None):
        return redirect(back)
    return redirect("dashboard:session", at=access.at, session_id=session_id)
