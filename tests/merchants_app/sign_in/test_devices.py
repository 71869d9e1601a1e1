"""The list of devices that somebody is signed in with, and what signs the others out."""

from datetime import timedelta

import pytest
from allauth.account.models import EmailAddress
from allauth.usersessions.models import UserSession
from django.test import Client
from django.utils import timezone

from merchants_app.models import Merchant, User
from merchants_app.sign_in.devices import browser_name
from tests.desk import PASSWORD, owner_of
from tests.factors import give_factor, sign_in_operator

LAPTOP = "Mozilla/5.0 (X11; Linux x86_64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/149.0.0.0 Safari/537.36"
PHONE = (
    "Mozilla/5.0 (iPhone; CPU iPhone OS 19_1 like Mac OS X) AppleWebKit/605.1.15 (KHTML, like Gecko) "
    "Version/19.1 Mobile/15E148 Safari/604.1"
)


@pytest.fixture
def person(mia: Merchant) -> User:
    """Mia, with a proven address."""
    user = owner_of(mia)
    EmailAddress.objects.update_or_create(user=user, email=user.email, defaults={"verified": True, "primary": True})
    return user


def browser(user: User, agent: str, address: str = "203.0.113.7") -> Client:
    """A browser that is signed in."""
    client = Client(headers={"user-agent": agent}, REMOTE_ADDR=address)
    answer = client.post("/accounts/login/", {"login": user.email, "password": PASSWORD})
    assert answer.headers["Location"] == "/dashboard"
    return client


def is_in(client: Client) -> bool:
    """Whether the dashboard opens."""
    return not client.get("/dashboard").headers["Location"].startswith("/accounts/login/")


def test_the_list_names_browser_address_and_this_one(person: User) -> None:
    browser(person, PHONE, "198.51.100.23")
    page = browser(person, LAPTOP).get("/accounts/sessions/").content.decode()
    for words in ("Chrome on Linux", "Safari on iPhone", "203.0.113.7", "198.51.100.23", "last seen"):
        assert words in page
    assert page.count("This one") == 1


def test_signing_out_elsewhere_leaves_this_one(person: User) -> None:
    phone, laptop = browser(person, PHONE), browser(person, LAPTOP)
    assert is_in(phone)
    assert laptop.post("/accounts/sessions/").status_code == 302
    assert not is_in(phone)
    assert is_in(laptop)
    assert "Nowhere else." in laptop.get("/accounts/sessions/").content.decode()


def test_nobody_elses_devices_are_shown_or_ended(person: User, otto: Merchant) -> None:
    other, own = browser(owner_of(otto), PHONE), browser(person, LAPTOP)
    assert "Safari on iPhone" not in own.get("/accounts/sessions/").content.decode()
    own.post("/accounts/sessions/")
    assert is_in(other)


def test_changing_the_password_signs_out_elsewhere(person: User) -> None:
    phone, laptop = browser(person, PHONE), browser(person, LAPTOP)
    form = {"oldpassword": PASSWORD, "password1": "another horse battery", "password2": "another horse battery"}
    assert laptop.post("/accounts/password/change/", form).status_code == 302
    assert not is_in(phone)
    assert is_in(laptop)


def test_removing_a_factor_signs_out_elsewhere(person: User) -> None:
    phone, laptop = browser(person, PHONE), browser(person, LAPTOP)
    give_factor(person)
    laptop.post("/accounts/reauthenticate/", {"password": PASSWORD})
    laptop.post("/accounts/2fa/totp/deactivate/")
    assert not is_in(phone)
    assert is_in(laptop)


def test_a_device_that_moves_is_shown_where_it_is_and_one_at_rest_writes_once_a_minute(person: User) -> None:
    client = browser(person, LAPTOP)
    at_first = UserSession.objects.get(user=person)
    client.get("/dashboard")
    assert UserSession.objects.get(user=person).last_seen_at == at_first.last_seen_at
    UserSession.objects.filter(user=person).update(last_seen_at=timezone.now() - timedelta(seconds=61))
    client.get("/dashboard")
    assert UserSession.objects.get(user=person).last_seen_at > at_first.last_seen_at
    client.get("/dashboard", REMOTE_ADDR="192.0.2.1")
    assert UserSession.objects.get(user=person).ip == "192.0.2.1"


def test_visitors_are_not_noted(client: Client, db: None) -> None:
    before = UserSession.objects.count()
    client.get("/accounts/login/")
    assert UserSession.objects.count() == before


def test_an_operator_signs_a_device_out_and_reads_no_key_of_it(client: Client, person: User) -> None:
    phone = browser(person, PHONE)
    device = UserSession.objects.get(user=person)
    sign_in_operator(client)
    page = f"/admin/usersessions/usersession/{device.pk}"
    assert device.session_key not in client.get(f"{page}/change/").content.decode()
    assert client.get("/admin/usersessions/usersession/", {"q": person.email}).status_code == 200
    assert client.post(f"{page}/delete/", {"post": "yes"}).status_code == 302
    assert not is_in(phone)


@pytest.mark.parametrize(
    ("agent", "name"),
    [
        (LAPTOP, "Chrome on Linux"),
        (PHONE, "Safari on iPhone"),
        (f"{LAPTOP} Edg/149.0.0.0".replace("X11; Linux x86_64", "Windows NT 10.0; Win64; x64"), "Edge on Windows"),
        ("Mozilla/5.0 (Android 16; Mobile; rv:140.0) Gecko/140.0 Firefox/140.0", "Firefox on Android"),
        ("curl/8.5.0", "curl"),
        ("", "Unknown browser"),
    ],
)
def test_browsers_by_name(agent: str, name: str) -> None:
    assert browser_name(agent) == name
