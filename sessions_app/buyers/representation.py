"""Customers as the API and the dashboard tell of them: what they ordered and paid, and what the books have of it."""

from collections import Counter, defaultdict
from collections.abc import Iterable
from decimal import Decimal

from django.db.models import Count, Q, Sum

from common.fiat.currencies import Currency
from common.money import to_minor_unit
from sessions_app.answers import shop as answers
from sessions_app.books.definitions import ZERO, Money, few_enough, money_of_customers
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
    theirs = CheckoutSession.objects.filter(customer__in=customers).order_by().values_list("customer", "currency")
    is_paid = Q(status=Status.COMPLETED)
    sums = list(theirs.annotate(Count("pk"), paid=Count("pk", filter=is_paid), prices=Sum("amount", filter=is_paid)))
    begun: Counter[int] = Counter()
    for customer, _, number, _, _ in sums:
        begun[customer] += number
    summed = few_enough(begun)
    booked = money_of_customers(summed)
    paid: defaultdict[int, list[answers.PaidInCurrency]] = defaultdict(list)
    for customer, currency, _, sessions, amount in sorted(sums):
        money = booked.get((customer, currency), Money()) if customer in summed else None
        if sessions or money != Money():
            entry = answers.PaidInCurrency(
                currency=Currency(currency),
                amount=to_minor_unit(amount or ZERO, currency),
                sessions=sessions,
                **_told(money, currency),
            )
            paid[customer].append(entry)
    return paid


def _told(money: Money | None, currency: str) -> dict[str, Decimal | None]:
    names = ("received", "taken_back", "refunded")
    return {name: None if money is None else to_minor_unit(getattr(money, name), currency) for name in names}
