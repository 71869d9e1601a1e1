"""Dashboard pages of webhooks: endpoints, one of them with its health, secret and deliveries."""

from datetime import datetime
from typing import Any

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.views.decorators.cache import never_cache

from common.errors import DomainError
from merchants_app.frame.access import Access, Power, for_members, in_live
from merchants_app.frame.forms import once, refuse
from merchants_app.frame.pages import page
from webhooks_app.dashboard.endpoint_page import shown_of
from webhooks_app.dashboard.forms import ChangeEndpointForm, EndpointForm, ResendForm
from webhooks_app.endpoints import endpoints
from webhooks_app.endpoints.health import health_of
from webhooks_app.endpoints.representation import represent_attempt
from webhooks_app.endpoints.secrets_at_rest import secrets_in
from webhooks_app.models import WebhookEndpoint
from webhooks_app.queue.resending import resend_delivery, resend_failed, resend_since, resend_waiting
from webhooks_app.scope import WebhookScope
from webhooks_app.sending.trial import try_endpoint


@never_cache
@for_members(change=Power.MANAGE_WEBHOOKS, fresh=in_live)
def webhooks(request: HttpRequest, access: Access) -> HttpResponse:
    """The endpoints with their health; a POST makes one, whose secret stands in this answer and nowhere else."""
    form, own = EndpointForm(request.POST if request.method == "POST" else None), WebhookScope.of(access).endpoints()
    made: WebhookEndpoint | None = None
    secret = ""
    if form.is_valid():
        try:
            endpoint_id, secret = once(request, access, lambda: _made(form, access)).split()
        except DomainError as error:
            refuse(form, error)
        else:
            made = own.filter(public_id=endpoint_id).first()
            if made is None:
                messages.warning(request, "This form was sent before. Its endpoint is deleted: nothing new was made.")
                return redirect("dashboard:webhooks", at=access.at)
            if not _is_present(secret, made):
                return _say_replaced(request, access, made)
            form = EndpointForm()
    listed = [(each, health_of(each)) for each in own]
    return page(request, access, "webhooks.html", form=form, listed=listed, made=made, secret=secret)


def _made(form: EndpointForm, access: Access) -> str:
    endpoint, secret = endpoints.create_endpoint(
        merchant=access.merchant, mode=access.mode, actor=access.actor, **form.cleaned_data
    )
    return f"{endpoint.public_id} {secret}"


@never_cache
@for_members(change=Power.MANAGE_WEBHOOKS, fresh=in_live)
def webhook(request: HttpRequest, access: Access, endpoint_id: str) -> HttpResponse:
    """One endpoint; a POST changes it."""
    endpoint = _endpoint(access, endpoint_id)
    form = _change_form(endpoint, request)
    if form.is_valid():
        changes = dict(form.cleaned_data)
        if not changes.pop("replace_headers"):
            del changes["headers"]
        try:
            endpoints.change_endpoint(endpoint=endpoint, actor=access.actor, **changes)
        except DomainError as error:
            refuse(form, error)
        else:
            messages.success(request, "Saved.")
            return _back(access, endpoint_id)
    return _draw(request, access, endpoint, form=form)


@for_members(see=None, change=Power.MANAGE_WEBHOOKS)
def test(request: HttpRequest, access: Access, endpoint_id: str) -> HttpResponse:
    """Sends a test event and says what came of it."""
    attempt = represent_attempt(try_endpoint(endpoint=_endpoint(access, endpoint_id)).attempts.get())
    if attempt.succeeded:
        messages.success(request, f"It works: answered {attempt.status_code} in {attempt.duration_ms} ms.")
    else:
        messages.error(request, f"{attempt.explanation} {attempt.advice}")
    return _back(access, endpoint_id)


