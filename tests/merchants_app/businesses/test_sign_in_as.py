"""An operator looks at a business in a member's place: told, limited, and changing nothing."""

from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
import time_machine
from django.contrib.auth.models import Group, Permission
from django.urls import get_resolver, reverse
from django.utils import timezone

from merchants_app.businesses.suspension import suspend
from merchants_app.businesses.visits import begin_visit
from merchants_app.models import ApiKey, AuditEntry, Member, Merchant, OperatorVisit, Role, User
from merchants_app.people.operators import NotForOperators
from merchants_app.tasks import end_overdue_visits
from sessions_app.models import CheckoutSession
from tests.cast import refreshed
from tests.desk import Desk, owner_of
from tests.operators import Operator, lines, staff
from tests.sandbox import Sandbox
from tests.strangers.world import own

WHY = "Their question of this morning, mail 4711"
NOTHING = "nothing can be changed from here"


def look(operator: Operator, merchant: Merchant, **form: Any) -> Any:
    """The operator begins to look, as the owner if nothing else is said."""
    member = merchant.members.order_by("id")[0]
    return operator.do(merchant, "look", **{"member": member.pk, "reason": WHY} | form)


def page(operator: Operator, merchant: Merchant, name: str = "overview", mode: str = "test") -> Any:
    """A dashboard page, as the operator gets it."""
    return operator.client.get(f"/dashboard/{merchant.public_id}/{mode}/{name}")


def test_it_begins_with_a_line_and_a_letter_and_leads_to_the_dashboard(
    operator: Operator, mia: Merchant, mailoutbox: list[Any], django_capture_on_commit_callbacks: Any
) -> None:
    with django_capture_on_commit_callbacks(execute=True):
        answer = look(operator, mia)
    assert answer["Location"] == f"/dashboard/{mia.public_id}/live/overview"
    ((action, detail),) = lines(mia)
    assert (action, detail["reason"]) == ("operator.looks_in", WHY)
    assert AuditEntry.objects.get(merchant=mia).subject == "mia@example.com"
    (letter,) = mailoutbox
    assert letter.to == [owner_of(mia).email]
    assert "op@example.com, an operator" in letter.body
    assert WHY in letter.body


@pytest.mark.parametrize("name", ["overview", "sessions", "keys", "treasury", "team", "settings", "audit", "webhooks"])
def test_every_page_says_who_looks_as_whom(operator: Operator, mia: Merchant, name: str) -> None:
    look(operator, mia)
    text = " ".join(page(operator, mia, name).content.decode().split())
    assert "You look at Mia Coffee in the place of mia@example.com, as operator op@example.com." in text
    assert 'action="/dashboard/leave"' in text
    assert f'action="{reverse("dashboard-switch")}"' not in text


def test_without_a_look_the_operator_is_a_stranger(operator: Operator, mia: Merchant, otto: Merchant) -> None:
    assert page(operator, mia).status_code == 403
    look(operator, mia)
    assert page(operator, mia).status_code == 200
    assert page(operator, otto).status_code == 403


def test_leaving_ends_it_with_a_line(operator: Operator, mia: Merchant) -> None:
    look(operator, mia)
    answer = operator.client.post("/dashboard/leave")
    assert answer["Location"] == f"/admin/merchants_app/merchant/{mia.pk}/change/"
    assert page(operator, mia).status_code == 403
    assert [action for action, _ in lines(mia)] == ["operator.looks_in", "operator.left"]
    assert own(OperatorVisit).get().ended_at is not None


def test_after_half_an_hour_it_is_over_whoever_forgot_to_leave(operator: Operator, mia: Merchant) -> None:
    start = timezone.now()
    with time_machine.travel(start, tick=False) as clock:
        look(operator, mia)
        clock.shift(timedelta(minutes=29, seconds=59))
        assert page(operator, mia).status_code == 200
        clock.shift(timedelta(seconds=2))
        answer = page(operator, mia)
    assert answer.status_code == 403
    assert "is over" in answer.content.decode()
    visit = own(OperatorVisit).get()
    assert visit.ended_at == visit.until == start + timedelta(minutes=30)
    assert [action for action, _ in lines(mia)] == ["operator.looks_in", "operator.left"]


def test_the_log_says_that_it_ended_though_the_operator_went_home(operator: Operator, mia: Merchant) -> None:
    look(operator, mia)
    end_overdue_visits()
    assert len(lines(mia)) == 1  # it still goes on
    with time_machine.travel(timezone.now() + timedelta(hours=2)):
        end_overdue_visits()
        end_overdue_visits()
    assert [action for action, _ in lines(mia)] == ["operator.looks_in", "operator.left"]


def test_every_form_of_the_dashboard_is_refused_with_a_sentence(
    operator: Operator, mia: Merchant, session: CheckoutSession
) -> None:
    look(operator, mia)
    formless = set()
    for path in dashboard_paths(mia, session):
        answer = operator.client.post(path, {"name": "x", "role": "owner", "act": "withdraw"})
        if answer.status_code == 405:
            formless.add(path.partition("/test/")[2].replace(session.public_id, "1"))
        else:
            assert (answer.status_code, NOTHING in answer.content.decode()) == (403, True), path
    assert formless == {
        "audit", "books/lines", "collect", "customers", "customers/1", "decisions", "decisions/decided", "events",
        "events/1", "overview", "payments", "refunds", "requests", "sessions", "sessions/1",
    }  # fmt: skip
    assert refreshed(session).status == "open"
    assert not own(ApiKey).exists()
    assert {action for action, _ in lines(mia)} == {"operator.looks_in"}


