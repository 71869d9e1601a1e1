"""Who somebody is: an address counts once its letter was opened, and never before."""

from collections.abc import Callable

import pytest
from allauth.account.models import EmailAddress
from django.core import mail
from django.core.cache import cache
from django.core.management import call_command
from django.test import Client
from pytest_django import Settings

from checkout_project.running.demo import make_demo
from merchants_app.models import AuditEntry, Member, Merchant, User
from tests.cast import PATS_WALLET
from tests.desk import PASSWORD, Desk, owner_of
from tests.factors import sign_in_operator
from tests.letters import last_link_to, letters_to
from tests.strangers.world import own

pytestmark = pytest.mark.usefixtures("letters_leave")
NEW = "new@mia.example"
SIGN_UP = {"password1": "a long password", "password2": "a long password"}


def add(desk: Desk, email: str) -> object:
    return desk.client.post("/accounts/email/", {"action_add": "1", "email": email})


def text_of(answer: object) -> str:
    return " ".join(answer.content.decode().split())  # type: ignore[attr-defined]


def test_another_address_asks_for_the_password(desk: Desk) -> None:
    assert "/accounts/reauthenticate/" in add(desk, NEW)["Location"]  # type: ignore[index]
    assert not EmailAddress.objects.filter(email=NEW).exists()


def test_it_counts_once_its_letter_was_opened(desk: Desk) -> None:
    add(desk.give_password(), NEW)
    desk.user.refresh_from_db()
    assert desk.user.email == "mia@example.com"
    Client().post(last_link_to(NEW))
    desk.user.refresh_from_db()
    assert desk.user.email == NEW
    assert list(EmailAddress.objects.filter(user=desk.user).values_list("email", "verified")) == [(NEW, True)]


def test_the_former_address_the_owners_and_the_log_are_told(desk: Desk, colleague: Callable[..., Desk]) -> None:
    colleague("owner")
    add(desk.give_password(), NEW)
    Client().post(last_link_to(NEW))
    for address in ("mia@example.com", "owner@mia.example"):
        assert f"{NEW} instead of mia@example.com" in letters_to(address)[-1].subject
    assert own(AuditEntry).filter(action="account.email_changed").count() == 1


def test_an_unopened_address_is_made_no_name(desk: Desk) -> None:
    add(desk.give_password(), NEW)
    desk.client.post("/accounts/email/", {"action_primary": "1", "email": NEW})
    desk.user.refresh_from_db()
    assert desk.user.email == "mia@example.com"


@pytest.mark.parametrize("act", ["action_primary", "action_send", "action_remove"])
def test_a_strangers_address_is_no_500(desk: Desk, otto: Merchant, act: str) -> None:
    add(desk.give_password(), "otto@example.com")
    assert desk.client.post("/accounts/email/", {act: "1", "email": "otto@example.com"}).status_code == 302
    desk.user.refresh_from_db()
    assert desk.user.email == "mia@example.com"


def test_an_address_that_became_anothers_meanwhile_is_refused_in_a_sentence(desk: Desk) -> None:
    add(desk.give_password(), NEW)
    link = last_link_to(NEW)
    EmailAddress.objects.create(user=User.objects.create(email=NEW), email=NEW, verified=True)
    assert "for another account" in text_of(Client().get(link))
    assert "belongs to another account" in text_of(desk.client.post(link, follow=True))
    desk.user.refresh_from_db()
    assert desk.user.email == "mia@example.com"


def test_an_account_that_only_bears_the_name_is_no_500_either(desk: Desk) -> None:
    add(desk.give_password(), NEW)
    User.objects.create(email=NEW)  # somebody signed up with it, and has not opened the letter
    assert "belongs to another account" in text_of(desk.client.post(last_link_to(NEW), follow=True))


def test_an_unopened_address_gets_no_password(desk: Desk, client: Client) -> None:
    add(desk.give_password(), NEW)
    client.post("/accounts/password/reset/", {"email": NEW})
    assert [letter.subject for letter in letters_to(NEW) if "password" in letter.subject] == []


def test_an_unopened_address_does_not_sign_in(desk: Desk, client: Client) -> None:
    add(desk.give_password(), NEW)
    answer = client.post("/accounts/login/", {"login": NEW, "password": PASSWORD})
    assert answer["Location"] == "/accounts/confirm-email/"
    assert client.get("/dashboard").status_code == 302


def test_an_unopened_address_is_no_member(desk: Desk, ottos_desk: Desk, otto: Merchant, mia: Merchant) -> None:
    add(desk.give_password(), NEW)
    ottos_desk.give_password().post("team", email=NEW, role="owner")
    assert not Member.objects.filter(merchant=otto, user=desk.user).exists()


def test_a_stolen_cookie_leads_to_no_treasury(desk: Desk, client: Client, mia: Merchant) -> None:
    """Change the address, reset the password, name another wallet: each step asks for what the thief lacks."""
    thief = desk.in_("live")
    add(thief, "thief@evil.example")
    thief.client.post("/accounts/email/", {"action_primary": "1", "email": "thief@evil.example"})
    client.post("/accounts/password/reset/", {"email": "thief@evil.example"})
    assert "/password/reset/" not in "".join(str(each.body) for each in letters_to("thief@evil.example"))
    thief.client.post("/accounts/password/change/", {"oldpassword": "guess", **SIGN_UP})
    thief.client.post("/accounts/password/set/", SIGN_UP)
    thief.post("treasury", kind="address", value=PATS_WALLET)
    assert owner_of(mia).check_password(PASSWORD)
    assert owner_of(mia).email == "mia@example.com"
    assert not mia.treasuries.filter(address=PATS_WALLET).exists()


