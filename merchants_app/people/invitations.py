"""Asking people into a team: written to, written to again, taken back, accepted. Only who opens the letter joins."""

import secrets
from datetime import datetime, timedelta

from allauth.account.models import EmailAddress
from django.conf import settings
from django.db import transaction
from django.db.models import QuerySet
from django.utils import timezone

from common.email_addresses import folded
from common.errors import Conflict, DomainError, NotFound
from merchants_app.audit import record
from merchants_app.keys.api_keys import digest_of
from merchants_app.mail.mails import mail
from merchants_app.mail.notices import tell_of_account, tell_owners
from merchants_app.models import AuditEntry, Invitation, Member, Merchant, Role, User

LASTS = timedelta(days=7)
# A business writes to people who never asked for it: seldom to one, and not to many.
BETWEEN_LETTERS = timedelta(minutes=10)
INVITATIONS_A_DAY = 30
INVITATIONS_A_DAY_TO_ONE = 5
_WROTE = ("member.invited", "member.invited_again")


class TooManyLetters(DomainError):
    """Written to lately, or too many were."""

    code, status = "too_many_letters", 429


class InvitationOver(DomainError):
    """It was sent, but opens nothing any more; the sentence says why and whom to ask."""

    code, status = "invitation_over", 410


class WrongAccount(Conflict):
    """The account that opened the letter cannot accept it; the sentence says what to do."""

    code = "wrong_account"


def invitations_of(merchant: Merchant) -> QuerySet[Invitation]:
    """Those that were neither accepted nor taken back, oldest first."""
    open_ones = Invitation.objects.filter(merchant=merchant, accepted_at=None, withdrawn_at=None)
    return open_ones.select_related("invited_by").order_by("id")


def owner_of_address(email: str) -> User | None:
    """Whose account the address is: proven by them, or the name of an account whose letter was not opened yet."""
    proven = EmailAddress.objects.filter(email=folded(email), verified=True).select_related("user").first()
    return proven.user if proven else User.objects.filter(email=folded(email)).first()


@transaction.atomic
def invite(
    *, merchant: Merchant, email: str, role: Role, actor: str, by: User | None = None, now: datetime | None = None
) -> Invitation:
    """Writes to somebody; nobody is a member by that, and the answer is the same whether they have an account or not.

    `by` is the owner who asks (None: an operator), `actor` how letters and the audit log name them.
    Raises Conflict when they are in the team or invited already, TooManyLetters.
    """
    now, email = now or timezone.now(), folded(email)
    Merchant.objects.select_for_update(no_key=True).get(pk=merchant.pk)
    person = owner_of_address(email)
    if person and Member.objects.filter(merchant=merchant, user=person).exists():
        raise Conflict(f"{email} is in the team already.", attr="email")
    if invitations_of(merchant).filter(email=email).exists():
        raise Conflict(
            f"{email} is invited already. Write to them again, or take that invitation back first.", attr="email"
        )
    _refuse_many(merchant, email, now)
    secret = secrets.token_urlsafe(32)
    invitation = Invitation.objects.create(
        merchant=merchant,
        email=email,
        role=role,
        digest=digest_of(secret),
        invited_by=by,
        sent_at=now,
        expires_at=now + LASTS,
    )
    _write(invitation, secret, actor)
    record(merchant=merchant, actor=actor, action="member.invited", subject=email, role=role)
    tell_owners(merchant=merchant, what=f"{email} is invited as {invitation.get_role_display().lower()}", actor=actor)
    return invitation


@transaction.atomic
def write_again(*, merchant: Merchant, invitation_id: int, by: User, now: datetime | None = None) -> Invitation:
    """Another letter with a link of its own, and the whole time once more; the former letter's link ends.

    Raises NotFound, or TooManyLetters.
    """
    now = now or timezone.now()
    invitation = _locked(merchant, invitation_id)
    if now - invitation.sent_at < BETWEEN_LETTERS:
        minutes = BETWEEN_LETTERS.total_seconds() // 60
        raise TooManyLetters(f"{invitation.email} was written to less than {minutes:.0f} minutes ago. Wait a little.")
    _refuse_many(merchant, invitation.email, now)
    secret = secrets.token_urlsafe(32)
    invitation.digest, invitation.sent_at, invitation.expires_at = digest_of(secret), now, now + LASTS
    invitation.save(update_fields=["digest", "sent_at", "expires_at"])
    _write(invitation, secret, by.email)
    record(merchant=merchant, actor=by.email, action="member.invited_again", subject=invitation.email)
    return invitation


@transaction.atomic
def withdraw(*, merchant: Merchant, invitation_id: int, by: User) -> Invitation:
    """Takes it back: its link opens nothing from now on. Raises NotFound."""
    invitation = _locked(merchant, invitation_id)
    _withdraw(invitation, actor=by.email)
    return invitation


def find_invitation(secret: str, now: datetime | None = None) -> Invitation:
    """The one whose letter has this secret. Raises NotFound, or InvitationOver with why."""
    invitation = _with(secret).first()
    return _still_open(invitation, now or timezone.now())


def asks_for_password(*, invitation: Invitation, user: User) -> bool:
    """Whether accepting gives the account another address, by which its password could be reset."""
    return not EmailAddress.objects.filter(user=user, email=invitation.email, verified=True).exists()


