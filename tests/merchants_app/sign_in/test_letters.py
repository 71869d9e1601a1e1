"""Letters about sign-in, money and secrets: who gets them, in whose words; none follows a stranger's Host."""

from collections.abc import Callable
from contextlib import suppress
from pathlib import Path
from threading import Event

import pytest
from django.core import mail
from django.core.mail import EmailMessage
from django.core.management import call_command
from django.core.management.base import SystemCheckError
from django.db import transaction
from django.test import Client
from pytest_django import Settings

from checkout_project.running.installation import installation
from common.mail_backends import mail_backend
from merchants_app.keys.api_keys import create_key
from merchants_app.mail import mails
from merchants_app.models import Merchant
from tests.cast import PATS_WALLET
from tests.desk import PASSWORD, Committing, Desk, owner_of
from tests.letters import last_link_to, letters_to, link_in
from webhooks_app.endpoints.endpoints import change_endpoint, create_endpoint, rotate_secret

pytestmark = pytest.mark.usefixtures("letters_leave")
SMTP = "django.core.mail.backends.smtp.EmailBackend"
CONSOLE = "django.core.mail.backends.console.EmailBackend"
MIA = "mia@example.com"
ASIDE = mails.aside  # which `letters_leave` replaces


def subjects_to(address: str) -> list[str]:
    return [letter.subject for letter in letters_to(address)]


def test_a_live_key_is_told_to_all_owners(
    desk: Desk, mia: Merchant, colleague: Callable[..., Desk], letters_leave: Committing
) -> None:
    colleague("owner")
    colleague("viewer")
    with letters_leave():
        create_key(merchant=mia, mode="test", name="play")
        _, secret = create_key(merchant=mia, mode="live", name="Web shop", by=desk.user)
    (letter,) = letters_to(MIA)
    assert subjects_to("owner@mia.example") == [letter.subject]
    assert letters_to("viewer@mia.example") == []
    assert "“Web shop”" in letter.subject
    assert f"By: {MIA}" in str(letter.body)
    assert secret not in str(letter.body)


def test_what_did_not_happen_in_the_end_is_told_to_nobody(mia: Merchant, letters_leave: Committing) -> None:
    with letters_leave(), suppress(BrokenPipeError), transaction.atomic():
        create_key(merchant=mia, mode="live", name="Web shop")
        raise BrokenPipeError
    assert not mia.api_keys.exists()
    assert mail.outbox == []


def test_a_live_endpoint_is_told_when_it_is_made_moved_or_has_a_new_secret(
    mia: Merchant, letters_leave: Committing
) -> None:
    with letters_leave():
        create_endpoint(merchant=mia, mode="test", url="https://mia.example/play", actor="m")
        endpoint, secret = create_endpoint(merchant=mia, mode="live", url="https://mia.example/a", actor="m")
        change_endpoint(endpoint=endpoint, actor="m", events=["checkout.completed"])
        change_endpoint(endpoint=endpoint, actor="thief@example.com", url="https://evil.example/b")
        newer = rotate_secret(endpoint=endpoint, actor="m")
    assert subjects_to(MIA) == [
        "Mia Coffee: a webhook endpoint was made, which hears of every payment: https://mia.example/a",
        "Mia Coffee: a webhook endpoint's messages go to https://evil.example/b instead of https://mia.example/a",
        "Mia Coffee: a webhook endpoint has a new secret: https://evil.example/b",
    ]
    assert "By: thief@example.com" in str(letters_to(MIA)[1].body)
    assert not any(each in str(letter.body) for letter in mail.outbox for each in (secret, newer))


def test_a_treasury_is_told_when_it_changes_and_when_that_is_taken_back(desk: Desk) -> None:
    live = desk.in_("live").give_password()
    live.post("treasury", kind="address", value=PATS_WALLET)
    live.post("treasury/keep")
    changed, kept = letters_to(MIA)
    assert PATS_WALLET in str(changed.body)
    assert f"to {PATS_WALLET} was taken back" in kept.subject


def test_a_changed_password_is_told_to_its_owner_and_to_the_owners(colleague: Callable[..., Desk]) -> None:
    support = colleague("support")
    form = {"oldpassword": PASSWORD, "password1": "another long one", "password2": "another long one"}
    support.client.post("/accounts/password/change/", form)
    assert subjects_to("support@mia.example") == ["Your Tallystick account has another password"]
    assert subjects_to(MIA) == ["Mia Coffee: support@mia.example has another password"]


def test_a_forgotten_password_is_replaced_by_a_letter_and_told(client: Client, mia: Merchant) -> None:
    client.post("/accounts/password/reset/", {"email": MIA})
    page = client.get(last_link_to(MIA), follow=True)
    client.post(page.redirect_chain[-1][0], {"password1": "another long one", "password2": "another long one"})
    assert owner_of(mia).check_password("another long one")
    assert "replaced by a letter" in subjects_to(MIA)[-1]


