"""How a business comes to be when the operator lets anybody sign up (`OPEN_SIGNUP=1`, and not switched off)."""

from django.db import transaction

from common.errors import Conflict, DomainError
from merchants_app.audit import record
from merchants_app.businesses.switches import is_on
from merchants_app.models import Feature, Member, Merchant, Role, User


class SignUpClosed(DomainError):
    """Only the operator makes businesses here."""

    code, status = "sign_up_closed", 403


def open_to_all() -> bool:
    """Whether anybody may make an account, and a business."""
    return is_on(Feature.SIGN_UP)


@transaction.atomic
def found_business(*, name: str, user: User) -> Merchant:
    """A business of one's own, for somebody who works nowhere yet.

    Raises SignUpClosed where sign-up is not open, Conflict when they work somewhere.
    """
    if not open_to_all():
        raise SignUpClosed("New businesses are made by the operator of this installation.")
    User.objects.select_for_update().get(pk=user.pk)  # two clicks make one business
    if Member.objects.filter(user=user).exists():
        raise Conflict("You have a business already.")
    merchant = Merchant.objects.create(name=name, support_email=user.email)
    Member.objects.create(merchant=merchant, user=user, role=Role.OWNER)
    record(merchant=merchant, actor=user.email, action="business.founded", subject=merchant.public_id, name=name)
    return merchant
