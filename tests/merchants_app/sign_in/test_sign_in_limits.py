"""Wrong passwords: they slow the guesser, wherever the owner signs in; behind a proxy too."""

from collections.abc import Iterator
from typing import Any

import pytest
from django.core import mail
from django.core.cache import cache
from django.test import Client

from common.network.client_address import trusted_proxies
from merchants_app.models import User

pytestmark = pytest.mark.django_db
EMAIL, PASSWORD = "mia@example.com", "a long enough secret"
GUESSER, OWNER = "203.0.113.66", "198.51.100.7"


@pytest.fixture(autouse=True)
def nothing_counted() -> Iterator[None]:
    cache.clear()
    yield
    cache.clear()


@pytest.fixture
def mia() -> User:
    return User.objects.create_user(EMAIL, PASSWORD)


def signs_in(password: str, *, address: str, email: str = EMAIL, **headers: str) -> bool:
    """Whether it worked."""
    form = {"login": email, "password": password}
    return Client().post("/accounts/login/", form, REMOTE_ADDR=address, headers=headers).status_code == 302


def guesses(number: int, *, address: str, **headers: str) -> None:
    for guess in range(number):
        assert not signs_in(f"wrong password {guess}", address=address, **headers)


def test_guesses_from_elsewhere_do_not_keep_the_owner_out(mia: User) -> None:
    guesses(9, address=GUESSER)
    assert not signs_in(PASSWORD, address=GUESSER)  # even what is right now comes too late from there
    assert signs_in(PASSWORD, address=OWNER)


def test_a_guesser_is_stopped_at_one_account_after_five(mia: User) -> None:
    User.objects.create_user("otto@example.com", PASSWORD)
    guesses(5, address=GUESSER)
    assert not signs_in(PASSWORD, address=GUESSER)
    assert signs_in(PASSWORD, address=GUESSER, email="otto@example.com")


def test_another_address_of_the_same_ipv6_network_is_the_same_guesser(mia: User) -> None:
    for last in range(5):
        guesses(1, address=f"2001:db8:1:2::{last:x}")
    assert not signs_in(PASSWORD, address="2001:db8:1:2:ffff::1")
    assert signs_in(PASSWORD, address="2001:db8:1:3::1")


@pytest.mark.parametrize("proxies", ["1", "10.0.0.0/8"])
def test_behind_a_proxy_a_strangers_guesses_lock_nobody_else_out(mia: User, settings: Any, proxies: str) -> None:
    settings.TRUSTED_PROXIES = trusted_proxies([proxies])
    guesses(12, address="10.0.0.1", **{"X-Forwarded-For": f"{OWNER}, {GUESSER}"})
    assert not signs_in(PASSWORD, address="10.0.0.1", **{"X-Forwarded-For": GUESSER})
    assert signs_in(PASSWORD, address="10.0.0.1", **{"X-Forwarded-For": OWNER})


def test_without_a_proxy_a_guesser_is_not_whoever_it_says(mia: User) -> None:
    for last in range(5):
        guesses(1, address=GUESSER, **{"X-Forwarded-For": f"198.51.100.{last}"})
    assert not signs_in(PASSWORD, address=GUESSER, **{"X-Forwarded-For": OWNER})


@pytest.mark.usefixtures("letters_leave")
def test_whoever_made_a_new_password_signs_in_with_it_at_once(mia: User) -> None:
    guesses(5, address=OWNER)
    browser = Client(REMOTE_ADDR=OWNER)
    browser.post("/accounts/password/reset/", {"email": EMAIL})
    path = next(word for word in str(mail.outbox[-1].body).split() if "/password/reset/key/" in word)
    form = browser.get(path[path.index("/accounts") :], follow=True)
    new = "another long secret"
    browser.post(form.request["PATH_INFO"], {"password1": new, "password2": new})
    assert not signs_in(PASSWORD, address=OWNER)
    assert signs_in(new, address=OWNER)
