"""What can be paid with in the key's mode, and on request what an amount would come to now; what prices can be in."""

from django.utils import timezone
from rest_framework.response import Response

from chains_app.networks.networks import PaymentOption
from chains_app.rates.asking import sources_of
from common.fiat.currencies import Currency
from common.money import amount_text, minor_digits, plain
from merchants_app.businesses.ways import asked_confirmations, ways_to_pay
from merchants_app.frame.api_base import MerchantViewSet
from merchants_app.frame.api_request import ApiRequest
from merchants_app.models import KeyScope, Merchant
from sessions_app.answers import shop as answers
from sessions_app.api.requests import AmountQuery
from sessions_app.paying.quoting import OfferedOption, offers


class PaymentOptionViewSet(MerchantViewSet):
    """Payment options: assets on networks."""

    scopes = {"list": KeyScope.READ}

    def list(self, request: ApiRequest) -> Response:
        """All of the mode, in the order they are offered."""
        asked = AmountQuery.parse_query(request.query_params)
        options = ways_to_pay(request.merchant, request.mode)
        if asked.amount is None or asked.currency is None:
            return Response([_represent(option, request.merchant) for option in options])
        offered = offers(
            options,
            mode=request.mode,
            price=asked.amount,
            rest=asked.amount,
            currency=asked.currency,
            spread_percent=request.merchant.spread_percent,
            now=timezone.now(),
        )
        return Response([_represent_offer(each, request.merchant) for each in offered])


class CurrencyViewSet(MerchantViewSet):
    """Currencies that a price can be in."""

    scopes = {"list": KeyScope.READ}

    def list(self, request: ApiRequest) -> Response:  # noqa: ARG002  (they are the same for everybody)
        """All of them, by code."""
        return Response(
            [
                answers.ListedCurrency(
                    code=each, name=each.label, decimals=minor_digits(each), sources=sources_of(each)
                )
                for each in Currency
            ]
        )


def _represent(option: PaymentOption, merchant: Merchant) -> answers.PaymentOption:
    return answers.PaymentOption(
        asset=option.asset.symbol,
        name=option.asset.name,
        network=option.network.id,
        network_name=option.network.name,
        chain_id=option.network.chain_id,
        contract=option.asset.contract,
        decimals=option.asset.decimals,
        confirmations=asked_confirmations(merchant.confirmations, option.network).normal,
    )


def _represent_offer(offer: OfferedOption, merchant: Merchant) -> answers.PaymentOption:
    units = None if offer.unavailable else offer.amount_units
    return _represent(offer.option, merchant).model_copy(
        update={
            "available": not offer.unavailable,
            "reason": offer.unavailable or None,
            "rate": None if offer.rate is None else plain(offer.rate),
            "amount": None if units is None else amount_text(units, offer.option.asset.decimals),
        }
    )
