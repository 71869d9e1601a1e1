"""What an operator changes about a person: told to the businesses they work for, and to the person."""

from collections.abc import Callable
from typing import Any

import pytest
from allauth.account.models import EmailAddress
from django.contrib.auth.models import Group, Permission
from django.test import Client

from merchants_app.models import Member, Merchant, Role, User
from tests.desk import Desk, owner_of
from tests.operators import Operator, lines, staff

NEW_PASSWORD = "battery staple correct"


@pytest.fixture
def vera(mia: Merchant, otto: Merchant, colleague: Callable[..., Desk]) -> User:
    """Works for two businesses."""
    user = colleague("viewer").user
    Member.objects.create(merchant=otto, user=user, role=Role.SUPPORT)
    return user


def form_of(person: User, **changes: Any) -> dict[str, Any]:
    """The form of a person as their page sends it back; None takes a tick away."""
    form: dict[str, Any] = {"email": person.email, "first_name": "", "last_name": "", "is_active": "on"} | changes
    return {name: value for name, value in form.items() if value is not None}


def change(by: Operator, person: User, **changes: Any) -> Any:
    """The page of a person, sent back."""
    return by.post(f"merchants_app/user/{person.pk}/change/", **form_of(person, **changes))


@pytest.mark.parametrize(
    ("changes", "expected"),
    [
        ({"is_active": None}, {"is_active": "True → False"}),
        ({"is_staff": "on"}, {"is_staff": "False → True"}),
        ({"first_name": "Vera"}, {"first_name": " → Vera"}),
        (
            {"email": "Vera@new.example"},
            {"email": "viewer@mia.example → vera@new.example", "address_checked": "no"},
        ),
    ],
)
def test_each_business_and_the_person_are_told(
    operator: Operator,
    mia: Merchant,
    otto: Merchant,
    vera: User,
    mailoutbox: list[Any],
    changes: dict[str, Any],
    expected: dict[str, str],
    django_capture_on_commit_callbacks: Any,
) -> None:
    with django_capture_on_commit_callbacks(execute=True):
        assert change(operator, vera, **changes).status_code == 302
    assert lines(mia) == lines(otto) == [("person.changed", expected)]
    assert "viewer@mia.example" in {address for letter in mailoutbox for address in letter.to}  # the former one too
    body = mailoutbox[0].body
    assert "operator op@example.com changed your account" in body
    assert all(f"{name.replace('_', ' ')}: {value}" in body for name, value in expected.items())


def test_a_group_is_given_and_told(operator: Operator, mia: Merchant, vera: User) -> None:
    look = Group.objects.get(name="Look")
    assert change(operator, vera, is_staff="on", groups=[look.pk]).status_code == 302
    assert vera.groups.get() == look
    assert lines(mia) == [("person.changed", {"is_staff": "False → True", "groups": "none → Look"})]


def test_nothing_different_writes_nothing(operator: Operator, mia: Merchant, vera: User) -> None:
    assert change(operator, vera).status_code == 302
    assert lines(mia) == []


@pytest.mark.parametrize(("tick", "proven"), [({}, False), ({"address_checked": "on"}, True)])
def test_a_new_address_counts_when_the_operator_checked_it_and_the_former_one_no_more(
    operator: Operator, vera: User, tick: dict[str, str], proven: bool
) -> None:
    change(operator, vera, email="vera@new.example", **tick)
    kept = EmailAddress.objects.get(user=vera)
    assert (kept.email, kept.primary, kept.verified) == ("vera@new.example", True, proven)


def test_an_address_that_somebody_has_is_refused_in_the_form(operator: Operator, otto: Merchant, vera: User) -> None:
    answer = change(operator, vera, email=owner_of(otto).email.upper())
    assert answer.status_code == 200
    assert "Somebody else has this address already." in answer.content.decode()
    vera.refresh_from_db()
    assert vera.email == "viewer@mia.example"


def test_an_address_that_somebody_has_proven_is_refused_in_the_form(
    operator: Operator, otto: Merchant, vera: User
) -> None:
    """It is no account's own address, but somebody may sign in with it."""
    proven = EmailAddress.objects.create(user=owner_of(otto), email="sales@otto.example", verified=True)
    answer = change(operator, vera, email=proven.email)
    assert "Somebody else has proven that this address is theirs." in answer.content.decode()
    vera.refresh_from_db()
    assert vera.email == "viewer@mia.example"
    EmailAddress.objects.filter(pk=proven.pk).update(verified=False)  # said, and not proven
    assert change(operator, vera, email=proven.email).status_code == 302


