"""Django admin of messages out: operators look, and send again through the same functions as everybody else."""

import json
from collections.abc import Callable
from functools import partial
from typing import Any, ClassVar

from django import forms
from django.contrib import admin, messages
from django.contrib.admin.helpers import ActionForm
from django.db.models import QuerySet
from django.http import HttpRequest
from django.utils.html import format_html

from common.admin.large import Search, SearchedByForm, by_known, equal
from common.admin.read_only import ReadOnly, ReadOnlyInline
from common.api.exact_json import ExactEncoder
from merchants_app.frame.admin import OF_BUSINESS, operator_of
from webhooks_app.errors import EndpointOff
from webhooks_app.event_types import EventType
from webhooks_app.events.bodies import MASK, OF_BUYER, masked
from webhooks_app.models import Delivery, DeliveryAttempt, Event, WebhookEndpoint
from webhooks_app.problems import Problem
from webhooks_app.queue import operator_acts


class SinceForm(ActionForm):
    """Beside the choice of an action."""

    since = forms.DateTimeField(
        label="Since (UTC)", required=False, widget=forms.DateTimeInput(attrs={"type": "datetime-local"})
    )


class _Resending(ReadOnly):
    """Read-only, with actions that send again: for operators who may."""

    def has_resend_permission(self, request: HttpRequest) -> bool:
        """Whether the operator may send again."""
        return operator_of(request).has_perm("webhooks_app.resend_delivery")


@admin.register(WebhookEndpoint)
class WebhookEndpointAdmin(SearchedByForm, _Resending, admin.ModelAdmin):  # type: ignore[type-arg]  # not subscriptable at run time
    """Endpoints and how they do; secrets and headers are not shown."""

    list_display = ("url", "merchant", "mode", "failing_since", "last_success_at", "disabled_at", "deleted_at")
    list_filter = ("mode", ("disabled_at", admin.EmptyFieldListFilter), ("failing_since", admin.EmptyFieldListFilter))
    list_select_related = ("merchant",)
    search_by = OF_BUSINESS | {"we_": equal("public_id")}
    search_in = ("url", "merchant__name")
    exclude = ("secret_encrypted", "previous_secret_encrypted", "headers_encrypted")
    action_form = SinceForm
    actions = ("send_failed_again", "send_since_again")

    @admin.action(description="Send all failed deliveries again", permissions=["resend"])
    def send_failed_again(self, request: HttpRequest, endpoints: QuerySet[WebhookEndpoint]) -> None:
        """Through `resending`, with a line in the log of the business."""
        _send_again(request, endpoints, operator_acts.send_failed)

    @admin.action(description="Send everything since a time again", permissions=["resend"])
    def send_since_again(self, request: HttpRequest, endpoints: QuerySet[WebhookEndpoint]) -> None:
        """Through `resending`, with a line in the log of the business."""
        try:
            since = forms.DateTimeField().clean(request.POST.get("since"))
        except forms.ValidationError:
            messages.error(request, "Say since when: the field beside the action.")
        else:
            _send_again(request, endpoints, partial(operator_acts.send_since, since=since))


def _send_again(request: HttpRequest, endpoints: QuerySet[WebhookEndpoint], resend: Callable[..., int]) -> None:
    sent = 0
    for endpoint in endpoints.select_related("merchant"):
        try:
            sent += resend(endpoint, by=operator_of(request))
        except EndpointOff as error:
            messages.warning(request, f"{endpoint}: {error.detail}")
    messages.success(request, f"{sent} deliveries are on their way again.")


TypeFilter = by_known("type", lambda: [(each.value, each.value) for each in EventType])


