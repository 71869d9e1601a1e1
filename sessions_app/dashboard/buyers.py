"""Dashboard page of one buyer's data: what is kept, as a download, and erasing it."""

from typing import Any

from django import forms
from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect

from common.api.exact_json import dumps
from common.errors import DomainError
from merchants_app.frame.access import Access, Power, for_members
from merchants_app.frame.forms import refuse
from merchants_app.frame.pages import page
from sessions_app.answers.export import BuyerExport
from sessions_app.buyers.erasing import erase_buyer, why_needed
from sessions_app.buyers.export import export_buyer
from sessions_app.models import Customer
from sessions_app.scope import SessionScope


class BuyerForm(forms.Form):
    """Whom it is about. Sent by POST: an address in a URL would lie in histories and logs."""

    email = forms.EmailField(
        label="The buyer's e-mail address", max_length=254, widget=forms.EmailInput({"autocomplete": "off"})
    )


class EraseForm(BuyerForm):
    """… and that it is meant."""

    sure = forms.BooleanField(
        label="I understand that nobody can bring it back",
        error_messages={"required": "Tick this first: what is erased cannot be brought back."},
    )


@for_members(change=Power.HANDLE_BUYERS)
def privacy(request: HttpRequest, access: Access) -> HttpResponse:
    """Asks for an address; a POST shows what is kept, hands it out (`act=export`) or erases it (`act=erase`)."""
    act = request.POST.get("act", "look")
    form = BuyerForm(request.POST if request.method == "POST" else None)
    if not form.is_valid():
        return page(request, access, "privacy.html", form=form)
    try:
        buyer = SessionScope.of(access).buyer(form.cleaned_data["email"])
    except DomainError as error:
        refuse(form, error)
        return page(request, access, "privacy.html", form=form)
    if act == "export":
        return _download(export_buyer(buyer), f"buyer-{buyer.public_id}.json")
    erase = EraseForm(request.POST if act == "erase" else None, initial={"email": buyer.email})
    if erase.is_valid():
        try:
            sessions = erase_buyer(buyer, actor=access.actor)
        except DomainError as error:
            refuse(erase, error)
        else:
            of = "1 session" if sessions == 1 else f"{sessions} sessions"
            messages.success(request, f"Erased: {buyer.public_id} with {of}. Amounts and transactions stay.")
            return redirect("dashboard:privacy", at=access.at)
    return page(request, access, "privacy.html", form=form, erase=erase, **_shown(buyer))


def _shown(buyer: Customer) -> dict[str, Any]:
    kept = export_buyer(buyer)
    counts = [
        ("Sessions", len(kept.sessions)),
        ("Events that tell of them", len(kept.events)),
        ("Lines of the audit log", len(kept.audit_lines)),
    ]
    return {"buyer": buyer, "counts": counts, "waits_for": why_needed(buyer)}


def _download(value: BuyerExport, name: str) -> HttpResponse:
    headers = {"Content-Disposition": f'attachment; filename="{name}"', "Cache-Control": "no-store"}
    return HttpResponse(dumps(value), content_type="application/json", headers=headers)
