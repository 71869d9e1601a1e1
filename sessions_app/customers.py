"""Customers: one per merchant, mode and e-mail address, made at their first session."""

from django.db.models.query import QuerySet

from merchants_app.models import Merchant
from sessions_app.models import Customer


def customers_of(merchant: Merchant, mode: str) -> QuerySet[Customer]:
    """All customers, newest first."""
    return Customer.objects.filter(merchant=merchant, mode=mode).order_by("-id")
