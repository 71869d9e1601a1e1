"""Who works for a merchant: invited, given another role, taken out. There is always an owner left."""

from allauth.account.forms import default_token_generator
from allauth.account.utils import user_pk_to_url_str
from django.conf import settings
from django.db import transaction
from django.db.models import QuerySet
from django.urls import reverse

from common.errors import Conflict, NotFound
from merchants_app.audit import record
from merchants_app.key_holders import KeysGo, settle_keys
from merchants_app.mails import mail
from merchants_app.models import Member, Merchant, Role, User


class LastOwner(Conflict):
    """The business would have no owner left."""

    code = "last_owner"


@transaction.atomic
def invite(*, merchant: Merchant, email: str, role: Role, actor: str) -> Member:
    """Makes a member of the person with this address, with an account if there is none, and writes to them.

    Raises Conflict when they belong to the team already.
    """
    user = User.objects.filter(email__iexact=email).first() or User.objects.create_user(email.lower())
    member, is_new = Member.objects.get_or_create(merchant=merchant, user=user, defaults={"role": role})
    if not is_new:
        raise Conflict(f"{user.email} is in the team already.", attr="email")
    record(merchant=merchant, actor=actor, action="member.invited", subject=user.email, role=role)
    link = "" if user.has_usable_password() else _password_link(user)
    mail(to=[user.email], template="invited", merchant=merchant, role=role.label, actor=actor, link=link)
    return member


@transaction.atomic
def change_role(*, merchant: Merchant, member_id: int, role: Role, actor: str) -> Member:
    """Gives a member another role. Raises NotFound, or LastOwner."""
    member = _locked(merchant, member_id, keeps_owner=role == Role.OWNER)
    before, member.role = member.role, role
    member.save(update_fields=["role"])
    record(
        merchant=merchant,
        actor=actor,
        action="member.role_changed",
        subject=member.user.email,
        before=before,
        after=role,
    )
    return member


@transaction.atomic
def remove(*, merchant: Merchant, member_id: int, actor: str, keys: KeysGo | None = None) -> None:
    """Takes a member out; the account stays, without access to this business. Raises NotFound, or LastOwner.

    Their API keys go to the owner who does it (else to the oldest) or are revoked, as `keys` says: KeysToSettle when it
    says nothing and there are any.
    """
    member = _locked(merchant, member_id, keeps_owner=False)
    owners = [each.user for each in members_of(merchant) if each.role == Role.OWNER and each.pk != member_id]
    heir = next((owner for owner in owners if owner.email == actor), owners[0])
    settle_keys(merchant=merchant, leaver=member.user, heir=heir, then=keys, actor=actor)
    member.delete()
    record(merchant=merchant, actor=actor, action="member.removed", subject=member.user.email, role=member.role)


def members_of(merchant: Merchant) -> QuerySet[Member]:
    """The team, in the order they came."""
    return Member.objects.filter(merchant=merchant).select_related("user").order_by("id")


def _locked(merchant: Merchant, member_id: int, *, keeps_owner: bool) -> Member:
    """The member; the whole team is locked, so that two owners cannot take each other out at the same instant."""
    team = list(members_of(merchant).select_for_update(of=("self",)))
    member = next((each for each in team if each.pk == member_id), None)
    if member is None:
        raise NotFound("There is no such member.")
    if not keeps_owner and not any(each.role == Role.OWNER for each in team if each.pk != member_id):
        raise LastOwner("Somebody must own the business: make another member an owner first.")
    return member


def _password_link(user: User) -> str:
    path = reverse(
        "account_reset_password_from_key",
        kwargs={"uidb36": user_pk_to_url_str(user), "key": default_token_generator.make_token(user)},
    )
    return f"{settings.PUBLIC_URL}{path}"
