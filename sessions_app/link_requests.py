"""Bodies of the payment-link API. The checks that a session's terms have too are the same code."""

from datetime import datetime
from typing import Any

from django.utils import timezone
from rest_framework import serializers
from rest_framework.exceptions import ErrorDetail, ValidationError

from common.modes import Mode
from common.money import CURRENCIES
from common.strict_serializers import (
    HttpUrlField,
    MomentField,
    StrictSerializer,
    TextField,
    WholeNumberField,
    WordField,
    YesNoField,
)
from sessions_app.terms import AllowedAssetsField, AmountField, MetadataField, check_amount, check_assets, check_https


class ChangeLink(StrictSerializer):
    """The body of `PATCH /api/v1/payment-links/{id}`: what may change while buyers hold the link."""

    active = YesNoField(required=False, help_text="false: nobody can pay by it any more. Example: true")
    stock = WholeNumberField(
        required=False,
        allow_null=True,
        min_value=1,
        max_value=1_000_000,
        help_text="How many can be sold; null: no limit. Example: 100",
    )
    endsAt = MomentField(
        required=False, allow_null=True, help_text="When the offer is over; null: never. Example: 2030-01-31T12:00:00Z"
    )
    productName = TextField(required=False, max_length=250, help_text="Shown to the buyer. Example: Winter box, 1 kg")
    productDescription = TextField(
        required=False, allow_blank=True, max_length=1000, help_text="Shown below the name. Example: Apples and pears"
    )

    def validate_endsAt(self, value: datetime | None) -> datetime | None:
        """An end lies ahead."""
        if value and value <= timezone.now():
            raise ValidationError("Must be in the future.", code="out_of_range")
        return value


class CreateLink(ChangeLink):
    """The body of `POST /api/v1/payment-links`."""

    amount = AmountField(
        required=False, allow_null=True, help_text="Left out or null: the buyer chooses. Example: 12.50"
    )
    currency = WordField(choices=list(CURRENCIES.items()), help_text="ISO 4217 code. Example: USD")
    productName = TextField(max_length=250, help_text="Shown to the buyer. Example: Winter box, 1 kg")
    productId = TextField(
        required=False, allow_blank=True, max_length=200, help_text="Your id of what is sold. Example: 1234567890"
    )
    allowedAssets = AllowedAssetsField(
        required=False, max_length=50, help_text='Empty or left out: all. Example: ["ETH", "USDC"]'
    )
    successUrl = HttpUrlField(
        required=False,
        help_text="Where the buyer goes after paying; else back to the link. Example: https://example.com/success",
    )
    metadata = MetadataField(
        required=False, help_text='Copied to each session of the link. Example: {"campaign": "winter"}'
    )

    def validate(self, attrs: dict[str, Any]) -> dict[str, Any]:
        """The rules that a session's terms have too."""
        faults: dict[str, list[ErrorDetail]] = {}
        mode = Mode(self.context["mode"])
        if attrs.get("amount") is not None:
            check_amount(attrs, faults)
        check_assets(attrs.get("allowedAssets", []), mode, faults)
        if mode == Mode.LIVE and "successUrl" in attrs:
            check_https(attrs, faults, names=("successUrl",))
        if faults:
            raise serializers.ValidationError(faults)
        return attrs
