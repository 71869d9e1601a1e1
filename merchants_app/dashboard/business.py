"""Dashboard pages about the business itself: entrance, settings, audit log."""

from copy import copy
from datetime import timedelta
from urllib.parse import quote, urlencode

from django import forms
from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.db.models import Q, QuerySet
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.views.decorators.http import require_POST, require_safe

from common.modes import Mode
from common.network.content_security import content_security
from merchants_app.businesses.days import beginning
from merchants_app.businesses.founding import open_to_all
from merchants_app.businesses.money_rules import change_settings
from merchants_app.businesses.visits import end_visit
from merchants_app.frame.access import (
    LAST_MODE,
    VISIT,
    Access,
    Power,
    WorksNowhere,
    access_at,
    for_members,
    last_place,
    visit_going_on,
)
from merchants_app.frame.audit_lines import ACT, KINDS, act_words, by_day
from merchants_app.frame.pages import page
from merchants_app.frame.paging import newest_first
from merchants_app.frame.places import Place
from merchants_app.frame.settings_form import SettingsForm
from merchants_app.frame.ways_form import WaysForm
from merchants_app.models import FIRST_DAY, LAST_DAY, AuditEntry, Merchant
from merchants_app.scope import Scope


@login_required
def home(request: HttpRequest) -> HttpResponse:
    """`/dashboard`: on to the overview, in the mode last used; to a first business where anybody may have one."""
    mode = Mode.LIVE if request.session.get(LAST_MODE) == Mode.LIVE else Mode.TEST
    try:
        return redirect("dashboard:overview", at=last_place(request, mode))
    except WorksNowhere:
        if not open_to_all():
            raise
        return redirect("business-new")


@login_required
@require_safe
def former_address(request: HttpRequest, mode: Mode, rest: str) -> HttpResponse:
    """`/dashboard/<mode>/…`, as older letters and bookmarks have it: on to that page of the business last chosen."""
    query = f"?{request.META['QUERY_STRING']}" if request.META.get("QUERY_STRING") else ""
    return redirect(f"/dashboard/{last_place(request, mode)}/{quote(rest)}{query}")


@login_required
@require_POST
def switch_business(request: HttpRequest) -> HttpResponse:
    """Goes to work for another of the person's businesses, in the mode last used; 404 for one that is not theirs."""
    mode = Mode.LIVE if request.session.get(LAST_MODE) == Mode.LIVE else Mode.TEST
    return redirect("dashboard:overview", at=access_at(request, Place(request.POST.get("merchant", ""), mode)).at)


@login_required
@require_POST
def leave(request: HttpRequest) -> HttpResponse:
    """An operator has looked enough: back to the admin."""
    visit = visit_going_on(request)
    if visit is None:
        return redirect("dashboard-home")
    end_visit(visit)
    del request.session[VISIT]
    messages.success(request, f"You no longer look at {visit.merchant.name}.")
    return redirect("admin:merchants_app_merchant_change", visit.merchant_id)


# What the preview beside the settings can show.
STEPS = (("choose", "Choose"), ("send", "Send"), ("paid", "Paid"))


@for_members(change=Power.MANAGE_SETTINGS)
def settings(request: HttpRequest, access: Access) -> HttpResponse:
    """Name, look and money rules, the same in both modes; ways to pay, of the mode."""
    sent = (request.POST, request.FILES) if request.method == "POST" else (None, None)
    # A copy: a form that is wrong must not change what the menu shows.
    form = SettingsForm(*sent, instance=copy(access.merchant))
    ways = WaysForm(sent[0], merchant=access.merchant, mode=access.mode)
    if form.is_valid() and ways.is_fine:
        wanted = form.cleaned_data | ways.changes()
        changed = change_settings(merchant=access.merchant, actor=access.actor, **wanted)
        messages.success(request, "Saved." if changed else "Nothing was different, so nothing was changed.")
        return redirect("dashboard:settings", at=access.at)
    if not access.may(Power.MANAGE_SETTINGS):
        for field in (*form.fields.values(), *ways.fields.values()):
            field.disabled = True
    response = page(request, access, "settings.html", form=form, ways=ways, steps=STEPS)
    response["Content-Security-Policy"] = content_security(frames=True)
    return response


class AuditFilters(forms.Form):
    """What the audit log can be narrowed by; what is given wrongly is said at its field, and narrows nothing."""

    q = forms.CharField(
        label="Who, what, from where",
        max_length=200,
        required=False,
        widget=forms.TextInput({"type": "search"}),
    )
    kind = forms.ChoiceField(label="About", choices=[("", "Everything"), *KINDS.items()], required=False)
    since = forms.DateField(label="From", required=False, widget=forms.DateInput({"type": "date"}))
    until = forms.DateField(label="To, including", required=False, widget=forms.DateInput({"type": "date"}))

    @property
    def narrows(self) -> bool:
        """Whether any of it is set."""
        return any(self.cleaned_data.values())

    @property
    def days(self) -> str:
        """The days that are set, for the address of their file."""
        return urlencode({name: self.cleaned_data[name] for name in ("since", "until") if self.cleaned_data.get(name)})

    def narrowed(self, rows: QuerySet[AuditEntry], merchant: Merchant) -> QuerySet[AuditEntry]:
        """The lines that it leaves; days begin and end by the business's clock."""
        self.full_clean()
        given = self.cleaned_data
        if sought := given.get("q"):
            who = Q(actor__icontains=sought) | Q(address__contains=sought)
            rows = rows.alias(act=ACT).filter(who | Q(act__icontains=act_words(sought)) | Q(subject__icontains=sought))
        if given.get("kind"):
            rows = rows.filter(action__startswith=given["kind"])
        if given.get("since"):
            rows = rows.filter(created_at__gte=beginning(max(given["since"], FIRST_DAY), merchant))
        if given.get("until"):
            after = min(given["until"], LAST_DAY) + timedelta(days=1)
            rows = rows.filter(created_at__lt=beginning(after, merchant))
        return rows


@for_members()
def audit_log(request: HttpRequest, access: Access) -> HttpResponse:
    """Who did what, of this mode and of what belongs to both, as the address narrows it (`AuditFilters`)."""
    scope, form = Scope.of(access), AuditFilters(request.GET)
    shown = newest_first(form.narrowed(scope.audit_entries(), access.merchant), request.GET)
    without_page = scope.without_page(each.subject for each in shown.rows)
    return page(
        request, access, "audit.html",
        shown=shown, days=by_day(shown.rows), form=form, without_page=without_page,
    )  # fmt: skip
