"""The team: other roles, people taken out, and the owner who must always be left."""

from collections.abc import Callable
from functools import partial

import pytest
from django.test import Client

from merchants_app.keys.api_keys import create_key
from merchants_app.keys.holders import KeysGo
from merchants_app.models import AuditEntry, Member, Merchant, Role, User
from merchants_app.people import team
from merchants_app.people.team import LastOwner, NoOwnerAnyMore
from tests.desk import PASSWORD, Desk, owner_of
from tests.letters import letters_to
from tests.races import race
from tests.strangers.world import own


def test_a_role_is_changed_and_a_member_removed(desk: Desk, colleague: Callable[..., Desk], mia: Merchant) -> None:
    colleague("viewer")
    member = own(Member).get(role="viewer")
    desk.give_password().post(f"team/{member.pk}/role", role="support")
    member.refresh_from_db()
    assert member.role == Role.SUPPORT
    desk.post(f"team/{member.pk}/remove")
    assert not Member.objects.filter(pk=member.pk).exists()
    assert list(own(AuditEntry).order_by("id").values_list("action", flat=True)) == [
        "member.role_changed",
        "member.removed",
    ]


@pytest.mark.usefixtures("letters_leave")
def test_all_owners_and_the_person_are_written_to(desk: Desk, colleague: Callable[..., Desk]) -> None:
    colleague("owner")
    member = Member.objects.get(user__email="owner@mia.example")
    desk.give_password().post(f"team/{member.pk}/role", role="viewer")
    desk.post(f"team/{member.pk}/remove")
    for address in ("mia@example.com", "owner@mia.example"):
        assert [letter.subject for letter in letters_to(address)] == [
            "Mia Coffee: owner@mia.example is now viewer (was owner)",
            "Mia Coffee: owner@mia.example is no longer in the team",
        ]
    assert "By: mia@example.com" in str(letters_to("mia@example.com")[0].body)


@pytest.mark.parametrize("act", ["role", "remove"])
def test_the_last_owner_stays(desk: Desk, mia: Merchant, act: str) -> None:
    member = Member.objects.get(merchant=mia)
    desk.give_password()
    answer = desk.client.post(f"/dashboard/{desk.at}/team/{member.pk}/{act}", {"role": "viewer"}, follow=True)
    assert "Somebody must own the business" in answer.content.decode()
    member.refresh_from_db()
    assert member.role == Role.OWNER


def test_an_owner_who_cannot_sign_in_is_no_owner_left(
    desk: Desk, mia: Merchant, colleague: Callable[..., Desk]
) -> None:
    User.objects.filter(pk=colleague("owner").user.pk).update(is_active=False)
    with pytest.raises(LastOwner):
        team.remove(merchant=mia, member_id=Member.objects.get(user=desk.user).pk, actor="m", by=desk.user)


def test_an_owner_who_leaves_hands_keys_to_one_who_can_sign_in(
    desk: Desk, mia: Merchant, colleague: Callable[..., Desk]
) -> None:
    User.objects.filter(pk=colleague("owner").user.pk).update(is_active=False)
    heir = Member.objects.get(user=colleague("viewer").user)
    Member.objects.filter(pk=heir.pk).update(role=Role.OWNER)
    key, _ = create_key(merchant=mia, mode="test", name="shop", by=desk.user)
    member = Member.objects.get(merchant=mia, user=desk.user)
    team.remove(merchant=mia, member_id=member.pk, actor="m", by=desk.user, keys=KeysGo.HAND_OVER)
    key.refresh_from_db()
    assert key.holder == heir.user


@pytest.mark.parametrize("act", ["role", "remove"])
def test_a_strangers_team_is_not_found(ottos_desk: Desk, mia: Merchant, act: str) -> None:
    member = Member.objects.get(merchant=mia)
    assert ottos_desk.give_password().post(f"team/{member.pk}/{act}", role="viewer").status_code == 404


def test_one_who_was_taken_out_a_moment_ago_takes_nobody_out(
    desk: Desk, mia: Merchant, colleague: Callable[..., Desk]
) -> None:
    colleague("support")
    other = colleague("owner").user
    Member.objects.filter(user=other).update(role="viewer")
    with pytest.raises(NoOwnerAnyMore):
        team.remove(merchant=mia, member_id=own(Member).get(role="support").pk, actor="x", by=other)


@pytest.mark.django_db(transaction=True)
def test_two_owners_who_remove_each_other_leave_one(mia: Merchant) -> None:
    first = owner_of(mia)
    second = User.objects.create_user("second@mia.example", PASSWORD)
    Member.objects.create(merchant=mia, user=second, role=Role.OWNER)
    for _ in range(5):
        Member.objects.filter(merchant=mia).delete()
        members = [Member.objects.create(merchant=mia, user=each, role=Role.OWNER) for each in (first, second)]
        one, two = members
        said = race(
            partial(team.remove, merchant=mia, member_id=two.pk, actor="first", by=first),
            partial(team.remove, merchant=mia, member_id=one.pk, actor="second", by=second),
        )
        assert Member.objects.filter(merchant=mia, role=Role.OWNER).count() == 1
        (refused,) = [each for each in said if each is not None]
        assert isinstance(refused, NoOwnerAnyMore)


def test_a_removed_member_sees_nothing_from_then_on(desk: Desk, colleague: Callable[..., Desk], mia: Merchant) -> None:
    viewer = colleague("viewer")
    assert viewer.get("sessions").status_code == 200
    desk.give_password().post(f"team/{Member.objects.get(user=viewer.user).pk}/remove")
    assert viewer.get("sessions").status_code == 403
    assert Client().get(f"/dashboard/{desk.at}/sessions").status_code == 302
