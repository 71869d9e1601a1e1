"""How a business comes to be: by an operator, for somebody who will own it."""

from django.db import transaction

from merchants_app.audit import record
from merchants_app.businesses.logos import digest_of, keep_logo
from merchants_app.models import Merchant, Role
from merchants_app.people.invitations import invite


@transaction.atomic
def open_business(*, merchant: Merchant, owner: str, actor: str, logo: bytes = b"") -> Merchant:
    """Writes a new business with its settings, and invites the person with the address `owner` to own it.

    `logo`: the picture to show, as `drawn_anew` gave it; empty for none.
    """
    merchant.logo_digest = digest_of(logo, merchant=merchant)
    merchant.save(force_insert=True)
    keep_logo(logo, merchant=merchant)
    record(merchant=merchant, actor=actor, action="business.opened", subject=merchant.public_id, name=merchant.name)
    invite(merchant=merchant, email=owner, role=Role.OWNER, actor=actor)
    return merchant
