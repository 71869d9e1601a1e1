"""The second factor: who has one, who may demand one, who may take one away. Recovery codes are none."""

from collections.abc import Iterable

from allauth.mfa.models import Authenticator
from django.contrib.auth.base_user import AbstractBaseUser
from django.contrib.auth.models import AnonymousUser
from django.db import transaction

from common.email_addresses import folded
from common.errors import Conflict, NotFound
from merchants_app.audit import record
from merchants_app.mail.mails import mail
from merchants_app.mail.notices import tell_owners
from merchants_app.models import Merchant, User
from merchants_app.sign_in.devices import sign_out

# What proves on its own that somebody has more than a password. Recovery codes only stand in for one of these.
_FACTORS = (Authenticator.Type.TOTP, Authenticator.Type.WEBAUTHN)


class NoFactorYourself(Conflict):
    """Who demands a second factor of others must have one."""

    code = "no_second_factor"


def has_second_factor(user: AbstractBaseUser | AnonymousUser) -> bool:
    """Whether the person signs in with more than a password."""
    return bool(Authenticator.objects.filter(user_id=user.pk, type__in=_FACTORS).exists())


def without_second_factor(merchant: Merchant) -> list[str]:
    """Addresses of the members who have none, in the order in which they came."""
    having = Authenticator.objects.filter(type__in=_FACTORS).values("user_id")
    lacking = merchant.members.exclude(user_id__in=having).order_by("id")
    return list(lacking.values_list("user__email", flat=True))


@transaction.atomic
def demand(*, merchant: Merchant, by: User, demanded: bool) -> bool:
    """Demands a second factor of every member, or no longer; answers whether that was a change.

    Raises `NoFactorYourself`: they would lock themselves out.
    """
    if demanded and not has_second_factor(by):
        raise NoFactorYourself("Set up a second factor for yourself first, under “Sign-in and security”.")
    changed = Merchant.objects.filter(pk=merchant.pk, demands_second_factor=not demanded)
    if not changed.update(demands_second_factor=demanded):
        return False
    action = "second_factor.demanded" if demanded else "second_factor.no_longer_demanded"
    record(merchant=merchant, actor=by.email, action=action, subject=merchant.name)
    return True


def factors_of(email: str) -> list[Authenticator]:
    """What a person has, for somebody at the server's command line. Raises NotFound."""
    user = User.objects.filter(email=folded(email)).first()
    if user is None:
        raise NotFound(f"Nobody here has the address {email}.")
    return list(Authenticator.objects.filter(user_id=user.pk, type__in=_FACTORS).order_by("id"))


@transaction.atomic
def take_away(factors: Iterable[Authenticator], *, operator: str) -> None:
    """Removes factors of people who lost them: writes to each, notes it in their businesses, signs them out everywhere.

    `operator` is who does it, as audit logs name operators. Recovery codes go with the last factor that they stood in
    for.
    """
    for factor in factors:
        # The person, locked: two operators who remove the last two factors at once must not leave the codes behind.
        user = User.objects.select_for_update().get(pk=factor.user_id)
        kind = kind_of(factor)
        factor.delete()
        if not has_second_factor(user):
            Authenticator.objects.filter(user_id=user.pk).delete()
        for merchant in Merchant.objects.filter(members__user=user).order_by("id"):
            record(merchant=merchant, actor=operator, action="account.factor_removed", subject=user.email, kind=kind)
            what = f"a second factor of {user.email} was removed: {kind}"
            tell_owners(merchant=merchant, what=what, actor=operator, but=[user.email])
        mail(to=[user.email], template="factor_taken_away", kind=kind, operator=operator)
        sign_out(user)


def kind_of(factor: Authenticator) -> str:
    """In words: `authenticator app`, `passkey “Laptop”`."""
    if factor.type == Authenticator.Type.WEBAUTHN:
        return f"passkey “{factor}”"
    return "authenticator app" if factor.type == Authenticator.Type.TOTP else "recovery codes"
