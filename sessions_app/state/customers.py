"""Customers: one per merchant, mode and e-mail address, made at their first session (`creation_sql.py`)."""

from django.db.models import QuerySet, Value
from django.db.models.functions import Lower
from django.utils import timezone

from common.database import fetch
from common.errors import NotFound
from common.public_ids import new_customer_id
from sessions_app.models import CheckoutSession, Customer


class CustomerNotFound(NotFound):
    """No such customer, or not the caller's."""


# For statements by hand, the same as `with_email`. Parameters: merchant, mode, email.
BY_EMAIL = f"""
    SELECT id, public_id, name FROM {Customer._meta.db_table}
    WHERE merchant_id = %(merchant)s::bigint AND mode = %(mode)s::text AND lower(email) = lower(%(email)s::text)
        AND email <> ''
"""  # noqa: S608  (a name of our own)


def with_email(customers: QuerySet[Customer], email: str) -> QuerySet[Customer]:
    """Narrowed to the one with this address, in any case of letters, as PostgreSQL folds them (their constraint).

    Those of whom no address is known are one each.
    """
    return customers.alias(folded=Lower("email")).exclude(email="").filter(folded=Lower(Value(email)))


# Whoever is erasing them is waited for, and who comes after that finds nobody of this address.
_OR_NEW = f"""
INSERT INTO {Customer._meta.db_table} AS kept (public_id, merchant_id, mode, email, name, created_at)
SELECT %(public_id)s::text, %(merchant)s::bigint, %(mode)s::text, %(email)s::text, %(name)s::text, %(now)s::timestamptz
ON CONFLICT (merchant_id, mode, lower(email)) WHERE email <> '' DO UPDATE SET name = EXCLUDED.name
RETURNING id
"""


def customer_of(session: CheckoutSession, *, known_by: str) -> int:
    """The key of the customer of the session's e-mail address, who has its name from now on; made if there is none.

    `known_by`: the address that it had before. Without one, before and now, the customer is this session's alone.
    """
    if not (known_by or session.email):
        Customer.objects.filter(pk=session.customer_id).update(name=session.name)
        return session.customer_id
    given = {
        "public_id": new_customer_id(),
        "merchant": session.merchant_id,
        "mode": session.mode,
        "email": session.email,
        "name": session.name,
        "now": timezone.now(),
    }
    return int(fetch(_OR_NEW, given)[0][0])
