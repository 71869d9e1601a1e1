"""What can be paid with in the key's mode, and on request what an amount would come to now."""

from decimal import Decimal
from typing import Any

from django.utils import timezone
from rest_framework import serializers
from rest_framework.response import Response

from chains_app.exchange_rates import Rate, Rates, RateUnavailable, rates_at
from chains_app.networks import PaymentOption, payment_options
from common.money import CURRENCIES, amount_text, fits_minor_unit, minor_digits, plain, units_due
from common.strict_serializers import StrictSerializer, WordField
from merchants_app.api_base import MerchantViewSet
from merchants_app.api_request import ApiRequest
from merchants_app.models import KeyScope
from sessions_app.quoting import lock_rate, outside_limits


class AmountQuery(StrictSerializer):
    """The query of `GET /api/v1/payment-options`: with both, each option tells its rate and amount."""

    amount = serializers.DecimalField(
        max_digits=20,
        decimal_places=4,
        required=False,
        min_value=Decimal("0.0001"),
        help_text="What it would cost, in `currency`. Example: 49.00",
    )
    currency = WordField(choices=list(CURRENCIES.items()), required=False, help_text="ISO 4217 code. Example: USD")

    def validate(self, attrs: dict[str, Any]) -> dict[str, Any]:
        """Both or neither, and no more decimals than the currency has."""
        if len(attrs) == 1:
            missing = "currency" if "amount" in attrs else "amount"
            raise serializers.ValidationError({missing: ["Send amount and currency together."]}, code="required")
        if attrs and not fits_minor_unit(attrs["amount"], attrs["currency"]):
            digits = minor_digits(attrs["currency"])
            message = f"{attrs['currency']} has at most {digits} decimals."
            raise serializers.ValidationError({"amount": [message]}, code="too_many_decimals")
        return attrs


class PaymentOptionViewSet(MerchantViewSet):
    """Payment options: assets on networks."""

    scopes = {"list": KeyScope.READ}

    def list(self, request: ApiRequest) -> Response:
        """All of the mode, in the order they are offered."""
        asked = AmountQuery.parse_query(request.query_params)
        options = payment_options(request.mode)
        if not asked:
            return Response([_represent(option) for option in options])
        spread = request.merchant.spread_percent
        book = rates_at(mode=request.mode, now=timezone.now())
        rates = {each.asset.symbol: _rate(book, each.asset.symbol, asked["currency"]) for each in options}
        return Response(
            [_represent(each) | _priced(each, asked["amount"], rates[each.asset.symbol], spread) for each in options]
        )


def _represent(option: PaymentOption) -> dict[str, Any]:
    return {
        "asset": option.asset.symbol,
        "name": option.asset.name,
        "network": option.network.id,
        "networkName": option.network.name,
        "chainId": option.network.chain_id,
        "contract": option.asset.contract,
        "decimals": option.asset.decimals,
        "confirmations": option.network.confirmations.normal,
    }


def _rate(book: Rates, symbol: str, currency: str) -> Rate | RateUnavailable:
    try:
        return book.rate(symbol, currency)
    except RateUnavailable as reason:
        return reason


def _priced(
    option: PaymentOption, price: Decimal, found: Rate | RateUnavailable, spread_percent: Decimal
) -> dict[str, Any]:
    if isinstance(found, RateUnavailable):
        return {"available": False, "reason": str(found), "rate": None, "amount": None}
    locked = lock_rate(found.value, spread_percent)
    if reason := outside_limits(option, price / locked):
        return {"available": False, "reason": reason, "rate": plain(locked), "amount": None}
    asset = option.asset
    units = units_due(price, locked, decimals=asset.decimals, display_decimals=asset.display_decimals)
    return {"available": True, "reason": None, "rate": plain(locked), "amount": amount_text(units, asset.decimals)}
