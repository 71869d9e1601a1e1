"""Lists that somebody keeps for themselves: saved under a name, and removed."""

from urllib.parse import parse_qsl, urlencode

from django import forms
from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.urls import reverse

from merchants_app.frame.access import Access, Power, for_members
from sessions_app.models import ViewOf
from sessions_app.reading.saved_views import save_view
from sessions_app.scope import SessionScope


class ViewForm(forms.Form):
    """A name for a list as its address has it."""

    name = forms.CharField(max_length=60)
    of = forms.ChoiceField(choices=ViewOf.choices)
    query = forms.CharField(max_length=2000, required=False)

    def clean_query(self) -> str:
        """Nothing but names and values, written anew."""
        query = urlencode(parse_qsl(self.cleaned_data["query"]))
        self.fields["query"].run_validators(query)
        return query


@for_members(see=None, change=Power.LOOK)
def save(request: HttpRequest, access: Access) -> HttpResponse:
    """Keeps the list that is looked at, for whoever looks."""
    form = ViewForm(request.POST)
    if not form.is_valid():
        return _not_understood(request, access, form)
    member = SessionScope.of(access).members().get(user=access.user)
    view = save_view(member=member, mode=access.mode, **form.cleaned_data)
    messages.success(request, f"Saved as “{view.name}”.")
    return redirect(f"{reverse(f'dashboard:{view.of}', kwargs={'at': access.at})}?{view.query}")


@for_members(see=None, change=Power.LOOK)
def remove(request: HttpRequest, access: Access) -> HttpResponse:
    """Forgets the one of that name."""
    form = ViewForm(request.POST)
    if not form.is_valid():
        return _not_understood(request, access, form)
    of, name = form.cleaned_data["of"], form.cleaned_data["name"]
    gone, _ = SessionScope.of(access).views(access.user, of).filter(name=name).delete()
    if gone:
        messages.success(request, f"“{name}” is removed.")
    else:
        messages.info(request, f"There is no view “{name}” of yours here.")
    return redirect(f"dashboard:{of}", at=access.at)


def _not_understood(request: HttpRequest, access: Access, form: ViewForm) -> HttpResponse:
    said = (f"{name}: {error}" for name, errors in form.errors.items() for error in errors)
    messages.error(request, " ".join(said))
    return redirect("dashboard:sessions", at=access.at)
