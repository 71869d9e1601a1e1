"""What the team notes on a session's page."""

from django import forms
from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.utils import timezone

from merchants_app.frame.access import Access, Power, for_members
from merchants_app.frame.forms import once
from sessions_app.models import LONGEST_NOTE, CheckoutSession
from sessions_app.scope import SessionScope
from sessions_app.selling import notes


class NoteForm(forms.Form):
    """A note's text."""

    text = forms.CharField(
        max_length=LONGEST_NOTE, error_messages={"required": "Write something first: the note was empty."}
    )


@for_members(see=None, change=Power.HANDLE_SESSIONS)
def add(request: HttpRequest, access: Access, session_id: str) -> HttpResponse:
    """Keeps a note."""
    session, form = SessionScope.of(access).session(session_id), NoteForm(request.POST)
    if form.is_valid():
        once(request, access, lambda: _noted(session, form.cleaned_data["text"], access))
        messages.success(request, "Noted.")
    else:
        messages.error(request, " ".join(map(str, form.errors["text"])))
    return redirect("dashboard:session", at=access.at, session_id=session_id)


def _noted(session: CheckoutSession, text: str, access: Access) -> str:
    notes.add_note(session, text=text, actor=access.actor, now=timezone.now())
    return ""


@for_members(see=None, change=Power.HANDLE_SESSIONS)
def remove(request: HttpRequest, access: Access, session_id: str, note_id: int) -> HttpResponse:
    """Removes one for good."""
    notes.remove_note(SessionScope.of(access).session(session_id), note_id=note_id, actor=access.actor)
    messages.success(request, "The note is removed.")
    return redirect("dashboard:session", at=access.at, session_id=session_id)