@admin.register(Event)
class EventAdmin(SearchedByForm, _Resending, admin.ModelAdmin):  # type: ignore[type-arg]
    """Events, as they were written."""

    list_display = ("public_id", "type", "subject", "subject_sequence", "merchant", "mode", "created_at")
    list_filter = ("mode", TypeFilter)
    filters_by_index = ("mode", "type")
    list_select_related = ("merchant",)
    search_by: ClassVar[dict[str, Search]] = {"cs_": equal("subject"), "evt_": equal("public_id")}
    ordering = ("-id",)
    exclude = ("data",)
    readonly_fields = ("what_it_told",)
    actions = ("send_again",)

    @admin.display(description="data")
    def what_it_told(self, event: Event) -> str:
        """Without who buys: that is shown on the page of its session, to whoever says why."""
        return format_html(
            "<pre>{}</pre>", json.dumps(masked(event.data, OF_BUYER), indent=1, ensure_ascii=False, cls=ExactEncoder)
        )

    @admin.action(description="Send again to every endpoint that wants it", permissions=["resend"])
    def send_again(self, request: HttpRequest, events: QuerySet[Event]) -> None:
        """Through `resending`, with a line in the log of the business."""
        by = operator_of(request)
        sent = sum(operator_acts.send_event(event, by=by) for event in events.select_related("merchant"))
        messages.success(request, f"{sent} deliveries are on their way again.")


class _Attempts:
    """Mixed into what shows attempts, without the shop's answers: they may name the buyer."""

    fields: ClassVar[Any] = ("started_at", "duration_ms", "status_code", "problem", "what_was_said", "answer")
    readonly_fields: ClassVar[Any] = ("what_was_said", "answer")

    @admin.display(description="detail")
    def what_was_said(self, attempt: DeliveryAttempt) -> str:
        """By the network. Where the shop answered, it is of its words, as the address of a redirect."""
        return MASK if attempt.detail and attempt.status_code else attempt.detail

    @admin.display(description="answer")
    def answer(self, attempt: DeliveryAttempt) -> str:
        """Whether it said anything."""
        return MASK if attempt.answer_excerpt else ""


class AttemptInline(_Attempts, ReadOnlyInline):
    """What was tried."""

    model = DeliveryAttempt
    show_change_link = False


@admin.register(Delivery)
class DeliveryAdmin(SearchedByForm, _Resending, admin.ModelAdmin):  # type: ignore[type-arg]
    """Deliveries with their attempts."""

    list_display = ("public_id", "event", "endpoint", "state", "attempts_made", "next_attempt_at", "created_at")
    list_filter = ("state",)
    filters_by_index = ("state",)
    list_select_related = ("event", "endpoint")
    search_by: ClassVar[dict[str, Search]] = {
        "cs_": equal("event__subject"), "evt_": equal("event__public_id"), "dlv_": equal("public_id"),
    }  # fmt: skip
    ordering = ("-id",)
    inlines = (AttemptInline,)
    actions = ("send_again",)

    @admin.action(description="Send again", permissions=["resend"])
    def send_again(self, request: HttpRequest, deliveries: QuerySet[Delivery]) -> None:
        """Through `resending`, with a line in the log of the business."""
        sent = 0
        for delivery in deliveries.select_related("endpoint", "event__merchant"):
            try:
                sent += operator_acts.send_delivery(delivery, by=operator_of(request))
            except EndpointOff as error:
                messages.warning(request, f"{delivery.public_id}: {error.detail}")
        messages.success(request, f"{sent} deliveries are on their way again.")


@admin.register(DeliveryAttempt)
class DeliveryAttemptAdmin(_Attempts, ReadOnly, admin.ModelAdmin):  # type: ignore[type-arg]
    """Attempts, the newest first."""

    fields: ClassVar[Any] = ("delivery", *_Attempts.fields)
    list_display = ("started_at", "delivery", "status_code", "problem", "duration_ms")
    list_filter = (by_known("problem", lambda: [(each, each.replace("_", " ")) for each in Problem]),)
    list_select_related = ("delivery",)
    raw_id_fields = ("delivery",)
    ordering = ("-id",)

    def get_queryset(self, request: HttpRequest) -> Any:
        """With what the delivery is called."""
        return super().get_queryset(request).select_related("delivery__event", "delivery__endpoint")