@pytest.mark.parametrize(("email", "letters"), [(MIA, 2), ("nobody@example.com", 1)])
def test_no_letter_or_page_follows_the_host_of_the_request(
    client: Client, mia: Merchant, settings: Settings, email: str, letters: int
) -> None:
    settings.ALLOWED_HOSTS = ["*"]
    settings.OPEN_SIGNUP = True
    client.post("/accounts/password/reset/", {"email": email}, headers={"Host": "evil.example"})
    new = {"email": email, "password1": "a long password", "password2": "a long password"}
    client.post("/accounts/signup/", new, headers={"Host": "evil.example"})
    assert len(mail.outbox) == letters
    for letter in mail.outbox:
        whole = f"{letter.subject} {letter.body}"
        assert "evil.example" not in whole
        assert "http://127.0.0.1:8000/accounts/" in whole
        assert "Hello from" not in whole
        assert "[" not in letter.subject


def test_a_letter_names_nobody_else_as_reader(
    mia: Merchant, colleague: Callable[..., Desk], letters_leave: Committing
) -> None:
    colleague("owner")
    with letters_leave():
        create_key(merchant=mia, mode="live", name="x")
    assert [letter.to for letter in mail.outbox] == [[MIA], ["owner@mia.example"]]


def test_how_long_a_letter_takes_is_seen_by_nobody(
    client: Client, mia: Merchant, monkeypatch: pytest.MonkeyPatch
) -> None:
    answered, sent = Event(), Event()

    def slow(letter: EmailMessage) -> mails.Posted:
        if answered.wait(20) and letter.to == [MIA]:
            sent.set()
        return mails.Posted.SENT

    monkeypatch.setattr("merchants_app.mail.mails.deliver", slow)
    monkeypatch.setattr("merchants_app.mail.mails.aside", ASIDE)
    assert client.post("/accounts/password/reset/", {"email": MIA}).status_code == 302
    assert not sent.is_set()
    answered.set()
    assert sent.wait(20)


def test_one_mailbox_gets_so_many_letters_of_a_kind_a_day(client: Client, mia: Merchant, settings: Settings) -> None:
    settings.OPEN_SIGNUP = True
    limits = {name: set(rates.split(",")) for name, rates in settings.ACCOUNT_RATE_LIMITS.items()}
    assert {"20/d/key", "100/d/ip"} <= limits["reset_password"]
    assert {"1/180s/key", "100/d/key", "100/d/ip"} <= limits["confirm_email"]
    settings.ACCOUNT_RATE_LIMITS = {"confirm_email": "2/d/key", "reset_password": "2/d/key"}
    new = {"email": MIA, "password1": "a long password", "password2": "a long password"}
    answers = [client.post("/accounts/signup/", new).status_code for _ in range(4)]
    assert answers == [302] * 4
    assert len(letters_to(MIA)) == 2
    assert [client.post("/accounts/password/reset/", {"email": MIA}).status_code for _ in range(3)] == [302, 302, 429]
    assert len(letters_to(MIA)) == 4


def test_an_address_that_fits_no_letter_is_refused_in_a_sentence(client: Client, db: None, settings: Settings) -> None:
    settings.OPEN_SIGNUP = True
    for page in ("password/reset", "signup"):
        form = {"email": "ä" * 200 + "@example.com", "password1": "a long password", "password2": "a long password"}
        answer = client.post(f"/accounts/{page}/", form)
        assert answer.status_code == 200
        assert "Enter a valid email address." in answer.content.decode()


def test_a_mail_server_that_is_away_stops_nobody(client: Client, mia: Merchant, settings: Settings) -> None:
    settings.EMAIL_BACKEND, settings.EMAIL_HOST, settings.EMAIL_PORT = SMTP, "127.0.0.1", 9
    assert client.post("/accounts/password/reset/", {"email": MIA}).status_code == 302


@pytest.mark.parametrize(
    ("host", "debug", "backend"),
    [
        ("mail.example", False, SMTP),
        ("mail.example", True, SMTP),
        ("", True, CONSOLE),
        ("", False, "django.core.mail.backends.dummy.EmailBackend"),
    ],
)
def test_letters_leave_by_the_server_that_is_named(host: str, debug: bool, backend: str) -> None:
    assert mail_backend(host=host, debug=debug) == backend


@pytest.mark.parametrize(("host", "backend"), [("", CONSOLE), ("mail.example", "")])
def test_make_run_shows_letters_unless_a_server_is_named(
    host: str, backend: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("EMAIL_HOST", host)
    assert installation(port=8000, data_dir=tmp_path).env.get("EMAIL_BACKEND", "") == backend


@pytest.mark.parametrize("kind", ["console", "dummy", "filebased"])
def test_a_deployment_without_a_mail_server_is_told_so(settings: Settings, kind: str) -> None:
    settings.EMAIL_BACKEND = f"django.core.mail.backends.{kind}.EmailBackend"
    with pytest.raises(SystemCheckError, match="Letters go nowhere"):
        call_command("check", deploy=True, tags=["security"])
    call_command("check", tags=["security"])
    settings.EMAIL_BACKEND = SMTP
    call_command("check", deploy=True, tags=["security"])


def test_links_are_alone_in_their_line(client: Client, mia: Merchant) -> None:
    client.post("/accounts/password/reset/", {"email": MIA})
    assert link_in(letters_to(MIA)[0]).startswith("/accounts/password/reset/key/")
