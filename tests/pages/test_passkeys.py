"""Passkeys in Chromium, under our content security policy: made, used alone, used after the password, removed."""

from typing import Any

import pytest
from allauth.account.models import EmailAddress
from allauth.mfa.models import Authenticator
from django.core.cache import cache
from django.test import Client
from playwright.sync_api import CDPSession, Page, expect
from pytest_django import Settings
from pytest_django.live_server_helper import LiveServer

from merchants_app.models import Merchant, User
from tests.desk import PASSWORD, owner_of
from tests.pages.test_dashboard_accessible import faults_of


@pytest.fixture(autouse=True)
def _no_attempts_before() -> None:
    """Ten sign-ins by passkey a minute from one address; one test's are not another's."""
    cache.clear()


@pytest.fixture
def person(mia: Merchant) -> User:
    """Mia, with a proven address."""
    user = owner_of(mia)
    EmailAddress.objects.update_or_create(user=user, email=user.email, defaults={"verified": True, "primary": True})
    return user


@pytest.fixture
def home(live_server: LiveServer, settings: Settings) -> str:
    """Where the server is reached, as its settings say: passkeys belong to that host."""
    settings.PUBLIC_URL = live_server.url
    return str(live_server.url)


def plug_in(page: Page, **options: Any) -> tuple[CDPSession, str]:
    """A device of the browser's that holds passkeys and knows its owner's finger."""
    session = page.context.new_cdp_session(page)
    session.send("WebAuthn.enable")
    kind = {
        "protocol": "ctap2", "transport": "internal", "hasResidentKey": True, "hasUserVerification": True,
        "isUserVerified": True, "automaticPresenceSimulation": True,
    }  # fmt: skip
    return session, session.send("WebAuthn.addVirtualAuthenticator", {"options": kind | options})["authenticatorId"]


def sign_in_by_password(page: Page, home: str, user: User) -> None:
    page.goto(f"{home}/accounts/login/")
    page.get_by_label("Email").fill(user.email)
    page.get_by_label("Password").fill(PASSWORD)
    page.get_by_role("button", name="Sign in", exact=True).click()


def add(page: Page, home: str, name: str, *, alone: bool = True) -> None:
    """From the page “Sign-in and security” to the new passkey, with the password again where it is asked for."""
    page.goto(f"{home}/accounts/2fa/")
    page.get_by_role("link", name="Add a passkey").click()
    password, named = page.get_by_label("Password", exact=True), page.get_by_label("Name")
    expect(password.or_(named)).to_be_visible()  # one of the two pages has come
    if password.is_visible():
        password.fill(PASSWORD)
        page.keyboard.press("Enter")
    named.fill(name)
    page.get_by_label("Sign in with it alone, without the password").set_checked(alone)
    page.get_by_role("button", name="Add it").click()
    expect(page.get_by_role("heading", name="Recovery codes")).to_be_visible()


def sign_out(page: Page, home: str) -> None:
    page.goto(f"{home}/accounts/logout/")
    page.get_by_role("button", name="Sign out").click()


def test_a_passkey_is_made_and_signs_in_alone(page: Page, home: str, person: User) -> None:
    plug_in(page)
    sign_in_by_password(page, home, person)
    add(page, home, "Laptop")
    sign_out(page, home)
    page.goto(f"{home}/accounts/login/?next=/accounts/2fa/")
    page.get_by_role("button", name="Sign in with a passkey").click()
    expect(page).to_have_url(f"{home}/accounts/2fa/")
    expect(page.get_by_role("link", name="Remove Laptop")).to_be_visible()
    expect(page.get_by_text("Without password")).to_be_visible()


def test_it_is_the_second_factor_after_the_password_and_asked_for_before_a_change(
    page: Page, home: str, person: User
) -> None:
    plug_in(page)
    sign_in_by_password(page, home, person)
    add(page, home, "Key on my ring", alone=False)
    sign_out(page, home)
    sign_in_by_password(page, home, person)
    expect(page.get_by_role("heading", name="Second factor")).to_be_visible()
    page.get_by_role("button", name="Use a passkey").click()
    expect(page).to_have_url(f"{home}/dashboard/{person.memberships.get().merchant.public_id}/test/overview")
    page.goto(f"{home}/accounts/2fa/webauthn/reauthenticate/?next=/accounts/2fa/webauthn/")
    page.get_by_role("button", name="Use a passkey").click()
    expect(page).to_have_url(f"{home}/accounts/2fa/webauthn/")
    page.get_by_role("link", name="Remove Key on my ring").click()
    page.get_by_role("button", name="Remove it").click()
    expect(page.get_by_text("You have none.")).to_be_visible()
    assert not Authenticator.objects.filter(user=person).exists()


def test_another_devices_passkey_does_not_sign_in_and_the_page_says_so(page: Page, home: str, person: User) -> None:
    session, device = plug_in(page)
    sign_in_by_password(page, home, person)
    add(page, home, "Laptop")
    sign_out(page, home)
    session.send("WebAuthn.removeVirtualAuthenticator", {"authenticatorId": device})
    plug_in(page)
    page.goto(f"{home}/accounts/login/")
    page.get_by_role("button", name="Sign in with a passkey").click()
    expect(page.get_by_role("alert")).to_contain_text("this device has no passkey of yours")


