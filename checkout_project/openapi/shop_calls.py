"""The calls about payment links and customers, described."""

from typing import Any

from drf_spectacular.extensions import OpenApiViewExtension
from drf_spectacular.utils import extend_schema_view

from checkout_project.openapi.describing import DONE, NEXT_PAGE, change, copy_of, get, post, thing_id
from sessions_app.answers.account import Account
from sessions_app.answers.export import BuyerExport
from sessions_app.answers.shop import Customer, PaymentLink, TimeAdvanced
from sessions_app.api.requests import Advance, ListCustomers, ListLinks
from sessions_app.terms.links import ChangeLink, CreateLink


class LinkCalls(OpenApiViewExtension):  # type: ignore[no-untyped-call]
    """Payment links."""

    target_class = "sessions_app.api.links.PaymentLinkViewSet"

    def view_replacement(self) -> Any:
        """The view set with its descriptions."""
        link, tag = thing_id("payment link", "pl"), "Payment links"
        described = extend_schema_view(
            list=get("list_payment_links", "List payment links", PaymentLink, ListLinks, NEXT_PAGE, tag=tag),
            create=post("create_payment_link", "Create a payment link", CreateLink, {201: PaymentLink}, tag=tag),
            retrieve=get("get_payment_link", "Get a payment link", PaymentLink, link, tag=tag),
            partial_update=change(
                "change_payment_link", "Change a payment link", ChangeLink, {200: PaymentLink}, link, tag=tag
            ),
            destroy=change("switch_off_payment_link", "Switch a payment link off", None, {204: DONE}, link, tag=tag),
        )
        return described(copy_of(self.target_class))


class CustomerCalls(OpenApiViewExtension):  # type: ignore[no-untyped-call]
    """Customers."""

    target_class = "sessions_app.api.customers.CustomerViewSet"

    def view_replacement(self) -> Any:
        """The view set with its descriptions."""
        customer, tag = thing_id("customer", "cus"), "Customers"
        described = extend_schema_view(
            list=get("list_customers", "List customers", Customer, ListCustomers, NEXT_PAGE, tag=tag),
            retrieve=get("get_customer", "Get a customer", Customer, customer, tag=tag),
            export=get("export_customer", "Get all that is kept about a customer", BuyerExport, customer, tag=tag),
            erase=post("erase_customer", "Erase who a customer is", None, {200: Customer}, customer, tag=tag),
        )
        return described(copy_of(self.target_class))


class AccountCalls(OpenApiViewExtension):  # type: ignore[no-untyped-call]
    """The account."""

    target_class = "sessions_app.api.account.AccountViewSet"

    def view_replacement(self) -> Any:
        """The view set with its descriptions."""
        described = extend_schema_view(retrieve=get("get_account", "Test the connection", Account, tag="Account"))
        return described(copy_of(self.target_class))


class SandboxCalls(OpenApiViewExtension):  # type: ignore[no-untyped-call]
    """The sandbox."""

    target_class = "sessions_app.api.sandbox.SandboxViewSet"

    def view_replacement(self) -> Any:
        """The view set with its descriptions."""
        answers = {200: TimeAdvanced}
        described = extend_schema_view(
            advance=post("advance_sandbox", "Let time pass (test mode)", Advance, answers, tag="Sandbox")
        )
        return described(copy_of(self.target_class))
