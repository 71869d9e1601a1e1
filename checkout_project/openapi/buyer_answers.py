"""The answer that holds all that is kept about a buyer, described."""

from typing import Any

from rest_framework import serializers

from checkout_project.openapi.answers import Customer
from checkout_project.openapi.fields import constant, moment, text, yes_no


class BuyerExport(serializers.Serializer[Any]):
    """All that is kept about one buyer, to be handed to them."""

    object = constant("buyer")
    business = text("Who keeps it.", "Mia Coffee")
    livemode = yes_no("False: test mode, play money.", "false")
    exportedAt = moment("When it was put together.")
    customer = Customer(help_text="The buyer.")
    sessions = serializers.ListField(
        child=serializers.DictField(),
        help_text="As `get_session` answers them, with `refundAddress`, `timeline` and `decisions`. Example: []",
    )
    events = serializers.ListField(
        child=serializers.DictField(),
        help_text="What was told of those sessions, with `data` as sent, and what each receiver answered. Example: []",
    )
    auditLines = serializers.ListField(
        child=serializers.DictField(), help_text="What the business did with those sessions. Example: []"
    )
    storedAnswers = serializers.ListField(
        help_text="Answers to requests with an Idempotency-Key that name the buyer; kept a day. Example: []"
    )
