"""Dashboard pages for developers: API keys, and what was asked with them."""

from django.contrib import messages
from django.db.models import Q
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.utils import timezone
from django.views.decorators.cache import never_cache

from common.api.first_sale import FIRST_SALE
from common.api.samples import samples
from common.errors import DomainError
from merchants_app.businesses.limits import call_limit
from merchants_app.frame.access import Access, Power, for_members, in_live
from merchants_app.frame.forms import ApiKeyForm, once, refuse
from merchants_app.frame.pages import page
from merchants_app.frame.paging import newest_first
from merchants_app.keys.api_keys import create_key, revoke_key, with_roles
from merchants_app.keys.holders import ShownKey, take_over
from merchants_app.requests.figures import IS_REFUSED, figures_of
from merchants_app.requests.log import KEPT, matching
from merchants_app.scope import Scope

# What the page's `failed` is → which answers, and its words.
REFUSED = {
    "1": (IS_REFUSED, "Refused ones"),
    "4xx": (IS_REFUSED & Q(status_code__lt=500), "4xx"),
    "5xx": (Q(status_code__gte=500), "5xx"),
}


@never_cache
@for_members(change=Power.MANAGE_KEYS, fresh=in_live)
def keys(request: HttpRequest, access: Access) -> HttpResponse:
    """The keys of the mode; a POST makes one, whose secret stands in this answer and nowhere else."""
    form = ApiKeyForm(request.POST if request.method == "POST" else None, role=access.role, mode=access.mode)
    made, secret = None, ""
    if form.is_valid():
        try:
            key_id, secret = once(request, access, lambda: _made(form, access)).split()
        except DomainError as error:
            refuse(form, error)
        else:
            made = with_roles(Scope.of(access).keys().filter(public_id=key_id, revoked_at=None)).first()
            if made is None or not ShownKey(made).works:
                messages.warning(request, "This form was sent before. Its key has ended since: nothing new was made.")
                return redirect("dashboard:keys", at=access.at)
            form = ApiKeyForm(role=access.role, mode=access.mode)
    listed = Scope.of(access).keys().select_related("created_by", "holder")
    shown = [ShownKey(key) for key in with_roles(listed.filter(revoked_at=None))]
    return page(
        request,
        access,
        "keys.html",
        form=form,
        secret=secret,
        made=made,
        first_call=samples(method="POST", address="/api/v1/checkout", body=FIRST_SALE) if made else {},
        keys=[each for each in shown if each.works],
        ended=[each for each in shown if not each.works],
        revoked=listed.exclude(revoked_at=None).order_by("-revoked_at")[:20],
    )


def _made(form: ApiKeyForm, access: Access) -> str:
    key, secret = create_key(merchant=access.merchant, mode=access.mode, by=access.user, **form.cleaned_data)
    return f"{key.public_id} {secret}"


@for_members(see=None, change=Power.MANAGE_KEYS)
def revoke(request: HttpRequest, access: Access, key_id: str) -> HttpResponse:
    """Ends a key for good."""
    key = Scope.of(access).key(key_id)
    revoke_key(key, by=access.user)
    messages.success(request, f"“{key.name}” no longer works.")
    return redirect("dashboard:keys", at=access.at)


@for_members(see=None, change=Power.MANAGE_TEAM)
def take(request: HttpRequest, access: Access, key_id: str) -> HttpResponse:
    """An owner takes over a key that somebody else holds."""
    key = take_over(key=Scope.of(access).key(key_id), by=access.user)
    messages.success(request, f"“{key.name}” is yours now: it ends with your membership, not with theirs.")
    return redirect("dashboard:keys", at=access.at)


@for_members()
def requests(request: HttpRequest, access: Access) -> HttpResponse:
    """The last API requests, of one key or all; `?failed=` only those that were refused (so), `?q=` found so."""
    own_keys = list(Scope.of(access).keys())
    key = next((each for each in own_keys if each.public_id == request.GET.get("key")), None)
    rows = Scope.of(access).requests().select_related("key")
    if key:
        rows = rows.filter(key=key)
    figures = figures_of(rows, timezone.now())
    sought = request.GET.get("q", "").strip()[:200]
    if sought:
        rows = matching(rows, sought)
    failed = request.GET.get("failed", "")
    if failed in REFUSED:
        rows = rows.filter(REFUSED[failed][0])
    return page(
        request,
        access,
        "requests.html",
        shown=newest_first(rows, request.GET),
        figures=figures,
        limit=call_limit(access.merchant),
        keys=own_keys,
        key=key,
        failed=failed,
        answers=[(value, words) for value, (_, words) in REFUSED.items()],
        days=KEPT.days,
        sought=sought,
    )