def test_a_new_password_is_told_and_works(
    operator: Operator,
    mia: Merchant,
    vera: User,
    mailoutbox: list[Any],
    django_capture_on_commit_callbacks: Any,
) -> None:
    form = {"password1": NEW_PASSWORD, "password2": NEW_PASSWORD, "usable_password": "true", "set-password": "1"}
    with django_capture_on_commit_callbacks(execute=True):
        assert operator.post(f"merchants_app/user/{vera.pk}/password/", **form).status_code == 302
    vera.refresh_from_db()
    assert vera.check_password(NEW_PASSWORD)
    assert lines(mia) == [("person.password_set", {"password": "set by the operator"})]
    assert [letter.to for letter in mailoutbox] == [["viewer@mia.example"], ["mia@example.com"], ["otto@example.com"]]


def test_a_password_that_was_refused_is_not_told(operator: Operator, mia: Merchant, vera: User) -> None:
    form = {"password1": "a", "password2": "b", "usable_password": "true", "set-password": "1"}
    assert operator.post(f"merchants_app/user/{vera.pk}/password/", **form).status_code == 200
    assert lines(mia) == []


def test_whoever_is_made_inactive_is_out_at_once(operator: Operator, vera: User) -> None:
    desk = Desk(vera)
    assert desk.get("overview").status_code == 200
    change(operator, vera, is_active=None)
    assert desk.get("overview").status_code == 302


def test_an_operator_does_not_lock_themselves_out(operator: Operator) -> None:
    form = {"is_staff": "on", "is_superuser": None}
    answer = change(operator, operator.user, **form)
    assert answer.status_code == 200
    assert "You would lock yourself out" in answer.content.decode()
    operator.user.refresh_from_db()
    assert operator.user.is_superuser


def test_who_may_change_people_makes_no_operators_and_reaches_none(operator: Operator, vera: User) -> None:
    group = Group.objects.create(name="People")
    group.permissions.set(permission_of("change_user", "view_user"))
    clerk = staff("People")
    assert change(clerk, vera, first_name="Vera", is_superuser="on", is_staff="on").status_code == 302
    vera.refresh_from_db()
    assert (vera.first_name, vera.is_staff, vera.is_superuser) == ("Vera", False, False)
    assert change(clerk, operator.user, email="mine@example.com").status_code == 403
    assert clerk.post(f"merchants_app/user/{operator.user.pk}/password/", password1="x").status_code == 403
    assert change(clerk, clerk.user, is_superuser="on").status_code == 403


def permission_of(*codenames: str) -> Any:
    """Django's rights by name."""
    return Permission.objects.filter(codename__in=codenames)


def test_nobody_is_deleted(operator: Operator, vera: User) -> None:
    assert operator.post(f"merchants_app/user/{vera.pk}/delete/", post="yes").status_code == 403
    assert User.objects.filter(pk=vera.pk).exists()


def test_a_new_person_is_written_to_and_can_sign_in(
    operator: Operator, client: Client, mailoutbox: list[Any], django_capture_on_commit_callbacks: Any
) -> None:
    form = {
        "email": "Rosa@example.com",
        "address_checked": "on",
        "usable_password": "true",
        "password1": NEW_PASSWORD,
        "password2": NEW_PASSWORD,
    }
    with django_capture_on_commit_callbacks(execute=True):
        assert operator.post("merchants_app/user/add/", **form).status_code == 302
    assert [letter.to for letter in mailoutbox] == [["rosa@example.com"]]
    assert EmailAddress.objects.get(email="rosa@example.com").verified
    assert client.login(email="rosa@example.com", password=NEW_PASSWORD)


def test_a_person_that_is_there_already_is_refused_in_the_form(operator: Operator, vera: User) -> None:
    form = {
        "email": "VIEWER@mia.example",
        "usable_password": "true",
        "password1": NEW_PASSWORD,
        "password2": NEW_PASSWORD,
    }
    answer = operator.post("merchants_app/user/add/", **form)
    assert "Somebody else has this address already." in answer.content.decode()
