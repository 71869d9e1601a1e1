"""Two at once on what belongs to a business: the second waits, and then sees what the first has done."""

from datetime import timedelta
from typing import Any

import pytest
from django.core import mail
from django.utils import timezone

from chains_app.sandbox.chain import mine
from common.errors import Conflict
from merchants_app.businesses.money_rules import change_settings
from merchants_app.businesses.suspension import lift_suspension, suspend
from merchants_app.businesses.visits import begin_visit
from merchants_app.keys.api_keys import BeyondRole, create_key
from merchants_app.keys.expiry_mails import tell_of_ends
from merchants_app.models import ApiKey, AuditEntry, Member, Merchant, OperatorVisit, Role, User
from merchants_app.people.people import change_person
from merchants_app.people.team import LastOwner, change_role, remove
from merchants_app.requests.idempotency import Answer, StillRunning, answer_once
from tests.cast import MIAS_WALLET, merchant
from tests.desk import owner_of
from tests.locks.cases_business import an_operator, key_of
from tests.locks.cases_people import second_owner
from tests.races import behind_a_lock, passes_by, race

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture
def mia(transactional_db: None) -> Merchant:
    return merchant("Mia Coffee", MIAS_WALLET)


def nothing() -> None:
    """The lock itself says all."""


def test_the_audit_line_says_what_a_setting_was_when_it_was_changed(mia: Merchant) -> None:
    behind_a_lock(
        lambda: change_settings(merchant=mia, actor="bea", name="Bea Tea"),
        lock=lambda: change_settings(merchant=mia, actor="mia", name="Mia Tea"),
        meanwhile=nothing,
    )
    found = AuditEntry.objects.filter(merchant=mia, action="settings.changed").order_by("id")
    assert [line.detail["name"] for line in found] == ["Mia Coffee → Mia Tea", "Mia Tea → Bea Tea"]


def test_who_is_taken_out_of_the_team_makes_no_key_meanwhile(mia: Merchant) -> None:
    bea = second_owner(mia)
    refusal = behind_a_lock(
        lambda: create_key(merchant=mia, mode="test", name="shop", by=bea.user),
        lock=lambda: list(Member.objects.filter(merchant=mia).select_for_update()),
        meanwhile=lambda: remove(merchant=mia, member_id=bea.pk, actor="mia@example.com"),
    )
    assert isinstance(refusal, BeyondRole)
    assert not ApiKey.objects.filter(merchant=mia).exists()


def test_of_two_owners_who_step_down_at_once_one_stays(mia: Merchant) -> None:
    first, second = Member.objects.get(merchant=mia), second_owner(mia)

    def step_down(member: Member) -> Member:
        return change_role(merchant=mia, member_id=member.pk, role=Role.VIEWER, actor=member.user.email)

    refusal = behind_a_lock(lambda: step_down(second), lock=lambda: step_down(first), meanwhile=nothing)
    assert isinstance(refusal, LastOwner)
    assert list(Member.objects.filter(merchant=mia, role=Role.OWNER)) == [second]


def test_a_key_whose_letter_somebody_else_writes_is_passed_by(mia: Merchant) -> None:
    key = key_of(mia)
    ApiKey.objects.filter(pk=key.pk).update(created_at=timezone.now() - timedelta(days=30))
    mail.outbox.clear()
    passes_by(lambda: tell_of_ends(timezone.now()), lock=lambda: ApiKey.objects.select_for_update().get(pk=key.pk))
    assert mail.outbox == []
    tell_of_ends(timezone.now())
    assert len(mail.outbox) == 1


def test_a_business_is_suspended_once(mia: Merchant) -> None:
    by = an_operator()
    refusal = behind_a_lock(
        lambda: suspend(merchant=mia, by=by, reason="The second reason of two"),
        lock=lambda: suspend(merchant=mia, by=by, reason="The first reason of two"),
        meanwhile=nothing,
    )
    assert type(refusal) is Conflict
    assert Merchant.objects.get(pk=mia.pk).suspension_reason == "The first reason of two"
    again = behind_a_lock(
        lambda: lift_suspension(merchant=mia, by=by),
        lock=lambda: lift_suspension(merchant=mia, by=by),
        meanwhile=nothing,
    )
    assert type(again) is Conflict


def test_two_tabs_that_begin_a_visit_leave_one(mia: Merchant) -> None:
    by, member = an_operator(), Member.objects.get(merchant=mia)
    asked: dict[str, Any] = {"merchant": mia, "member_id": member.pk, "by": by, "reason": "Their mail of this morning"}
    last = behind_a_lock(lambda: begin_visit(**asked), lock=lambda: begin_visit(**asked), meanwhile=nothing)
    assert list(OperatorVisit.objects.filter(operator=by, ended_at=None)) == [last]


def test_what_is_told_of_a_person_is_what_they_were_when_it_was_changed(mia: Merchant) -> None:
    by, person = an_operator(), owner_of(mia)
    found = behind_a_lock(
        lambda: change_person(person=person, by=by, wanted={"first_name": "Mia"}, email_checked=False),
        lock=lambda: User.objects.select_for_update().get(pk=person.pk),
        meanwhile=lambda: User.objects.filter(pk=person.pk).update(first_name="Maria"),
    )
    assert found == {"first_name": "Maria → Mia"}


def asked(key: ApiKey, act: Any, *, in_one: bool) -> Answer:
    return answer_once(
        key=key, idempotency_key="order-1", method="POST", path="/x", body=b"", act=act, in_one=in_one
    )  # fmt: skip


@pytest.mark.parametrize("in_one", [True, False])
def test_a_repeated_request_is_told_to_wait_while_the_first_runs(mia: Merchant, *, in_one: bool) -> None:
    key, seen = key_of(mia), []

    def act() -> Answer:
        seen.extend(race(lambda: asked(key, nothing, in_one=in_one)))
        return Answer(200, b"{}")

    assert not asked(key, act, in_one=in_one).replayed
    assert [type(each) for each in seen] == [StillRunning]


@pytest.mark.parametrize("in_one", [True, False])
def test_a_repeated_request_is_answered_by_another_process_as_soon_as_the_first_is(
    mia: Merchant, *, in_one: bool
) -> None:
    key = key_of(mia)
    asked(key, lambda: Answer(200, b'{"a": 1}'), in_one=in_one)
    assert race(lambda: asked(key, nothing, in_one=in_one)) == [Answer(200, b'{"a": 1}', replayed=True)]


def test_of_many_that_begin_at_once_one_runs(mia: Merchant) -> None:
    key, done = key_of(mia), []

    def act() -> Answer:
        done.append(1)
        return Answer(200, b"{}")

    found = race(*[lambda: asked(key, act, in_one=False)] * 4)
    assert done == [1]
    assert {type(each) for each in found} <= {Answer, StillRunning}


def test_two_processes_that_mine_at_once_make_one_block() -> None:
    start = timezone.now()
    mine(start)
    later, blocks = start + timedelta(seconds=2), []
    answer = behind_a_lock(lambda: mine(later), lock=lambda: blocks.append(mine(later)), meanwhile=nothing)
    assert [answer] == blocks
