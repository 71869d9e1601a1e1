"""Dashboard pages about the business itself: entrance, settings, audit log."""

from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.db.models import Q
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.views.decorators.http import require_POST

from common.modes import Mode
from merchants_app.access import CHOSEN_MERCHANT, LAST_MODE, Access, Power, for_members, member_of
from merchants_app.forms import SettingsForm
from merchants_app.models import AuditEntry, Merchant
from merchants_app.money_rules import change_settings
from merchants_app.pages import page
from merchants_app.paging import newest_first


@login_required
def home(request: HttpRequest) -> HttpResponse:
    """`/dashboard`: on to the overview, in the mode last used."""
    mode = Mode.LIVE if request.session.get(LAST_MODE) == Mode.LIVE else Mode.TEST
    return redirect("dashboard:overview", mode=mode)


@login_required
@require_POST
def switch_business(request: HttpRequest) -> HttpResponse:
    """Goes to work for another of the person's businesses; an id that is not theirs changes nothing."""
    chosen = request.POST.get("merchant", "")
    if any(each.public_id == chosen for each in member_of(request, Mode.TEST).businesses):
        request.session[CHOSEN_MERCHANT] = chosen
    return redirect("dashboard-home")


@for_members(change=Power.MANAGE_SETTINGS)
def settings(request: HttpRequest, access: Access) -> HttpResponse:
    """Name, look and money rules; the same in both modes."""
    # A copy: a form that is wrong must not change what the menu shows.
    current = Merchant.objects.get(pk=access.merchant.pk)
    form = SettingsForm(request.POST if request.method == "POST" else None, instance=current)
    if form.is_bound and form.is_valid():
        changed = change_settings(merchant=access.merchant, actor=access.actor, **form.cleaned_data)
        messages.success(request, "Saved." if changed else "Nothing was different, so nothing was changed.")
        return redirect("dashboard:settings", mode=access.mode)
    if not access.may(Power.MANAGE_SETTINGS):
        for field in form.fields.values():
            field.disabled = True
    return page(request, access, "settings.html", form=form)


@for_members()
def audit_log(request: HttpRequest, access: Access) -> HttpResponse:
    """Who did what, of this mode and of what belongs to both; `?q=` looks at the person, the act and the thing."""
    rows = AuditEntry.objects.filter(merchant=access.merchant, mode__in=[access.mode, ""])
    sought = request.GET.get("q", "").strip()[:200]
    if sought:
        rows = rows.filter(Q(actor__icontains=sought) | Q(action__icontains=sought) | Q(subject__icontains=sought))
    return page(request, access, "audit.html", shown=newest_first(rows, request.GET), sought=sought)
