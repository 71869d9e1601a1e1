"""How a business comes to be: by an operator, for somebody who will own it."""

from django.db import transaction

from merchants_app.audit import record
from merchants_app.models import Merchant, Role
from merchants_app.people.invitations import invite


@transaction.atomic
def open_business(*, merchant: Merchant, owner: str, actor: str) -> Merchant:
    """Writes a new business with its settings, and invites the person with the address `owner` to own it."""
    merchant.save(force_insert=True)
    record(merchant=merchant, actor=actor, action="business.opened", subject=merchant.public_id, name=merchant.name)
    invite(merchant=merchant, email=owner, role=Role.OWNER, actor=actor)
    return merchant
