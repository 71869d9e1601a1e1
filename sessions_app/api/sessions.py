"""The checkout API: the contract's five calls, and what grew around them."""

from django.http import HttpResponse
from django.utils import timezone
from rest_framework.decorators import action
from rest_framework.response import Response

from common.api.exact_json import dumps, loads_own
from merchants_app.frame.api_base import MerchantViewSet, json_answer, lead_on
from merchants_app.frame.api_request import ApiRequest
from merchants_app.models import KeyScope
from merchants_app.requests.idempotency import Answer, Claim
from sessions_app.api.requests import ChooseOption, ListPayments, ListSessions, Resolve, Simulate, metadata_filters
from sessions_app.models import CheckoutSession
from sessions_app.paying.decisions import decide
from sessions_app.paying.quoting import choose_option
from sessions_app.paying.scenarios import simulate
from sessions_app.reading.queries import newest, payments_page
from sessions_app.scope import SessionScope
from sessions_app.selling.changing import change_session
from sessions_app.selling.creation import create_answered, create_session
from sessions_app.state.lifecycle import cancel, expire
from sessions_app.state.representation import represent, represent_payments
from sessions_app.terms.sessions import ChangeSession, CreateSession, OnConflict


def _create_at_once(request: ApiRequest, claim: Claim) -> Answer | None:
    """`create` for a request with an `Idempotency-Key`, its answer stored with the session."""
    wanted = CreateSession.parse(request.data, mode=request.mode)
    text = create_answered(
        merchant=request.merchant,
        mode=request.mode,
        terms=wanted.agreed(),
        actor=request.actor,
        claim=claim,
        allow_repeat=wanted.allow_repeat,
    )
    return Answer(200, text.encode()) if text else None


def _as_it_is_now(request: ApiRequest, body: bytes) -> bytes:
    """The answer to a create that is sent again: its session, which may have ended since."""
    session = SessionScope.of(request).view(loads_own(body.decode())["id"])
    return dumps(represent(session)).encode()


class CheckoutViewSet(MerchantViewSet):
    """Checkout sessions."""

    scopes = {
        "list": KeyScope.READ,
        "create": KeyScope.WRITE,
        "retrieve": KeyScope.READ,
        "payments": KeyScope.READ,
        "partial_update": KeyScope.WRITE,
        "expire": KeyScope.WRITE,
        "cancel": KeyScope.WRITE,
        "quote": KeyScope.WRITE,
        "simulate": KeyScope.WRITE,
        "resolve": KeyScope.DECIDE,
    }
    answers_apart = frozenset({"quote"})  # asks for rates; a quote that holds is given again, so it may be asked twice
    answers_at_once = {"create": _create_at_once}
    answers_anew = {"create": _as_it_is_now}
    found_elsewhere = {"GET": 'Method "GET" not allowed here. A session is at /api/v1/checkout/sessions/{id}.'}

    def list(self, request: ApiRequest) -> HttpResponse:
        """A page of sessions, newest first; `Link: <…>; rel="next"` leads on."""
        metadata, others = metadata_filters(request.query_params)
        wanted = ListSessions.parse_query(others)
        filters = wanted.model_dump(exclude_none=True, exclude={"limit", "after", "total"})
        page = newest(
            SessionScope.of(request),
            filters=filters,
            metadata=metadata,
            limit=wanted.limit,
            after=wanted.after,
            with_total=wanted.total,
        )
        response = json_answer([represent(session) for session in page.sessions])
        if page.total is not None:
            response["Total-Count"] = str(page.total)
        if page.last:
            lead_on(response, request, request.query_params.dict() | {"after": page.last})
        return response

    def create(self, request: ApiRequest) -> Response:
        """A new session, or the live one of the same reference."""
        wanted = CreateSession.parse(request.data, mode=request.mode)
        session = create_session(
            merchant=request.merchant,
            mode=request.mode,
            terms=wanted.agreed(),
            actor=request.actor,
            allow_repeat=wanted.allow_repeat,
            supersedes=wanted.on_conflict == OnConflict.SUPERSEDE,
        )
        # One that took over an address shows where to pay; any other is as it was written.
        return Response(represent(SessionScope.of(request).view(session.public_id) if session.supersedes else session))

    def retrieve(self, request: ApiRequest, pk: str) -> HttpResponse:
        """One session as it is now."""
        return json_answer(represent(SessionScope.of(request).view(pk)))

    @action(detail=True, methods=["get"])
    def payments(self, request: ApiRequest, pk: str) -> HttpResponse:
        """A page of what was seen for a session, newest first; `Link: <…>; rel="next"` leads on."""
        wanted = ListPayments.parse_query(request.query_params)
        session = SessionScope.of(request).view(pk)
        shown, more = payments_page(session, limit=wanted.limit, after=wanted.after)
        response = json_answer(represent_payments(session, shown))
        if more:
            lead_on(response, request, {"limit": wanted.limit, "after": shown[-1].public_id})
        return response

    def partial_update(self, request: ApiRequest, pk: str) -> Response:
        """Changes what the buyer is shown and told, while the session is open; answers the session."""
        wanted = ChangeSession.parse(request.data, mode=request.mode)
        change_session(self._session(request, pk), wanted.given(), actor=request.actor)
        return Response(represent(SessionScope.of(request).view(pk)))

    @action(detail=True, methods=["post"])
    def expire(self, request: ApiRequest, pk: str) -> Response:
        """Ends an open session."""
        expire(self._session(request, pk), actor=request.actor)
        return Response(status=201)

    @action(detail=True, methods=["post"])
    def cancel(self, request: ApiRequest, pk: str) -> Response:
        """Cancels an open session."""
        cancel(self._session(request, pk), actor=request.actor)
        return Response(status=201)

    @action(detail=True, methods=["post"])
    def quote(self, request: ApiRequest, pk: str) -> Response:
        """Makes the session payable with an asset on a network; answers the session with its `payment`."""
        wanted = ChooseOption.parse(request.data)
        session = self._session(request, pk)
        choose_option(session=session, now=timezone.now(), asset=wanted.asset, network=wanted.network)
        return Response(represent(SessionScope.of(request).view(pk)))

    @action(detail=True, methods=["post"])
    def simulate(self, request: ApiRequest, pk: str) -> Response:
        """Plays a buyer on the sandbox chain (test mode only); answers the session, the outcome follows."""
        wanted = Simulate.parse(request.data)
        session = self._session(request, pk)
        simulate(session=session, now=timezone.now(), actor=request.actor, **wanted.given())
        return Response(represent(SessionScope.of(request).view(pk)))

    @action(detail=True, methods=["post"])
    def resolve(self, request: ApiRequest, pk: str) -> Response:
        """Settles the session's open issue; answers the session."""
        wanted = Resolve.parse(request.data)
        decide(
            session=self._session(request, pk),
            kind=wanted.decision,
            tx_hash=wanted.tx_hash or "",
            note=wanted.note or "",
            issue=wanted.issue or "",
            payments=wanted.payments,
            actor=request.actor,
        )
        return Response(represent(SessionScope.of(request).view(pk)))

    def _session(self, request: ApiRequest, public_id: str) -> CheckoutSession:
        return SessionScope.of(request).session(public_id)