@never_cache
@for_members(see=None, change=Power.MANAGE_WEBHOOKS, fresh=in_live)
def rotate(request: HttpRequest, access: Access, endpoint_id: str) -> HttpResponse:
    """Makes a new secret, which stands in this answer and nowhere else."""
    endpoint = _endpoint(access, endpoint_id)
    secret = once(request, access, lambda: endpoints.rotate_secret(endpoint=endpoint, actor=access.actor))
    endpoint.refresh_from_db()
    if not _is_present(secret, endpoint):
        return _say_replaced(request, access, endpoint)
    return _draw(request, access, endpoint, form=_change_form(endpoint), secret=secret)


def _is_present(secret: str, endpoint: WebhookEndpoint) -> bool:
    """A form that is sent again has the secret of then."""
    return secret in secrets_in(endpoint.secret_encrypted)


def _say_replaced(request: HttpRequest, access: Access, endpoint: WebhookEndpoint) -> HttpResponse:
    messages.warning(request, "This form was sent before. Its secret is no longer the present one, so it is not shown.")
    return _back(access, endpoint.public_id)


@for_members(see=None, change=Power.MANAGE_WEBHOOKS)
def switch(request: HttpRequest, access: Access, endpoint_id: str) -> HttpResponse:
    """Off, or on, which sends what it missed."""
    turn_on = request.POST.get("to") == "on"
    endpoints.change_endpoint(endpoint=_endpoint(access, endpoint_id), actor=access.actor, enabled=turn_on)
    messages.success(
        request, "It is on again, and what it missed is on its way." if turn_on else "Nothing is sent to it any more."
    )
    return _back(access, endpoint_id)


@for_members(see=None, change=Power.MANAGE_WEBHOOKS)
def delete(request: HttpRequest, access: Access, endpoint_id: str) -> HttpResponse:
    """Takes it away for good."""
    endpoint = _endpoint(access, endpoint_id)
    endpoints.delete_endpoint(endpoint=endpoint, actor=access.actor)
    messages.success(request, f"{endpoint.url} is deleted.")
    return redirect("dashboard:webhooks", at=access.at)


@for_members(see=None, change=Power.MANAGE_WEBHOOKS)
def resend(request: HttpRequest, access: Access, endpoint_id: str) -> HttpResponse:
    """Sends again what failed, or everything since a time; or tries at once what waits."""
    endpoint, form = _endpoint(access, endpoint_id), ResendForm(request.POST)
    if not form.is_valid():
        return _draw(request, access, endpoint, form=_change_form(endpoint), resend=form)
    sent = _send_again(endpoint, **form.cleaned_data)
    messages.success(request, f"{sent} on the way." if sent else "There was nothing to send again.")
    return _back(access, endpoint_id)


def _send_again(endpoint: WebhookEndpoint, *, since: datetime | None, waiting: bool) -> int:
    if since:
        return resend_since(endpoint=endpoint, since=since)
    return resend_waiting(endpoint=endpoint) if waiting else resend_failed(endpoint=endpoint)


@for_members(see=None, change=Power.MANAGE_WEBHOOKS)
def resend_one(request: HttpRequest, access: Access, endpoint_id: str, delivery_id: str) -> HttpResponse:
    """Sends one delivery again."""
    resend_delivery(delivery=WebhookScope.of(access).delivery(endpoint_id, delivery_id))
    messages.success(request, "It is on its way again.")
    return _back(access, endpoint_id)


def _endpoint(access: Access, endpoint_id: str) -> WebhookEndpoint:
    return WebhookScope.of(access).endpoint(endpoint_id)


def _back(access: Access, endpoint_id: str) -> HttpResponse:
    return redirect("dashboard:webhook", at=access.at, endpoint_id=endpoint_id)


def _change_form(endpoint: WebhookEndpoint, request: HttpRequest | None = None) -> ChangeEndpointForm:
    given = request.POST if request is not None and request.method == "POST" else None
    return ChangeEndpointForm(given, initial={"url": endpoint.url, "events": endpoint.events})


def _draw(request: HttpRequest, access: Access, endpoint: WebhookEndpoint, **more: Any) -> HttpResponse:
    return page(request, access, "webhook.html", **shown_of(access, endpoint, request.GET) | more)
