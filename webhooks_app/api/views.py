"""The calls about webhooks: endpoints with their deliveries, and events."""

from collections.abc import Sequence

from rest_framework.decorators import action
from rest_framework.response import Response

from common.api.answer_types import Answer
from common.api.types import Nothing
from merchants_app.frame.api_base import MerchantViewSet, lead_on
from merchants_app.frame.api_request import ApiRequest
from merchants_app.models import KeyScope
from webhooks_app.answers import Resent
from webhooks_app.api.requests import (
    ChangeEndpoint,
    CreateEndpoint,
    ListDeliveries,
    ListEvents,
    PutEndpoint,
    Resend,
)
from webhooks_app.endpoints import endpoints
from webhooks_app.endpoints.representation import represent_delivery, represent_endpoint, with_secret
from webhooks_app.events.bodies import represent_event, represent_events
from webhooks_app.events.queries import deliveries_after, events_after
from webhooks_app.models import WebhookEndpoint
from webhooks_app.queue.resending import resend_delivery, resend_event, resend_failed, resend_since
from webhooks_app.scope import WebhookScope
from webhooks_app.sending.trial import try_endpoint


class EndpointViewSet(MerchantViewSet):
    """Webhook endpoints."""

    # All of them: who hears of every payment, and by which secret, is no shop's daily business.
    scopes = dict.fromkeys(
        ["list", "create", "put_one", "retrieve", "partial_update", "destroy", "deliveries", "resend", "resend_one",
         "test", "rotate_secret"],
        KeyScope.WEBHOOKS,
    )  # fmt: skip
    answers_apart = frozenset({"test", "resend"})

    def list(self, request: ApiRequest) -> Response:
        """All of them, oldest first."""
        own = WebhookScope.of(request).endpoints()
        return Response([represent_endpoint(each) for each in own])

    def create(self, request: ApiRequest) -> Response:
        """A new one, with its secret: it is shown here and never again."""
        wanted = CreateEndpoint.parse(request.data)
        made, secret = endpoints.create_endpoint(
            merchant=request.merchant,
            mode=request.mode,
            url=wanted.url,
            events=wanted.events,
            headers=wanted.headers,
            actor=request.actor,
        )
        return Response(with_secret(made, secret), status=201)

    @action(detail=False, methods=["put"])
    def put_one(self, request: ApiRequest) -> Response:
        """The one of that key or URL, as said: 201 and its secret when it is new, 200 without when it was there."""
        wanted = PutEndpoint.parse(request.data)
        found, secret = endpoints.put_endpoint(
            merchant=request.merchant,
            mode=request.mode,
            url=wanted.url,
            client_key=wanted.client_key or "",
            events=wanted.events,
            headers=wanted.headers,
            actor=request.actor,
        )
        return Response(with_secret(found, secret), status=201) if secret else Response(represent_endpoint(found))

    def retrieve(self, request: ApiRequest, pk: str) -> Response:
        """One."""
        return Response(represent_endpoint(self._endpoint(request, pk)))

    def partial_update(self, request: ApiRequest, pk: str) -> Response:
        """Changes it; switching it on sends what it missed."""
        changes = ChangeEndpoint.parse(request.data)
        changed = endpoints.change_endpoint(
            endpoint=self._endpoint(request, pk), actor=request.actor, **changes.given()
        )
        return Response(represent_endpoint(changed))

    def destroy(self, request: ApiRequest, pk: str) -> Response:
        """Takes it away for good."""
        endpoints.delete_endpoint(endpoint=self._endpoint(request, pk), actor=request.actor)
        return Response(status=204)

    @action(detail=True, methods=["get"])
    def deliveries(self, request: ApiRequest, pk: str) -> Response:
        """What was sent to it, newest first, with every attempt."""
        wanted = ListDeliveries.parse_query(request.query_params)
        found, more = deliveries_after(
            endpoint=self._endpoint(request, pk), after=wanted.after, limit=wanted.limit, status=wanted.status
        )
        answer = [represent_delivery(each) for each in found]
        return _page(request, answer, last=found[-1].public_id if more else None)

    @action(detail=True, methods=["post"])
    def resend(self, request: ApiRequest, pk: str) -> Response:
        """Sends again what failed, or everything since a time."""
        wanted = Resend.parse(request.data)
        endpoint = self._endpoint(request, pk)
        since = wanted.since
        sent = resend_since(endpoint=endpoint, since=since) if since else resend_failed(endpoint=endpoint)
        return Response(Resent(resent=sent))

    @action(detail=True, methods=["post"])
    def resend_one(self, request: ApiRequest, pk: str, delivery: str) -> Response:
        """Sends one delivery again, whatever became of it."""
        Nothing.parse(request.data)
        resend_delivery(delivery=WebhookScope.of(request).delivery(pk, delivery))
        return Response(Resent(resent=1))

    @action(detail=True, methods=["post"])
    def test(self, request: ApiRequest, pk: str) -> Response:
        """Sends a test event and answers what came of it."""
        Nothing.parse(request.data)
        return Response(represent_delivery(try_endpoint(endpoint=self._endpoint(request, pk))))

    @action(detail=True, methods=["post"], url_path="rotate-secret")
    def rotate_secret(self, request: ApiRequest, pk: str) -> Response:
        """A new secret, shown here and never again; the former one goes on signing too for 24 h."""
        Nothing.parse(request.data)
        endpoint = self._endpoint(request, pk)
        secret = endpoints.rotate_secret(endpoint=endpoint, actor=request.actor)
        return Response(with_secret(endpoint, secret))

    def _endpoint(self, request: ApiRequest, public_id: str) -> WebhookEndpoint:
        return WebhookScope.of(request).endpoint(public_id)


class EventViewSet(MerchantViewSet):
    """Events."""

    scopes = {"list": KeyScope.READ, "retrieve": KeyScope.READ, "resend": KeyScope.WEBHOOKS}

    def list(self, request: ApiRequest) -> Response:
        """Events in order, the oldest first: read on after the last one you have, and you miss none."""
        wanted = ListEvents.parse_query(request.query_params)
        found, more = events_after(
            scope=WebhookScope.of(request),
            after=wanted.after,
            limit=wanted.limit,
            type=wanted.type,
            subject=wanted.subject,
        )
        answer = represent_events(found)
        return _page(request, answer, last=str(found[-1].pk) if more else None)

    def retrieve(self, request: ApiRequest, pk: str) -> Response:
        """One, exactly as its webhook carries it."""
        return Response(represent_event(WebhookScope.of(request).event(pk)))

    @action(detail=True, methods=["post"])
    def resend(self, request: ApiRequest, pk: str) -> Response:
        """Sends it again to every endpoint that wants it or had it."""
        Nothing.parse(request.data)
        event = WebhookScope.of(request).event(pk)
        return Response(Resent(resent=resend_event(event=event)))


def _page(request: ApiRequest, answer: Sequence[Answer], *, last: str | None) -> Response:
    """The answer, with the next page's address in `Link`."""
    response = Response(answer)
    if last is not None:
        lead_on(response, request, request.query_params.dict() | {"after": last})
    return response
