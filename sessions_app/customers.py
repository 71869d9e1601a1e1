"""Customers: one per merchant, mode and e-mail address, made at their first session (`creation_sql.py`)."""

from collections.abc import Iterable
from decimal import Decimal
from typing import Any

from django.db.models import Count, QuerySet, Sum, Value
from django.db.models.functions import Lower

from common.errors import NotFound
from common.moments import iso
from common.money import to_minor_unit
from sessions_app.models import CheckoutSession, Customer
from sessions_app.status import Status


class CustomerNotFound(NotFound):
    """No such customer, or not the caller's."""


def with_email(customers: QuerySet[Customer], email: str) -> QuerySet[Customer]:
    """Narrowed to the one with this address, in any case."""
    return customers.alias(folded=Lower("email")).filter(folded=Lower(Value(email)))


def represent_customers(customers: Iterable[Customer]) -> list[dict[str, Any]]:
    """Their JSON, with what each paid by currency; two queries however many they are."""
    everybody = list(customers)
    paid = _paid_by(everybody)
    return [
        {
            "id": customer.public_id,
            "object": "customer",
            "email": customer.email,
            "name": customer.name,
            "createdAt": iso(customer.created_at),
            "erasedAt": iso(customer.erased_at),
            "paid": paid.get(customer.pk, []),
        }
        for customer in everybody
    ]


def _paid_by(customers: list[Customer]) -> dict[int, list[dict[str, Any]]]:
    """Completed sessions by customer and currency: how many, and the sum of their prices."""
    sums = (
        CheckoutSession.objects.filter(customer__in=customers, status=Status.COMPLETED)
        .values("customer", "currency")
        .annotate(sessions=Count("pk"), total=Sum("amount"))
        .order_by("currency")
    )
    paid: dict[int, list[dict[str, Any]]] = {}
    for row in sums:
        total = to_minor_unit(row["total"] or Decimal(0), row["currency"])
        entry = {"currency": row["currency"], "amount": total, "sessions": row["sessions"]}
        paid.setdefault(row["customer"], []).append(entry)
    return paid