def test_a_strangers_claim_keeps_nobody_from_signing_up(desk: Desk, client: Client, settings: Settings) -> None:
    settings.OPEN_SIGNUP = True
    add(desk.give_password(), NEW)
    cache.clear()  # some minutes later: one address is not written to twice in three
    client.post("/accounts/signup/", {"email": NEW, **SIGN_UP})
    client.post(last_link_to(NEW))
    assert EmailAddress.objects.get(email=NEW, verified=True).user == User.objects.get(email=NEW)


def test_sign_up_opens_nothing_before_the_letter(client: Client, db: None, settings: Settings) -> None:
    settings.OPEN_SIGNUP = True
    answer = client.post("/accounts/signup/", {"email": NEW, **SIGN_UP})
    assert answer["Location"] == "/accounts/confirm-email/"
    assert client.get("/dashboard")["Location"].startswith("/accounts/login/")
    login = Client().post("/accounts/login/", {"login": NEW, "password": SIGN_UP["password1"]})
    assert login["Location"] == "/accounts/confirm-email/"


def test_sign_up_ends_with_a_business_of_ones_own(client: Client, db: None, settings: Settings) -> None:
    settings.OPEN_SIGNUP = True
    client.post("/accounts/signup/", {"email": NEW, **SIGN_UP})
    client.post(last_link_to(NEW))
    page = client.get("/dashboard", follow=True)
    assert "What is your business called?" in text_of(page)
    assert "This field is required" in text_of(client.post("/dashboard/new", {"name": " "}))
    overview = client.post("/dashboard/new", {"name": "Nora's Books"})["Location"]
    assert client.get(overview).status_code == 200
    member = Member.objects.get(user__email=NEW)
    assert (member.role, member.merchant.name) == ("owner", "Nora's Books")
    assert own(AuditEntry).get(action="business.founded").actor == NEW
    assert "You have a business already" in text_of(client.post("/dashboard/new", {"name": "Another"}))


def test_nobody_founds_a_business_where_sign_up_is_closed(client: Client, db: None) -> None:
    client.force_login(User.objects.create_user(NEW, PASSWORD))
    assert client.get("/dashboard").status_code == 403
    assert "made by the operator" in text_of(client.post("/dashboard/new", {"name": "Mine"}))
    assert not own(Merchant).exists()


def test_nobody_is_offered_an_account_where_sign_up_is_closed(client: Client, db: None) -> None:
    assert "signup" not in text_of(client.get("/accounts/login/"))
    assert "id_password1" not in text_of(client.get("/accounts/signup/"))
    before = User.objects.count()
    client.post("/accounts/signup/", {"email": NEW, **SIGN_UP})
    client.post("/accounts/password/reset/", {"email": NEW})
    assert User.objects.count() == before
    assert mail.outbox == []


def test_where_it_is_open_the_sign_in_page_says_so(client: Client, db: None, settings: Settings) -> None:
    settings.OPEN_SIGNUP = True
    assert "/accounts/signup/" in text_of(client.get("/accounts/login/"))


@pytest.mark.parametrize(("page", "letters"), [("/accounts/password/reset/", 0), ("/accounts/signup/", 1)])
def test_pages_say_the_same_for_known_and_unknown_addresses(
    mia: Merchant, settings: Settings, page: str, letters: int
) -> None:
    settings.OPEN_SIGNUP = True
    said = []
    for email in ("mia@example.com", "nobody@example.com"):
        browser = Client()
        answer = browser.post(page, {"email": email, **SIGN_UP}, follow=True)
        said.append(text_of(answer).replace(email, "…"))
    assert said[0] == said[1]
    assert [len(letters_to(email)) for email in ("mia@example.com", "nobody@example.com")] == [1, letters]


def test_a_former_session_of_an_unproven_address_names_nobody(desk: Desk) -> None:
    EmailAddress.objects.filter(user=desk.user).update(verified=False)
    assert "has not been confirmed" in text_of(desk.get("overview"))
    assert "Open the letter first" in text_of(desk.client.get("/accounts/email/"))
    Client().post(last_link_to("mia@example.com"))
    assert desk.get("overview").status_code == 200


def test_a_forgotten_password_proves_the_name_of_an_account_that_has_proven_none(client: Client, db: None) -> None:
    User.objects.create(email=NEW, password="!")
    client.post("/accounts/password/reset/", {"email": NEW})
    page = client.get(last_link_to(NEW), follow=True)
    client.post(page.redirect_chain[-1][0], SIGN_UP)
    answer = client.post("/accounts/login/", {"login": NEW, "password": SIGN_UP["password1"]})
    assert answer["Location"] == "/dashboard"


def test_operators_and_the_demo_owner_sign_in_without_a_letter(
    client: Client, db: None, monkeypatch: pytest.MonkeyPatch, settings: Settings, tmp_path: object
) -> None:
    settings.DATA_DIR = tmp_path
    monkeypatch.setenv("DJANGO_SUPERUSER_PASSWORD", PASSWORD)
    call_command("createsuperuser", email="Op@Example.com", interactive=False)
    demo = make_demo()
    for email, password in (("op@example.com", PASSWORD), (demo.email, demo.password)):
        assert Client().post("/accounts/login/", {"login": email, "password": password})["Location"] == "/dashboard"


def test_whom_an_operator_enters_in_admin_signs_in(client: Client, db: None) -> None:
    sign_in_operator(client)
    passwords = {"usable_password": "true", "password1": "a long password", "password2": "a long password"}
    form = {"email": "Nora@Mia.example", "address_checked": "on", **passwords}
    assert client.post("/admin/merchants_app/user/add/", form).status_code == 302
    login = {"login": "nora@mia.example", "password": "a long password"}
    assert Client().post("/accounts/login/", login)["Location"] == "/dashboard"