def test_a_forged_host_makes_no_passkey_of_its_own(page: Page, home: str, settings: Settings, person: User) -> None:
    settings.PUBLIC_URL = "https://pay.shop.example"
    settings.ALLOWED_HOSTS = ["*"]
    answer = Client().get(
        "/accounts/2fa/webauthn/login/", headers={"accept": "application/json", "host": "evil.example"}
    )
    assert answer.json()["request_options"]["publicKey"]["rpId"] == "pay.shop.example"
    plug_in(page)
    page.goto(f"{home}/accounts/login/")
    page.get_by_role("button", name="Sign in with a passkey").click()
    expect(page.get_by_role("alert")).to_have_text("Passkeys belong to https://pay.shop.example: open the page there.")


@pytest.mark.parametrize(
    ("public_url", "offered"),
    [
        ("https://pay.shop.example", True),
        ("http://localhost:8000", True),
        ("http://127.0.0.1:8000", False),
        ("https://203.0.113.7", False),
        ("http://pay.shop.example", False),
    ],
)
def test_they_are_offered_where_browsers_make_them(
    db: None, settings: Settings, public_url: str, offered: bool
) -> None:
    settings.PUBLIC_URL = public_url
    page = Client().get("/accounts/login/").content.decode()
    assert ("Sign in with a passkey" in page) is offered


NONSENSE = [
    "", "{", "1", '"x"', "[]", "{}", "null", '{"response": null}', '{"id": "a", "rawId": "a", "response": {}}',
    '{"rawId": "AA", "response": {"clientDataJSON": "e30", "attestationObject": "AA"}}',
    '{"rawId": "AA", "response": {"clientDataJSON": "", "authenticatorData": "AA", "signature": "", "userHandle": 5}}',
    '{"rawId": "AA", "response": {"userHandle": "/w"}}', '{"response": {"userHandle": "MTAwMDAwMDAwMDAwMDAwMDAwMDAw"}}',
]  # fmt: skip


@pytest.mark.parametrize("sent", NONSENSE)
def test_nonsense_is_no_passkey_and_no_crash(person: User, sent: str) -> None:
    client = Client()
    answer = client.post("/accounts/2fa/webauthn/login/", {"credential": sent})
    assert (answer.status_code, answer.headers["Location"]) == (302, "/accounts/login/")
    client.post("/accounts/login/", {"login": person.email, "password": PASSWORD})
    client.post("/accounts/reauthenticate/", {"password": PASSWORD})
    for path, told in (("add", (200, None)), ("reauthenticate", (302, "/accounts/reauthenticate/"))):
        client.get(f"/accounts/2fa/webauthn/{path}/")
        answer = client.post(f"/accounts/2fa/webauthn/{path}/", {"credential": sent})
        assert (answer.status_code, answer.headers.get("Location")) == told
    assert not Authenticator.objects.filter(user=person).exists()


def test_too_many_attempts_are_told_in_our_words(db: None) -> None:
    answers = [Client().post("/accounts/2fa/webauthn/login/", {"credential": "{}"}) for _ in range(11)]
    assert [each.status_code for each in answers] == [302] * 10 + [429]
    assert "Wait a few minutes, then try again." in " ".join(answers[-1].content.decode().split())


def test_axe_finds_nothing_on_the_pages_of_sign_in(page: Page, home: str, person: User) -> None:
    plug_in(page)
    page.goto(f"{home}/accounts/login/")
    assert faults_of(page) == []
    sign_in_by_password(page, home, person)
    add(page, home, "Laptop with a rather long name for a phone's screen")
    assert faults_of(page) == []
    key = Authenticator.objects.get(user=person, type="webauthn").pk
    for path in (
        "2fa/", "2fa/webauthn/", "2fa/webauthn/add/", f"2fa/webauthn/keys/{key}/edit/",
        f"2fa/webauthn/keys/{key}/remove/", "2fa/totp/activate/", "2fa/recovery-codes/", "2fa/recovery-codes/generate/",
        "2fa/reauthenticate/", "2fa/webauthn/reauthenticate/", "sessions/",
    ):  # fmt: skip
        page.goto(f"{home}/accounts/{path}")
        assert (path, faults_of(page)) == (path, [])
    sign_out(page, home)
    sign_in_by_password(page, home, person)
    assert faults_of(page) == []


def test_the_keyboard_alone_makes_one(page: Page, home: str, person: User) -> None:
    plug_in(page)
    sign_in_by_password(page, home, person)
    page.goto(f"{home}/accounts/2fa/webauthn/add/")
    page.get_by_label("Password").fill(PASSWORD)
    page.keyboard.press("Enter")
    expect(page.get_by_label("Name")).to_have_value("Chrome on Linux")
    page.get_by_label("Name").focus()
    page.keyboard.press("Enter")
    expect(page.get_by_role("heading", name="Recovery codes")).to_be_visible()
    with page.expect_download() as download:
        page.get_by_role("link", name="Download").click()
    assert download.value.suggested_filename == "tallystick-recovery-codes.txt"
    shown = page.locator("#codes").inner_text().split()
    assert download.value.path().read_text().split() == shown
    assert len(shown) == 10
