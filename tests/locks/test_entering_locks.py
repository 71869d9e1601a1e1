"""Two at once at the door: invitations, second factors, a first business. The second waits and sees the first."""

from typing import Any

import pytest
from allauth.mfa.models import Authenticator
from django.utils import timezone

from common.errors import Conflict, NotFound
from merchants_app.models import Invitation, Member, Merchant, Role, User
from merchants_app.people import invitations
from merchants_app.people.invitations import (
    InvitationOver,
    TooManyLetters,
    accept,
    invite,
    sign_up,
    withdraw,
    write_again,
)
from merchants_app.people.team import remove
from merchants_app.sign_in.second_factor import take_away
from tests.cast import MIAS_WALLET, merchant
from tests.desk import owner_of
from tests.factors import give_factor
from tests.locks.cases_entering import NORA, found, invited
from tests.locks.cases_people import second_owner
from tests.races import behind_a_lock

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture
def mia(transactional_db: None) -> Merchant:
    return merchant("Mia Coffee", MIAS_WALLET)


def nothing() -> None:
    """The lock itself says all."""


def lock_invitation(invitation: Invitation) -> Invitation:
    return Invitation.objects.select_for_update().get(pk=invitation.pk)


def accepted(invitation: Invitation) -> None:
    Invitation.objects.filter(pk=invitation.pk).update(accepted_at=timezone.now())


def test_two_clicks_make_one_business(mia: Merchant) -> None:
    nora = User.objects.create_user(NORA)
    refusal = behind_a_lock(lambda: found(nora), lock=lambda: found(nora), meanwhile=nothing)
    assert isinstance(refusal, Conflict)
    assert Member.objects.filter(user=nora).count() == 1


def test_who_invites_somebody_that_another_owner_is_inviting_is_told(mia: Merchant) -> None:
    asked: dict[str, Any] = {"merchant": mia, "email": NORA, "role": Role.VIEWER, "actor": "mia@example.com"}
    refusal = behind_a_lock(lambda: invite(**asked), lock=lambda: invite(**asked), meanwhile=nothing)
    assert isinstance(refusal, Conflict)
    assert Invitation.objects.filter(merchant=mia).count() == 1


def test_two_who_write_again_at_once_stay_within_the_days_letters(
    mia: Merchant, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(invitations, "INVITATIONS_A_DAY", 1)
    first, second = (invited(mia, f"{name}@elsewhere.example", secret=name) for name in ("ada", "bob"))

    def write(invitation: Invitation) -> Invitation:
        return write_again(merchant=mia, invitation_id=invitation.pk, by=owner_of(mia))

    refusal = behind_a_lock(lambda: write(second), lock=lambda: write(first), meanwhile=nothing)
    assert isinstance(refusal, TooManyLetters)


def test_what_was_accepted_a_moment_before_is_not_taken_back(mia: Merchant) -> None:
    invitation, by = invited(mia), owner_of(mia)
    refusal = behind_a_lock(
        lambda: withdraw(merchant=mia, invitation_id=invitation.pk, by=by),
        lock=lambda: lock_invitation(invitation),
        meanwhile=lambda: accepted(invitation),
    )
    assert isinstance(refusal, NotFound)


def test_who_leaves_takes_back_no_invitation_that_was_accepted_a_moment_before(mia: Merchant) -> None:
    invitation, bea = invited(mia), second_owner(mia)
    Invitation.objects.filter(pk=invitation.pk).update(invited_by=bea.user)
    behind = behind_a_lock(
        lambda: remove(merchant=mia, member_id=bea.pk, actor="mia@example.com"),
        lock=lambda: lock_invitation(invitation),
        meanwhile=lambda: accepted(invitation),
    )
    assert behind is None
    assert Invitation.objects.get(pk=invitation.pk).withdrawn_at is None


def test_an_invitation_is_accepted_once(mia: Merchant) -> None:
    invited(mia)
    nora = User.objects.create_user("nora@another.example")
    refusal = behind_a_lock(
        lambda: accept(secret="in the letter", user=nora),
        lock=lambda: accept(secret="in the letter", user=nora),
        meanwhile=nothing,
    )
    assert isinstance(refusal, InvitationOver)
    assert Member.objects.filter(merchant=mia, user=nora).count() == 1


def test_a_letter_makes_one_account(mia: Merchant) -> None:
    invited(mia)
    refusal = behind_a_lock(
        lambda: sign_up(secret="in the letter", password="a long password"),
        lock=lambda: sign_up(secret="in the letter", password="a long password"),
        meanwhile=nothing,
    )
    assert isinstance(refusal, InvitationOver)


def test_the_last_two_factors_taken_away_at_once_leave_no_recovery_codes(mia: Merchant) -> None:
    person = owner_of(mia)
    app = give_factor(person)
    key = Authenticator.objects.create(user=person, type=Authenticator.Type.WEBAUTHN, data={"name": "Laptop"})
    Authenticator.objects.create(user=person, type=Authenticator.Type.RECOVERY_CODES, data={})
    behind = behind_a_lock(
        lambda: take_away([app], operator="operator op"),
        lock=lambda: take_away([key], operator="operator op"),
        meanwhile=nothing,
    )
    assert behind is None
    assert not Authenticator.objects.filter(user=person).exists()
