"""The calls about payment links and customers, described."""

from typing import Any

from drf_spectacular.extensions import OpenApiViewExtension
from drf_spectacular.utils import extend_schema_view

from checkout_project.openapi.answers import CustomerAnswer, LinkAnswer
from checkout_project.openapi.describing import DONE, NEXT_PAGE, change, copy_of, get, post, thing_id
from sessions_app.customer_views import ListCustomers
from sessions_app.link_requests import ChangeLink, CreateLink
from sessions_app.link_views import ListLinks


class LinkCalls(OpenApiViewExtension):  # type: ignore[no-untyped-call]
    """Payment links."""

    target_class = "sessions_app.link_views.PaymentLinkViewSet"

    def view_replacement(self) -> Any:
        """The view set with its descriptions."""
        link, tag = thing_id("payment link", "pl"), "Payment links"
        described = extend_schema_view(
            list=get("List payment links", LinkAnswer(many=True), ListLinks, NEXT_PAGE, tag=tag),
            create=post("Create a payment link", CreateLink, {201: LinkAnswer}, tag=tag),
            retrieve=get("Get a payment link", LinkAnswer, link, tag=tag),
            partial_update=change("Change a payment link", ChangeLink, {200: LinkAnswer}, link, tag=tag),
            destroy=change("Switch a payment link off", None, {204: DONE}, link, tag=tag),
        )
        return described(copy_of(self.target_class))


class CustomerCalls(OpenApiViewExtension):  # type: ignore[no-untyped-call]
    """Customers."""

    target_class = "sessions_app.customer_views.CustomerViewSet"

    def view_replacement(self) -> Any:
        """The view set with its descriptions."""
        customer, tag = thing_id("customer", "cus"), "Customers"
        described = extend_schema_view(
            list=get("List customers", CustomerAnswer(many=True), ListCustomers, NEXT_PAGE, tag=tag),
            retrieve=get("Get a customer", CustomerAnswer, customer, tag=tag),
        )
        return described(copy_of(self.target_class))
