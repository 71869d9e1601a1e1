"""Rules of how people come in that are one: accounts, invitations, second factors, businesses of their own."""

from datetime import timedelta

from allauth.mfa.models import Authenticator
from django.test import override_settings

from merchants_app.businesses.founding import found_business
from merchants_app.keys.api_keys import digest_of
from merchants_app.mail.notices import tell_of_account
from merchants_app.models import AuditEntry, Invitation, Merchant, Role, User
from merchants_app.people.invitations import accept, invite, sign_up, withdraw, write_again
from merchants_app.sign_in.second_factor import demand, take_away
from tests.desk import owner_of
from tests.factors import give_factor
from tests.locks.breaking import Act, holds

NORA = "nora@elsewhere.example"


def invited(mia: Merchant, email: str = NORA, *, secret: str = "in the letter") -> Invitation:
    """Somebody who was written to two days ago."""
    invitation = invite(merchant=mia, email=email, role=Role.SUPPORT, actor="mia@example.com", by=owner_of(mia))
    invitation.digest = digest_of(secret)
    invitation.sent_at -= timedelta(days=2)
    invitation.save()
    AuditEntry.objects.filter(merchant=mia, subject=email).update(created_at=invitation.sent_at)
    return invitation


@holds("merchants_app.models.account.UserManager.create_user")
def a_new_account(mia: Merchant) -> Act:
    return lambda: User.objects.create_user(NORA)


@holds("merchants_app.businesses.founding.found_business")
def a_business_of_ones_own(mia: Merchant) -> Act:
    nora = User.objects.create_user(NORA)
    return lambda: found(nora)


def found(user: User) -> Merchant:
    """Where anybody may."""
    with override_settings(OPEN_SIGNUP=True):
        return found_business(name="Nora's", user=user)


@holds("merchants_app.people.invitations.invite")
def an_invitation(mia: Merchant) -> Act:
    return lambda: invite(merchant=mia, email=NORA, role=Role.VIEWER, actor="mia@example.com")


@holds("merchants_app.people.invitations.write_again")
def another_letter(mia: Merchant) -> Act:
    invitation = invited(mia)
    return lambda: write_again(merchant=mia, invitation_id=invitation.pk, by=owner_of(mia))


@holds("merchants_app.people.invitations.withdraw")
def an_invitation_that_is_taken_back(mia: Merchant) -> Act:
    invitation = invited(mia)
    return lambda: withdraw(merchant=mia, invitation_id=invitation.pk, by=owner_of(mia))


@holds("merchants_app.people.invitations.accept")
def an_invitation_that_is_accepted(mia: Merchant) -> Act:
    invited(mia)
    other = User.objects.create_user("nora@another.example")
    return lambda: accept(secret="in the letter", user=other)


@holds("merchants_app.people.invitations.sign_up")
def an_account_made_in_the_letter(mia: Merchant) -> Act:
    invited(mia)
    return lambda: sign_up(secret="in the letter", password="a long password")


@holds("merchants_app.mail.notices.tell_of_account")
def what_owners_are_told_of_an_account(mia: Merchant) -> Act:
    return lambda: tell_of_account(user=owner_of(mia), what="has another password", action="account.password_changed")


@holds("merchants_app.sign_in.second_factor.demand")
def a_second_factor_that_is_demanded(mia: Merchant) -> Act:
    give_factor(owner_of(mia))
    return lambda: demand(merchant=mia, by=owner_of(mia), demanded=True)


@holds("merchants_app.sign_in.second_factor.take_away")
def a_second_factor_that_is_taken_away(mia: Merchant) -> Act:
    factor = give_factor(owner_of(mia))
    return lambda: take_away([Authenticator.objects.get(pk=factor.pk)], operator="operator op@example.com")
