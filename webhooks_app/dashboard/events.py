"""Dashboard pages of events: the list, and one as its webhook carries it."""

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect

from merchants_app.frame.access import Access, Power, for_members
from merchants_app.frame.pages import page
from merchants_app.frame.paging import may_lag, newest_first
from webhooks_app.dashboard.shown_bodies import body_for
from webhooks_app.event_types import EventType
from webhooks_app.events.bodies import represent_event
from webhooks_app.queue.resending import resend_event
from webhooks_app.scope import WebhookScope


@for_members()
@may_lag
def events(request: HttpRequest, access: Access) -> HttpResponse:
    """All events, newest first; `?type=` and `?subject=` narrow them."""
    scope = WebhookScope.of(access)
    rows = scope.events()
    kind, subject = request.GET.get("type", ""), request.GET.get("subject", "").strip()
    if kind in list(EventType):
        rows = rows.filter(type=kind)
    if subject:
        rows = rows.filter(subject=subject)
    shown = newest_first(rows, request.GET)
    return page(
        request, access, "events.html",
        shown=shown, types=list(EventType), type=kind, subject=subject,
        without_page=scope.without_page(each.subject for each in shown.rows),
    )  # fmt: skip


@for_members()
def event(request: HttpRequest, access: Access, event_id: str) -> HttpResponse:
    """One event with its body and where it went."""
    scope = WebhookScope.of(access)
    found = scope.event(event_id)
    body = body_for(access, represent_event(found))
    deliveries = found.deliveries.select_related("endpoint").prefetch_related("attempts").order_by("id")
    without_page = scope.without_page([found.subject])
    return page(request, access, "event.html", event=found, body=body, deliveries=deliveries, without_page=without_page)


@for_members(see=None, change=Power.MANAGE_WEBHOOKS)
def resend(request: HttpRequest, access: Access, event_id: str) -> HttpResponse:
    """Sends it again to whoever had it or wants it."""
    sent = resend_event(event=WebhookScope.of(access).event(event_id))
    if sent:
        messages.success(request, f"On its way again to {sent} endpoint{'' if sent == 1 else 's'}.")
    else:
        messages.error(request, "No endpoint that is switched on wants it.")
    return redirect("dashboard:event", at=access.at, event_id=event_id)
