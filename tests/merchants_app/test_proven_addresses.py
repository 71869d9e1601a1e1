"""Accounts from before addresses had to be proven: which of theirs count, by the migration itself."""

from importlib import import_module
from pathlib import Path

import pytest
from allauth.account.models import EmailAddress
from django.apps import apps

from merchants_app import migrations
from merchants_app.models import User

pytestmark = pytest.mark.django_db
USABLE = "pbkdf2_sha256$1$salt$hash"


def migrate() -> None:
    (file,) = (Path(migrations.__file__).parent).glob("*_proven_addresses.py")
    import_module(f"merchants_app.migrations.{file.stem}").prove_addresses(apps, None)


def account(email: str, *, password: str = USABLE, is_superuser: bool = False) -> User:
    return User.objects.create(email=email, password=password, is_superuser=is_superuser)


def address(user: User, email: str, *, primary: bool = False, verified: bool = False) -> EmailAddress:
    return EmailAddress.objects.create(user=user, email=email, primary=primary, verified=verified)


def proven_by(user: User) -> list[str]:
    return list(EmailAddress.objects.filter(user=user, verified=True).values_list("email", flat=True))


def test_an_operators_account_counts_in_small_letters() -> None:
    user = account("Op@Example.com", is_superuser=True)
    migrate()
    user.refresh_from_db()
    assert user.email == "op@example.com"
    assert EmailAddress.objects.get(user=user, primary=True, verified=True).email == "op@example.com"


def test_an_account_without_a_row_was_made_by_an_operator() -> None:
    user = account("mia@example.com")
    migrate()
    assert proven_by(user) == ["mia@example.com"]


@pytest.mark.parametrize(("password", "proven"), [(USABLE, ["nora@example.com"]), ("!unusable", [])])
def test_one_who_was_invited_counts_once_they_chose_a_password_by_the_letter(password: str, proven: list[str]) -> None:
    user = account("nora@example.com", password=password)
    address(user, "nora@example.com")  # made with the former invitation's link
    migrate()
    assert proven_by(user) == proven


def test_a_public_sign_up_has_proven_nothing() -> None:
    user = account("stranger@example.com")
    address(user, "stranger@example.com", primary=True)
    migrate()
    assert proven_by(user) == []


def test_a_claimed_address_is_nobodys_name_any_more() -> None:
    thief = account("boss@example.com")
    address(thief, "boss@example.com", primary=True)
    address(thief, "thief@example.com", verified=True)
    migrate()
    thief.refresh_from_db()
    assert thief.email == "thief@example.com"
    assert proven_by(thief) == ["thief@example.com"]


def test_an_address_that_somebody_else_has_proven_is_theirs() -> None:
    other, user = account("other@example.com"), account("mia@example.com")
    address(other, "mia@example.com", verified=True)
    migrate()
    assert proven_by(user) == []


def test_a_second_run_changes_nothing() -> None:
    user = account("mia@example.com")
    migrate()
    migrate()
    assert proven_by(user) == ["mia@example.com"]