def dashboard_paths(merchant: Merchant, session: CheckoutSession) -> list[str]:
    """Every address of the dashboard that the URL table has, with something in each place."""
    values = {"at": f"{merchant.public_id}/test", "session_id": session.public_id}
    found = []
    for name, (variants, *_rest) in get_resolver().namespace_dict["dashboard"][1].reverse_dict.items():
        if isinstance(name, str):
            pattern, names = variants[0]
            found.append("/dashboard/" + f"{values['at']}/" + pattern % {n: values.get(n, "1") for n in names})
    return found


def test_a_live_treasury_is_not_theirs_to_set_either(operator: Operator, mia: Merchant) -> None:
    look(operator, mia)
    path = f"/dashboard/{mia.public_id}/live/treasury"
    answer = operator.client.post(path, {"kind": "address", "value": "0x" + "1" * 40})
    assert (answer.status_code, NOTHING in answer.content.decode()) == (403, True)
    assert mia.treasuries.filter(mode="live").count() == 1


def test_account_pages_stay_the_operators_own(operator: Operator, mia: Merchant) -> None:
    look(operator, mia)
    text = operator.client.get("/accounts/email/").content.decode()
    assert "mia@example.com" not in text
    assert "Current Password" in operator.client.get("/accounts/password/change/").content.decode()
    assert int(operator.client.session["_auth_user_id"]) == operator.user.pk


def test_no_operator_is_looked_as(operator: Operator, mia: Merchant) -> None:
    colleague = User.objects.create_superuser("boss@example.com", "correct horse battery")
    boss = Member.objects.create(merchant=mia, user=colleague, role=Role.OWNER)
    answer = look(operator, mia, member=boss.pk)
    assert answer.status_code == 200
    assert "Select a valid choice" in answer.content.decode()
    with pytest.raises(NotForOperators, match="is an operator: choose a member who is none"):
        begin_visit(merchant=mia, member_id=boss.pk, by=operator.user, reason=WHY)
    assert not own(OperatorVisit).exists()


@pytest.mark.parametrize("form", [{"reason": ""}, {"reason": "  "}, {"member": "999999"}, {"member": "x"}])
def test_a_wrong_form_begins_nothing(operator: Operator, mia: Merchant, form: dict[str, str]) -> None:
    assert look(operator, mia, **form).status_code == 200
    assert not own(OperatorVisit).exists()
    assert page(operator, mia).status_code == 403


def test_a_member_of_anothers_business_is_no_choice(operator: Operator, mia: Merchant, otto: Merchant) -> None:
    stranger = Member.objects.get(merchant=otto)
    assert look(operator, mia, member=stranger.pk).status_code == 200
    assert not own(OperatorVisit).exists()


def test_who_works_there_just_opens_it(operator: Operator, mia: Merchant) -> None:
    Member.objects.create(merchant=mia, user=operator.user, role=Role.OWNER)
    answer = look(operator, mia)
    assert "You work for Mia Coffee yourself" in answer.content.decode()


def test_one_business_at_a_time(operator: Operator, mia: Merchant, otto: Merchant) -> None:
    look(operator, mia)
    look(operator, otto)
    assert page(operator, mia).status_code == 403
    assert page(operator, otto).status_code == 200
    assert [action for action, _ in lines(mia)] == ["operator.looks_in", "operator.left"]


def test_it_ends_with_the_right_to_it(mia: Merchant) -> None:
    Group.objects.create(name="Lookers").permissions.set(
        Permission.objects.filter(codename__in=["sign_in_as", "view_merchant"])
    )
    helper = staff("Lookers")
    look(helper, mia)
    assert page(helper, mia).status_code == 200
    helper.user.groups.set(Group.objects.filter(name="Look"))
    assert page(helper, mia).status_code == 403


def test_support_may_not(mia: Merchant) -> None:
    assert look(staff("Support"), mia).status_code == 403
    assert not own(OperatorVisit).exists()


def test_a_suspended_business_can_be_looked_at(operator: Operator, mia: Merchant) -> None:
    suspend(merchant=mia, by=operator.user, reason="Complaints")
    look(operator, mia)
    assert page(operator, mia, "sessions").status_code == 200


def test_a_stranger_who_knows_the_address_begins_nothing(mia: Merchant, desk: Desk) -> None:
    path = f"/admin/merchants_app/merchant/{mia.pk}/do/look/"
    answer = desk.client.post(path, {"member": own(Member).get().pk, "reason": WHY})
    assert answer.status_code == 302
    assert not own(OperatorVisit).exists()


def test_a_session_cookie_with_anothers_visit_opens_nothing(
    operator: Operator, mia: Merchant, colleague: Callable[..., Desk]
) -> None:
    look(operator, mia)
    other = Operator(User.objects.create_superuser("second@example.com", "correct horse battery"))
    browser = other.client.session
    browser["operator_visit"] = own(OperatorVisit).get().pk
    browser.save()
    assert page(other, mia).status_code == 403


def test_neither_a_look_nor_a_viewer_is_shown_by_which_address_the_buyer_acts(
    operator: Operator, mia: Merchant, desk: Desk, colleague: Callable[..., Desk], sandbox: Sandbox,
    new_session: Callable[..., CheckoutSession],
) -> None:  # fmt: skip
    """Of the pages that the strangers' matrix has in no such state; there all others are looked through."""
    short = sandbox.play(new_session(), "short", asset="USDC")
    waiting, viewer = new_session(), colleague("viewer")
    look(operator, mia)
    for name, secret in (("overview", waiting.page_token), (f"sessions/{short.public_id}/refund", short.page_token)):
        assert secret in desk.read(name)
        assert secret not in viewer.read(name)
        assert secret not in page(operator, mia, name).content.decode()
