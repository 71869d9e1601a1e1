"""Whose key this is, and whether all is ready to sell."""

from django.utils import timezone
from rest_framework.response import Response

from chains_app.networks.networks import Network
from chains_app.reading.health import unread_networks
from common.modes import Mode
from common.version import VERSION
from merchants_app.businesses.embedding import embedders
from merchants_app.businesses.ways import ways_to_pay
from merchants_app.frame.api_base import MerchantViewSet
from merchants_app.frame.api_request import ApiRequest
from merchants_app.keys.api_keys import allowed
from merchants_app.models import KeyScope
from merchants_app.treasuries.treasuries import treasury_for
from sessions_app.answers import account as answers


class AccountViewSet(MerchantViewSet):
    """The account."""

    scopes = {"retrieve": KeyScope.READ}

    def retrieve(self, request: ApiRequest) -> Response:
        """The one account of the key."""
        key, networks = request.key, _networks(request)
        unread = unread_networks(timezone.now())
        return Response(
            answers.Account(
                id=request.merchant.public_id,
                business=request.merchant.name,
                mode=Mode(request.mode),
                livemode=request.mode == Mode.LIVE,
                key=answers.KeyOfAccount(
                    name=key.name,
                    hint=key.hint,
                    scopes=[scope for scope in KeyScope if allowed(key, scope)],
                    expires_at=key.expires_at,
                ),
                treasury_set=treasury_for(request.merchant, request.mode, timezone.now()) is not None,
                assets=list(dict.fromkeys(symbol for _, symbols in networks for symbol in symbols)),
                networks=[
                    answers.NetworkOfAccount(
                        id=network.id,
                        name=network.name,
                        health="unreachable" if network.id in unread else "ok",
                        unread_since=unread.get(network.id),
                        assets=symbols,
                    )
                    for network, symbols in networks
                ],
                embed_origins=embedders(request.merchant, request.mode),
                version=VERSION,
            )
        )


def _networks(request: ApiRequest) -> list[tuple[Network, list[str]]]:
    """Those that the business is paid on, each with its assets."""
    options = ways_to_pay(request.merchant, request.mode)
    networks = {option.network.id: option.network for option in options}
    return [
        (network, [option.asset.symbol for option in options if option.network.id == name])
        for name, network in networks.items()
    ]
