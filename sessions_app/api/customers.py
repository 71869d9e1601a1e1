"""The customer API: who bought, and what they paid; all that is kept about one, and its end."""

from rest_framework.decorators import action
from rest_framework.response import Response

from common.api.types import Nothing
from common.keyset import first_of
from merchants_app.frame.api_base import MerchantViewSet, lead_on
from merchants_app.frame.api_request import ApiRequest
from merchants_app.models import KeyScope
from sessions_app.api.requests import ListCustomers
from sessions_app.buyers.erasing import erase_buyer
from sessions_app.buyers.export import export_buyer
from sessions_app.buyers.representation import represent_customers
from sessions_app.scope import SessionScope
from sessions_app.state.customers import with_email


class CustomerViewSet(MerchantViewSet):
    """Customers: one per e-mail address, made at their first session."""

    # Erasing needs what deciding needs: a key that only sells must not make a business forget.
    scopes = {
        "list": KeyScope.READ,
        "retrieve": KeyScope.READ,
        "export": KeyScope.READ,
        "erase": KeyScope.DECIDE,
    }
    # Erasing commits batch by batch.
    answers_apart = frozenset({"erase"})

    def list(self, request: ApiRequest) -> Response:
        """A page of customers, newest first; `Link: <…>; rel="next"` leads on."""
        wanted = ListCustomers.parse_query(request.query_params)
        customers = SessionScope.of(request).customers()
        if wanted.after:
            customers = customers.filter(pk__lt=SessionScope.of(request).customer(wanted.after, attr="after").pk)
        if wanted.email:
            customers = with_email(customers, wanted.email)
        shown, more = first_of(customers, wanted.limit)
        response = Response(represent_customers(shown))
        if more:
            lead_on(response, request, wanted.given() | {"limit": wanted.limit, "after": shown[-1].public_id})
        return response

    def retrieve(self, request: ApiRequest, pk: str) -> Response:
        """One customer."""
        return Response(represent_customers([SessionScope.of(request).customer(pk)])[0])

    @action(detail=True, methods=["get"])
    def export(self, request: ApiRequest, pk: str) -> Response:
        """All that is kept about one customer."""
        return Response(export_buyer(SessionScope.of(request).customer(pk)))

    @action(detail=True, methods=["post"])
    def erase(self, request: ApiRequest, pk: str) -> Response:
        """Forgets who a customer is; answers what is left. Erased already: nothing happens."""
        Nothing.parse(request.data)
        erase_buyer(SessionScope.of(request).customer(pk), actor=request.actor)
        return Response(represent_customers([SessionScope.of(request).customer(pk)])[0])
