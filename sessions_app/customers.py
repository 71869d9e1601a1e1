"""Customers: one per merchant, mode and e-mail address, made at their first session."""

from django.db.models.query import QuerySet

from merchants_app.models import Merchant
from sessions_app.models import Customer


def customer_for(*, merchant: Merchant, mode: str, email: str, name: str) -> Customer:
    """The customer of that address (capital letters do not matter), with the name last given."""
    customer, made = Customer.objects.get_or_create(
        merchant=merchant, mode=mode, email__iexact=email, defaults={"email": email, "name": name}
    )
    if not made and customer.name != name:
        customer.name = name
        customer.save(update_fields=["name"])
    return customer


def customers_of(merchant: Merchant, mode: str) -> QuerySet[Customer]:
    """All customers, newest first."""
    return Customer.objects.filter(merchant=merchant, mode=mode).order_by("-id")
