"""The payment-link API."""

from rest_framework.response import Response

from merchants_app.api_base import ApiRequest, MerchantViewSet
from sessions_app.link_requests import ChangeLink, CreateLink
from sessions_app.payment_links import change_link, create_link, find_link, links_of, represent_link

LIMIT = 100


class PaymentLinkViewSet(MerchantViewSet):
    """Payment links: reusable, at a fixed amount or one that the buyer chooses."""

    def list(self, request: ApiRequest) -> Response:
        """The newest hundred."""
        return Response([represent_link(link) for link in links_of(request.merchant, request.mode)[:LIMIT]])

    def create(self, request: ApiRequest) -> Response:
        """A new link."""
        terms = CreateLink.parse(request.data, mode=request.mode)
        link = create_link(merchant=request.merchant, mode=request.mode, terms=terms)
        return Response(represent_link(link), status=201)

    def retrieve(self, request: ApiRequest, pk: str) -> Response:
        """One link."""
        return Response(represent_link(find_link(request.merchant, request.mode, pk)))

    def partial_update(self, request: ApiRequest, pk: str) -> Response:
        """Changes a link."""
        link = find_link(request.merchant, request.mode, pk)
        return Response(represent_link(change_link(link, ChangeLink.parse(request.data))))

    def destroy(self, request: ApiRequest, pk: str) -> Response:
        """Switches the link off; its sessions stay."""
        change_link(find_link(request.merchant, request.mode, pk), {"active": False})
        return Response(status=204)
