"""What can be paid with in the key's mode."""

from typing import Any

from rest_framework.response import Response

from chains_app.networks import PaymentOption, payment_options
from merchants_app.api_base import ApiRequest, MerchantViewSet


class PaymentOptionViewSet(MerchantViewSet):
    """Payment options: assets on networks."""

    def list(self, request: ApiRequest) -> Response:
        """All of the mode, in the order they are offered."""
        return Response([_represent(option) for option in payment_options(request.mode)])


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
