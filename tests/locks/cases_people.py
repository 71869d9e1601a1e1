"""Rules about people that are one: the team, accounts, operators' visits, and how a business comes to be."""

from typing import Any

from merchants_app.businesses.opening import open_business
from merchants_app.businesses.visits import begin_visit, end_visit
from merchants_app.models import Member, Merchant, Role, User
from merchants_app.people.people import add_person, change_person
from merchants_app.people.team import change_role, remove
from tests.desk import owner_of
from tests.locks.breaking import Act, holds
from tests.locks.cases_business import an_operator
from tests.operators import Operator


def second_owner(mia: Merchant) -> Member:
    """Bea owns the business, too."""
    return Member.objects.create(merchant=mia, user=User.objects.create_user("bea@example.com"), role=Role.OWNER)


@holds("merchants_app.people.team.change_role")
def another_role(mia: Merchant) -> Act:
    bea = second_owner(mia)
    return lambda: change_role(merchant=mia, member_id=bea.pk, role=Role.VIEWER, actor="mia@example.com")


@holds("merchants_app.people.team.remove")
def a_member_who_leaves(mia: Merchant) -> Act:
    bea = second_owner(mia)
    return lambda: remove(merchant=mia, member_id=bea.pk, actor="mia@example.com")


@holds("merchants_app.businesses.opening.open_business")
def a_new_business(mia: Merchant) -> Act:
    return lambda: open_business(merchant=Merchant(name="New"), owner="new@example.com", actor="operator op")


@holds("merchants_app.people.people.add_person")
def a_new_person(mia: Merchant) -> Act:
    by = an_operator()
    return lambda: add_person(person=User(email="new@example.com"), by=by, email_checked=True)


@holds("merchants_app.people.people.change_person")
def a_changed_person(mia: Merchant) -> Act:
    by, person = an_operator(), owner_of(mia)
    wanted: dict[str, Any] = {"email": "mia@new.example", "first_name": "Mia"}
    return lambda: change_person(person=person, by=by, wanted=wanted, groups=[], email_checked=True)


@holds("merchants_app.admin.people.PersonAdmin.user_change_password", covers=3)
def a_password_set_by_an_operator(mia: Merchant) -> Act:
    operator, person = Operator(an_operator()), owner_of(mia)
    operator.get("")  # this browser is known from here on
    words = {"password1": "battery staple correct", "password2": "battery staple correct", "usable_password": "true"}
    return lambda: operator.post(f"merchants_app/user/{person.pk}/password/", **words)


@holds("merchants_app.businesses.visits.begin_visit")
def a_visit_after_another(mia: Merchant) -> Act:
    by, member = an_operator(), Member.objects.get(merchant=mia)
    asked: dict[str, Any] = {"merchant": mia, "member_id": member.pk, "by": by, "reason": "Their mail of this morning"}
    begin_visit(**asked)
    return lambda: begin_visit(**asked)


@holds("merchants_app.businesses.visits.end_visit")
def the_end_of_a_visit(mia: Merchant) -> Act:
    member = Member.objects.get(merchant=mia)
    visit = begin_visit(merchant=mia, member_id=member.pk, by=an_operator(), reason="Their mail of this morning")
    return lambda: end_visit(visit)
