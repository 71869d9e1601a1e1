"""Refunds over the API: asked for, looked at, told to be sent, withdrawn."""

from django.utils import timezone
from rest_framework.decorators import action
from rest_framework.response import Response

from chains_app.networks.networks import network
from common.api.types import Nothing
from common.fiat.currencies import Currency
from common.modes import Mode
from merchants_app.frame.api_base import MerchantViewSet
from merchants_app.frame.api_request import ApiRequest
from merchants_app.models import KeyScope
from sessions_app.answers import refunds as answers
from sessions_app.api.refund_requests import CreateRefund, RefundSent
from sessions_app.models import Refund
from sessions_app.refunding.asking import ask_for_refund
from sessions_app.refunding.mails import refund_page_url
from sessions_app.refunding.matching import candidates_of
from sessions_app.refunding.refunds import ask_for_rate, play_refund, refund_call, why_not_signed, withdraw_for_good
from sessions_app.refunding.told import tell_transaction
from sessions_app.scope import SessionScope
from sessions_app.state.representation import dashboard_url, represent_refund


def _ask_for_rate(request: ApiRequest) -> None:
    ask_for_rate(CreateRefund.parse(request.data).rate, request.mode)


class RefundViewSet(MerchantViewSet):
    """Refunds."""

    scopes = {
        "list": KeyScope.READ,
        "create": KeyScope.DECIDE,
        "retrieve": KeyScope.READ,
        "withdraw": KeyScope.DECIDE,
        "sent": KeyScope.DECIDE,
        "simulate": KeyScope.DECIDE,
    }
    # Not apart: done again after a crash, it would be a second part of the money.
    asks_before = {"create": _ask_for_rate}

    def list(self, request: ApiRequest, pk: str) -> Response:
        """The refunds of a session, newest first."""
        scope = SessionScope.of(request)
        session = scope.session(pk)
        return Response([_represent(refund) for refund in scope.refunds(session.public_id)])

    def create(self, request: ApiRequest, pk: str) -> Response:
        """A refund of a session's money."""
        wanted = CreateRefund.parse(request.data)
        session = SessionScope.of(request).session(pk)
        made = ask_for_refund(session=session, actor=request.actor, **wanted.model_dump(exclude_none=True))
        return Response(_represent(made), status=201)

    def retrieve(self, request: ApiRequest, pk: str) -> Response:
        """One refund."""
        return Response(_represent(self._refund(request, pk)))

    @action(detail=True, methods=["post"])
    def withdraw(self, request: ApiRequest, pk: str) -> Response:
        """Takes a refund back that is not on its way yet."""
        Nothing.parse(request.data)
        return Response(_represent(withdraw_for_good(self._refund(request, pk), actor=request.actor)))

    @action(detail=True, methods=["post"])
    def sent(self, request: ApiRequest, pk: str) -> Response:
        """Says which transaction a refund is."""
        wanted = RefundSent.parse(request.data)
        return Response(_represent(tell_transaction(self._refund(request, pk), wanted.tx_hash, actor=request.actor)))

    @action(detail=True, methods=["post"])
    def simulate(self, request: ApiRequest, pk: str) -> Response:
        """On the sandbox, sends it as a wallet would; it is seen within seconds."""
        Nothing.parse(request.data)
        refund = self._refund(request, pk)
        play_refund(refund, now=timezone.now(), actor=request.actor)
        return Response(_represent(self._refund(request, pk)))

    def _refund(self, request: ApiRequest, public_id: str) -> Refund:
        return SessionScope.of(request).any_refund(public_id)


def _represent(refund: Refund) -> answers.Refund:
    session = refund.session
    return answers.Refund(
        **dict(represent_refund(refund, session.currency)),
        session_id=session.public_id,
        livemode=session.mode == Mode.LIVE,
        currency=Currency(session.currency),
        buyer_url=refund_page_url(session),
        sign_url=f"{dashboard_url(session)}/refund/{refund.public_id}",
        call=_call(refund),
        told_tx_hash=refund.told_tx or None,
        problem=refund.told_problem or None,
        candidates=[
            answers.RefundCandidate(tx_hash=each.tx_hash, sender=each.sender or None, seen_at=each.seen_at)
            for each in candidates_of(refund)
        ],
    )


def _call(refund: Refund) -> answers.RefundCall | None:
    if why_not_signed(refund):
        return None
    chain, call = network(refund.network), refund_call(refund)
    return answers.RefundCall(chain_id=chain.chain_id, to=call.to, value=str(call.value), data=call.data)
