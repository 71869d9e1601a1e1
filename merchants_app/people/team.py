"""Who works for a merchant: given another role, taken out (`invitations` asks them in). An owner is always left."""

from django.db import transaction
from django.db.models import QuerySet

from common.errors import Conflict, DomainError, NotFound
from merchants_app.audit import record
from merchants_app.keys.holders import KeysGo, settle_keys
from merchants_app.mail.notices import tell_owners
from merchants_app.models import Member, Merchant, Role, User
from merchants_app.people.invitations import withdraw_those_by


class LastOwner(Conflict):
    """The business would have no owner left."""

    code = "last_owner"


class NoOwnerAnyMore(DomainError):
    """Whoever asks was taken out, or given another role, a moment before."""

    code, status = "no_owner", 403


@transaction.atomic
def change_role(*, merchant: Merchant, member_id: int, role: Role, actor: str, by: User | None = None) -> Member:
    """Gives a member another role. `by` must be an owner (None: an operator).

    Raises NotFound, LastOwner, or NoOwnerAnyMore.
    """
    member, owners = _locked(merchant, member_id, keeps_owner=role == Role.OWNER, by=by)
    before, member.role = member.role, role
    if before == role:
        return member
    member.save(update_fields=["role"])
    if before == Role.OWNER:
        withdraw_those_by(merchant=merchant, user=member.user)
    record(
        merchant=merchant,
        actor=actor,
        action="member.role_changed",
        subject=member.user.email,
        before=before,
        after=role,
    )
    was = Role(before).label.lower()
    what = f"{member.user.email} is now {role.label.lower()} (was {was})"
    tell_owners(merchant=merchant, what=what, actor=actor, also=[*owners, member.user.email])
    return member


@transaction.atomic
def remove(
    *, merchant: Merchant, member_id: int, actor: str, by: User | None = None, keys: KeysGo | None = None
) -> None:
    """Takes a member out; their account stays, without access to this business.

    `by` must be an owner (None: an operator). Their API keys go to the owner who does it (else to the oldest) or are
    revoked, as `keys` says. Raises NotFound, LastOwner, NoOwnerAnyMore, or KeysToSettle when `keys` says nothing and
    there are any.
    """
    member, owners = _locked(merchant, member_id, keeps_owner=False, by=by)
    heirs = [each.user for each in members_of(merchant) if _owns(each) and each.pk != member_id]
    heir = next((owner for owner in heirs if owner == by), heirs[0])
    settle_keys(merchant=merchant, leaver=member.user, heir=heir, then=keys, actor=actor)
    member.delete()
    withdraw_those_by(merchant=merchant, user=member.user)
    record(merchant=merchant, actor=actor, action="member.removed", subject=member.user.email, role=member.role)
    what = f"{member.user.email} is no longer in the team"
    tell_owners(merchant=merchant, what=what, actor=actor, also=[*owners, member.user.email])


def members_of(merchant: Merchant) -> QuerySet[Member]:
    """The team, in the order they came."""
    return Member.objects.filter(merchant=merchant).select_related("user").order_by("id")


def _locked(merchant: Merchant, member_id: int, *, keeps_owner: bool, by: User | None) -> tuple[Member, list[str]]:
    """The member, and the addresses of the owners so far.

    The whole team is locked, so that two owners cannot take each other out at the same instant: the second one to ask
    is an owner no more.
    """
    team = list(members_of(merchant).select_for_update(of=("self",)))
    owners = [each for each in team if _owns(each)]
    member = next((each for each in team if each.pk == member_id), None)
    if member is None:
        raise NotFound("There is no such member.")
    if by is not None and not any(each.user_id == by.pk for each in owners):
        raise NoOwnerAnyMore("You are no owner of this business any more, so nothing was changed.")
    if not keeps_owner and not any(each.pk != member_id for each in owners):
        raise LastOwner("Somebody must own the business: make another member an owner first.")
    return member, [each.user.email for each in owners]


def _owns(member: Member) -> bool:
    """An owner who can sign in: of a business that has no other, nobody could do what owners do."""
    return member.role == Role.OWNER and member.user.is_active