def why_not(*, invitation: Invitation, user: User) -> str:
    """Why this account cannot accept, and what to do; empty when it can."""
    holder = owner_of_address(invitation.email)
    if holder is not None and holder != user:
        return (
            f"This letter went to {invitation.email}, which belongs to another account than {user.email}. Sign out, "
            f"sign in as {invitation.email}, and open the letter again."
        )
    if Member.objects.filter(merchant=invitation.merchant, user=user).exists():
        return f"You work for {invitation.merchant.name} already, as {user.email}."
    return ""


@transaction.atomic
def accept(*, secret: str, user: User, now: datetime | None = None) -> Member:
    """Makes the account a member; the address that the letter went to counts as theirs from now on.

    Raises NotFound, InvitationOver, WrongAccount.
    """
    invitation = _still_open(_with(secret).select_for_update(of=("self",)).first(), now or timezone.now())
    if reason := why_not(invitation=invitation, user=user):
        raise WrongAccount(reason)
    if asks_for_password(invitation=invitation, user=user):
        EmailAddress.objects.update_or_create(
            user=user, email=invitation.email, defaults={"verified": True, "primary": user.email == invitation.email}
        )
        tell_of_account(
            user=user,
            what=f"has another e-mail address to sign in with: {invitation.email}",
            action="account.email_added",
        )
    return _join(invitation, user)


@transaction.atomic
def sign_up(*, secret: str, password: str, now: datetime | None = None) -> Member:
    """Makes an account for the address that the letter went to, and that a member.

    Raises NotFound, InvitationOver, or WrongAccount when there is an account with it.
    """
    invitation = _still_open(_with(secret).select_for_update(of=("self",)).first(), now or timezone.now())
    if owner_of_address(invitation.email):
        raise WrongAccount(
            f"There is an account with {invitation.email} already. Sign in with it (a forgotten password can be "
            "replaced there), and open the letter again."
        )
    return _join(invitation, User.objects.create_user(invitation.email, password))


def withdraw_those_by(*, merchant: Merchant, user: User) -> None:
    """Whoever leaves the team leaves nobody behind who comes in later."""
    for invitation in invitations_of(merchant).filter(invited_by=user).select_for_update(of=("self",)):
        _withdraw(invitation, actor="system")


def _with(secret: str) -> QuerySet[Invitation]:
    return Invitation.objects.filter(digest=digest_of(secret)).select_related("merchant", "invited_by")


def _still_open(invitation: Invitation | None, now: datetime) -> Invitation:
    if invitation is None:
        raise NotFound("There is no such invitation. If you were written to more than once, open the newest letter.")
    ask = f"Ask {invitation.merchant.name} to invite you again."
    if invitation.accepted_at:
        raise InvitationOver("This invitation was accepted already. Sign in to go to work.")
    if invitation.withdrawn_at:
        raise InvitationOver(f"This invitation was taken back. {ask}")
    if invitation.is_over(now):
        raise InvitationOver(f"This invitation ended on {invitation.expires_at:%d %B %Y}. {ask}")
    return invitation


def _join(invitation: Invitation, user: User) -> Member:
    invitation.accepted_at, invitation.accepted_by = timezone.now(), user
    invitation.save(update_fields=["accepted_at", "accepted_by"])
    merchant, role = invitation.merchant, Role(invitation.role)
    member = Member.objects.create(merchant=merchant, user=user, role=role)
    inviter = invitation.invited_by.email if invitation.invited_by else "system"
    record(
        merchant=merchant, actor=user.email, action="member.joined", subject=user.email, role=role, invited_by=inviter
    )
    tell_owners(merchant=merchant, what=f"{user.email} joined as {role.label.lower()}", actor=user.email)
    return member


def _locked(merchant: Merchant, invitation_id: int) -> Invitation:
    Merchant.objects.select_for_update(no_key=True).get(pk=merchant.pk)
    invitation = invitations_of(merchant).select_for_update(of=("self",)).filter(pk=invitation_id).first()
    if invitation is None:
        raise NotFound("There is no such invitation.")
    return invitation


def _withdraw(invitation: Invitation, *, actor: str) -> None:
    invitation.withdrawn_at = timezone.now()
    invitation.save(update_fields=["withdrawn_at"])
    record(merchant=invitation.merchant, actor=actor, action="member.invitation_withdrawn", subject=invitation.email)


def _refuse_many(merchant: Merchant, email: str, now: datetime) -> None:
    """By the audit log: an invitation knows its last letter only."""
    letters = AuditEntry.objects.filter(merchant=merchant, action__in=_WROTE, created_at__gt=now - timedelta(days=1))
    if letters.filter(subject=email).count() >= INVITATIONS_A_DAY_TO_ONE:
        raise TooManyLetters(f"{email} got {INVITATIONS_A_DAY_TO_ONE} letters within a day. Write to them tomorrow.")
    if letters.count() >= INVITATIONS_A_DAY:
        raise TooManyLetters(f"{INVITATIONS_A_DAY} letters a day are the limit. Invite the others tomorrow.")


def _write(invitation: Invitation, secret: str, actor: str) -> None:
    mail(
        to=[invitation.email],
        template="invited",
        merchant=invitation.merchant,
        role=invitation.get_role_display(),
        actor=actor,
        link=f"{settings.PUBLIC_URL}/invitations/{secret}",
        until=invitation.expires_at,
    )
