"""The payment-link API."""

from django.utils import timezone
from rest_framework.response import Response

from common.keyset import first_of
from merchants_app.frame.api_base import MerchantViewSet, lead_on
from merchants_app.frame.api_request import ApiRequest
from merchants_app.models import KeyScope
from sessions_app.api.requests import ListLinks
from sessions_app.orders.stock import held_by
from sessions_app.scope import SessionScope
from sessions_app.selling.payment_links import change_link, create_link, represent_link
from sessions_app.terms.links import ChangeLink, CreateLink


class PaymentLinkViewSet(MerchantViewSet):
    """Payment links: reusable, at a fixed amount or one that the buyer chooses."""

    scopes = {
        "list": KeyScope.READ,
        "create": KeyScope.WRITE,
        "retrieve": KeyScope.READ,
        "partial_update": KeyScope.WRITE,
        "destroy": KeyScope.WRITE,
    }

    def list(self, request: ApiRequest) -> Response:
        """A page of links, newest first; `Link: <…>; rel="next"` leads on."""
        wanted = ListLinks.parse_query(request.query_params)
        links = SessionScope.of(request).links()
        if wanted.after:
            links = links.filter(pk__lt=SessionScope.of(request).link(wanted.after, attr="after").pk)
        shown, more = first_of(links, wanted.limit)
        held = held_by(shown, timezone.now())
        response = Response([represent_link(link, held=held[link.pk]) for link in shown])
        if more:
            lead_on(response, request, {"limit": wanted.limit, "after": shown[-1].public_id})
        return response

    def create(self, request: ApiRequest) -> Response:
        """A new link."""
        terms = CreateLink.parse(request.data, mode=request.mode)
        link = create_link(merchant=request.merchant, mode=request.mode, terms=terms.given())
        return Response(represent_link(link), status=201)

    def retrieve(self, request: ApiRequest, pk: str) -> Response:
        """One link."""
        return Response(represent_link(SessionScope.of(request).link(pk)))

    def partial_update(self, request: ApiRequest, pk: str) -> Response:
        """Changes a link."""
        link = SessionScope.of(request).link(pk)
        return Response(represent_link(change_link(link, ChangeLink.parse(request.data).given())))

    def destroy(self, request: ApiRequest, pk: str) -> Response:
        """Switches the link off; its sessions stay."""
        change_link(SessionScope.of(request).link(pk), {"is_active": False})
        return Response(status=204)
