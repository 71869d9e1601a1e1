"""What the calls about endpoints, deliveries and events take."""

from typing import Any

from rest_framework import serializers

from common.bounded_lists import BoundedListField
from common.strict_serializers import HttpUrlField, MomentField, StrictSerializer, TextField, WordField, YesNoField
from webhooks_app.custom_headers import LONGEST, MOST
from webhooks_app.event_types import EventType
from webhooks_app.models import DeliveryState

CHOOSABLE = [each.value for each in EventType if each != EventType.ENDPOINT_TEST]
PAGE, LONGEST_PAGE = 20, 100


class Headers(serializers.DictField):
    """Names and values of custom headers."""

    default_error_messages = {"not_a_dict": 'Send an object of text: {{"X-Token": "…"}}.'}

    def __init__(self, **options: Any) -> None:
        super().__init__(child=TextField(max_length=LONGEST), **options)


class CreateEndpoint(StrictSerializer):
    """`POST /webhook-endpoints`."""

    url = HttpUrlField(help_text="Where events are posted to. Example: https://shop.example/webhooks")
    events = BoundedListField(
        child=WordField(choices=CHOOSABLE),
        required=False,
        default=list,
        max_length=len(CHOOSABLE),
        help_text='Which events; empty or left out: all. Example: ["checkout.completed"]',
    )
    headers = Headers(
        required=False,
        default=dict,
        help_text=f'Up to {MOST} headers of your own on each message. Example: {{"X-Token": "let-me-in"}}',
    )


class ChangeEndpoint(StrictSerializer):
    """`PATCH /webhook-endpoints/{id}`: what is left out stays."""

    url = HttpUrlField(
        required=False, help_text="Where events are posted to from now on. Example: https://shop.example/webhooks"
    )
    events = BoundedListField(
        child=WordField(choices=CHOOSABLE),
        required=False,
        max_length=len(CHOOSABLE),
        help_text='Which events from now on; empty: all. Example: ["checkout.completed"]',
    )
    headers = Headers(
        required=False, help_text='Replaces all custom headers; {} removes them. Example: {"X-Token": "let-me-in"}'
    )
    enabled = YesNoField(
        required=False, help_text="false switches it off; true on, which sends what it missed. Example: true"
    )


class Resend(StrictSerializer):
    """`POST /webhook-endpoints/{id}/resend`."""

    since = MomentField(
        required=False,
        help_text="Everything since then, delivered or not. Left out: all that failed. Example: 2030-01-31T12:00:00Z",
    )


class Nothing(StrictSerializer):
    """Calls without a body."""


class ListDeliveries(StrictSerializer):
    """Query of `GET /webhook-endpoints/{id}/deliveries`."""

    status = WordField(
        choices=DeliveryState.values, required=False, help_text="Only those that stand so. Example: failed"
    )
    limit = serializers.IntegerField(
        required=False, default=PAGE, min_value=1, max_value=LONGEST_PAGE, help_text="How many. Example: 20"
    )
    after = TextField(
        required=False, max_length=60, help_text="From the `Link` header. Example: dlv_01h455vb4pex5vsknk084sn02q"
    )


class ListEvents(StrictSerializer):
    """Query of `GET /events`."""

    after = TextField(
        required=False, max_length=60, help_text="`position` or `id` of the last event you have. Example: 1042"
    )
    type = WordField(
        choices=[each.value for each in EventType],
        required=False,
        help_text="Only this kind. Example: checkout.completed",
    )
    subject = TextField(
        required=False, max_length=60, help_text="Only of this session. Example: cs_01h455vb4pex5vsknk084sn02q"
    )
    limit = serializers.IntegerField(
        required=False, default=PAGE, min_value=1, max_value=LONGEST_PAGE, help_text="How many. Example: 20"
    )
