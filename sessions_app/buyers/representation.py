"""Customers as the API and the dashboard tell of them: what they ordered and paid, and what the books have of it."""

from collections import defaultdict
from collections.abc import Iterable
from decimal import Decimal

from django.db.models import Count, Sum

from common.fiat.currencies import Currency
from common.money import to_minor_unit
from sessions_app.answers import shop as answers
from sessions_app.books.definitions import Money, money_of_customers
from sessions_app.models import CheckoutSession, Customer
from sessions_app.status import Status


def represent_customers(customers: Iterable[Customer]) -> list[answers.Customer]:
    """Their answers, with what each paid by currency; two queries however many they are."""
    everybody = list(customers)
    paid = _paid_by(everybody)
    return [
        answers.Customer(
            id=customer.public_id,
            email=customer.email,
            name=customer.name,
            created_at=customer.created_at,
            erased_at=customer.erased_at,
            paid=paid[customer.pk],
        )
        for customer in everybody
    ]


def _paid_by(customers: list[Customer]) -> defaultdict[int, list[answers.PaidInCurrency]]:
    """By customer and currency: what of theirs is completed, and what was received for any session of theirs."""
    completed = CheckoutSession.objects.filter(customer__in=customers, status=Status.COMPLETED)
    sums = completed.order_by().values_list("customer", "currency").annotate(Count("pk"), Sum("amount"))
    ordered = {(customer, currency): (number, amount) for customer, currency, number, amount in sums}
    booked = money_of_customers([customer.pk for customer in customers])
    paid: defaultdict[int, list[answers.PaidInCurrency]] = defaultdict(list)
    for customer, currency in sorted(ordered.keys() | booked.keys()):
        sessions, amount = ordered.get((customer, currency), (0, Decimal(0)))
        money = booked.get((customer, currency), Money())
        entry = answers.PaidInCurrency(
            currency=Currency(currency),
            amount=to_minor_unit(amount, currency),
            sessions=sessions,
            received=to_minor_unit(money.received, currency),
            taken_back=to_minor_unit(money.taken_back, currency),
            refunded=to_minor_unit(money.refunded, currency),
        )
        paid[customer].append(entry)
    return paid
